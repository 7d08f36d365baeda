// What a service tells about itself: liveness, readiness, lag, and the waiting for servers that are not there yet.
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { lagMetrics, lagOf, roughLag } from '#core/lag.ts';
import type { Batch, Log } from '#core/log/port.ts';
import { createLoopWatch } from '#core/loop-watch.ts';
import { observeBatches } from '#core/observed-log.ts';
import { openProbe, type Probe } from '#core/probe.ts';
import { createTelemetry, metricsText } from '#core/telemetry.ts';
import { createLogWatch } from '../../services/cli/run/log-watch.ts';
import { createReachWatch } from '../../services/cli/run/reach-watch.ts';
import { createSeats } from '../../services/cli/run/seats.ts';
import { createStageService } from '../../services/cli/run/stage-service.ts';
import { untilReached } from '../../services/cli/run/until-reached.ts';
import { emit, type Stage } from '#core/stage.ts';
import { ticketsReported } from '../../services/topology.ts';
import { createMemoryReader } from '../support/memory-reader.ts';

const logger = pino({ level: 'silent' });
const group = 'signpost.normalize';
const reads = [{ group, topics: ['in'] }];
/** A look that takes longer is told of. */
const answerWithinMs = 5_000;
const away = () => new SignpostError('log-unavailable', 'No broker answers');

describe('lag', () => {
  test('is told in records and by the age of the oldest record unread', async () => {
    const log = createMemoryReader(['in']);
    for (const timestamp of [1000, 2000, 3000]) log.put({ topic: 'in', timestamp });
    log.commit('normalize', 'in', 1);
    expect(await lagOf(log, reads)).toEqual([
      { group, topic: 'in', partition: 0, records: 2, nextOffset: 1, oldestMs: 2000 },
      { group, topic: 'in', partition: 1, records: 0, nextOffset: 0, oldestMs: null },
    ]);
    expect(await roughLag(log, reads)).toBe(2);
    const text = await metricsText([await lagMetrics(log, reads, 12_000)]);
    expect(text).toContain(
      `signpost_consumer_lag_records{group="${group}",topic="in",partition="0"} 2`,
    );
    expect(text).toContain(
      `signpost_consumer_lag_seconds{group="${group}",topic="in",partition="0"} 10`,
    );
    expect(text).toContain(
      `signpost_consumer_lag_seconds{group="${group}",topic="in",partition="1"} 0`,
    );
  });

  test('is zero when nothing but markers of transactions is left', async () => {
    const log = createMemoryReader(['in'], 1);
    log.put({ topic: 'in' });
    log.commit('normalize', 'in', 1);
    const kafka = {
      ...log,
      topics: async () => [
        { name: 'in', partitions: [{ partition: 0, start: 0, end: 2, bytes: 0 }] },
      ],
      read: async () => ({ records: [], nextOffset: 2, endOffset: 2 }),
    };
    expect(await lagOf(kafka, reads)).toEqual([
      { group, topic: 'in', partition: 0, records: 0, nextOffset: 2, oldestMs: null },
    ]);
  });

  test('is not zero while an open transaction hides what is left', async () => {
    const log = createMemoryReader(['in'], 1);
    log.commit('normalize', 'in', 1);
    const kafka = {
      ...log,
      topics: async () => [
        { name: 'in', partitions: [{ partition: 0, start: 0, end: 5, bytes: 0 }] },
      ],
      read: async () => ({ records: [], nextOffset: 1, endOffset: 5 }),
    };
    expect((await lagOf(kafka, reads)).map(({ records }) => records)).toEqual([4]);
  });

  test('starts at the first record held when retention went past what was committed', async () => {
    const log = createMemoryReader(['in'], 1);
    for (let i = 0; i < 10; i += 1) log.put({ topic: 'in', timestamp: i });
    log.commit('normalize', 'in', 2);
    log.expire('in', 6);
    expect((await lagOf(log, reads)).map(({ records }) => records)).toEqual([4]);
  });
});

describe('metrics of the intake', () => {
  test('count records by source and reason, and never know more than 200 sources', async () => {
    const { intake, snapshot } = createTelemetry(() => 0);
    intake.taken({ kind: 'posts', source: 'forum', accepted: 3, rejected: { 'invalid-time': 2 } });
    for (let i = 0; i < 1000; i += 1)
      intake.taken({ kind: 'posts', source: `made-up-${i}`, accepted: 1, rejected: {} });
    intake.refused('overloaded');
    const text = await metricsText([await snapshot()]);
    expect(text).toContain(
      'signpost_intake_records_total{kind="posts",source="forum",verdict="accept",reason=""} 3',
    );
    expect(text).toContain(
      'signpost_intake_records_total{kind="posts",source="forum",verdict="refuse",reason="invalid-time"} 2',
    );
    expect(text).toContain('source="other",verdict="accept",reason=""} 801');
    expect(text.match(/source="/g)).toHaveLength(202);
    expect(text).toContain('signpost_intake_refused_requests_total{code="overloaded"} 1');
  });
});

describe('a loop', () => {
  const batch = (over: Partial<Batch> = {}): Batch => ({
    topic: 'in',
    partition: 3,
    records: [],
    nextOffset: 1,
    claim: () => Promise.resolve([]),
    commit: () => Promise.resolve(),
    release: () => Promise.resolve(),
    ...over,
  });
  const logOf = (batches: Batch[]): Log => ({
    ...createMemoryReader(['in']),
    ensureTopics: () => Promise.resolve(),
    subscribe: () =>
      Promise.resolve({
        next: () => Promise.resolve(batches.shift() ?? null),
        close: () => Promise.resolve(),
      }),
  });
  const noSignal = new AbortController().signal;

  test('that is idle lives; one whose batch makes no step for two minutes is stuck', async () => {
    let now = 0;
    const loop = createLoopWatch(() => now);
    const log = observeBatches(logOf([batch()]), [loop]);
    const subscription = await log.subscribe({ group, topics: ['in'] });
    now = 1_000_000;
    expect(loop.stuck()).toBeNull();
    const held = await subscription.next(noSignal);
    now += 119_000;
    expect(loop.stuck()).toBeNull();
    await held!.claim([]);
    now += 119_000;
    expect(loop.stuck()).toBeNull();
    now += 2_000;
    expect(loop.stuck()).toBe('A batch of in/3 has made no step for 121 s.');
    await held!.commit([]);
    expect(loop.stuck()).toBeNull();
  });

  test('that gives its batches back while the log is away lives', async () => {
    let now = 0;
    const loop = createLoopWatch(() => now);
    const refusing = batch({ commit: () => Promise.reject(away()) });
    const subscription = await observeBatches(logOf([refusing]), [loop]).subscribe({
      group,
      topics: ['in'],
    });
    const held = await subscription.next(noSignal);
    await expect(held!.commit([])).rejects.toThrow('No broker answers');
    now = 60_000;
    await held!.release();
    now = 900_000;
    expect(loop.stuck()).toBeNull();
  });
});

describe('probes', () => {
  let probe: Probe | undefined;
  afterEach(() => probe?.close());

  test('answer 200, or 503 with the reasons of each service', async () => {
    let reasons: Record<string, string> = {};
    probe = await openProbe({
      host: '127.0.0.1',
      port: 0,
      live: () => ({}),
      ready: () => reasons,
      metricsText: async () => 'signpost_up 1\n',
    });
    const get = async (path: string, method = 'GET') => {
      const response = await fetch(`${probe!.url}${path}`, { method });
      return [response.status, await response.text()] as const;
    };
    expect(await get('/livez')).toEqual([200, '{"status":"live"}\n']);
    expect(await get('/readyz?verbose')).toEqual([200, '{"status":"ready"}\n']);
    reasons = { normalize: 'It has not joined its group yet.' };
    const [status, body] = await get('/readyz');
    expect(status).toBe(503);
    expect(JSON.parse(body)).toEqual({ status: 'not-ready', reasons });
    expect(await get('/metrics')).toEqual([200, 'signpost_up 1\n']);
    expect((await get('/livez', 'POST'))[0]).toBe(405);
    expect((await get('/'))[0]).toBe(404);
  });

  test('whose port is taken say which', async () => {
    const parts = { live: () => ({}), ready: () => ({}), metricsText: async () => '' };
    probe = await openProbe({ host: '127.0.0.1', port: 0, ...parts });
    const port = Number(new URL(probe.url).port);
    await expect(openProbe({ host: '127.0.0.1', port, ...parts })).rejects.toMatchObject({
      code: 'port-in-use',
    });
  });
});

describe('servers that are not there yet', () => {
  const wait = (signal: AbortSignal, told: (string | null)[] = []) => ({
    logger,
    signal,
    sleep: () => Promise.resolve(),
    onWaiting: (why: string | null) => void told.push(why),
  });

  test('are waited for, with the reason told', async () => {
    const told: (string | null)[] = [];
    let attempts = 0;
    const result = await untilReached(
      () => {
        attempts += 1;
        return attempts < 4 ? Promise.reject(away()) : Promise.resolve('log');
      },
      wait(new AbortController().signal, told),
    );
    expect(result).toBe('log');
    expect(told).toEqual([...Array.from({ length: 3 }, () => 'No broker answers'), null]);
  });

  test('are not waited for when the configuration is wrong', async () => {
    const wrong = () =>
      Promise.reject(new SignpostError('log-refused', 'Kafka refuses this client'));
    await expect(untilReached(wrong, wait(new AbortController().signal))).rejects.toMatchObject({
      code: 'log-refused',
    });
  });

  test('are left at once when the process is to end, however long an attempt takes', async () => {
    const stop = new AbortController();
    const result = untilReached(() => new Promise<string>(() => {}), wait(stop.signal));
    stop.abort();
    expect(await result).toBeUndefined();
  });

  test('that answer only when nobody waits any more have what they gave closed', async () => {
    const stop = new AbortController();
    let give: (log: string) => void = () => {};
    const closed: string[] = [];
    const result = untilReached(
      () => new Promise<string>((resolve) => (give = resolve)),
      wait(stop.signal),
      async (late) => void closed.push(late),
    );
    stop.abort();
    expect(await result).toBeUndefined();
    give('log');
    await expect.poll(() => closed).toEqual(['log']);
  });

  test('that go away again make it unready, until they answer', async () => {
    const log = createMemoryReader([]) as unknown as Log & ReturnType<typeof createMemoryReader>;
    const stop = new AbortController();
    let looks = 0;
    const seen: (string | null)[] = [];
    const watch = createLogWatch({
      log: () => ({
        ...log,
        topics: () => (looks === 2 ? Promise.reject(away()) : Promise.resolve([])),
      }),
      logger,
      countsBacklog: false,
      sleep: async (ms) => {
        if (ms === answerWithinMs) return new Promise(() => {});
        seen.push(watch.away());
        looks += 1;
        if (looks === 4) stop.abort();
      },
    });
    expect(watch.away()).toBe('The log is not opened yet.');
    await watch.run(stop.signal);
    expect(seen).toEqual([null, null, 'The log cannot be reached: No broker answers', null]);
    watch.met(away());
    expect(watch.away()).toContain('cannot be reached');
  });
});

describe('the backlog', () => {
  test('of a group that may not be looked at is none, and not all that the log holds', async () => {
    const log = createMemoryReader([ticketsReported.name], 1);
    log.put({ topic: ticketsReported.name });
    const stop = new AbortController();
    const asked: unknown[] = [];
    const seen: number[] = [];
    const watch = createLogWatch({
      log: () => ({
        ...(log as unknown as Log),
        // As brokers do: a group that may not be described is left out of lists, and refused by name.
        committed: async (groups) => {
          asked.push(groups);
          if (groups === undefined || seen.length === 0) return [];
          throw new SignpostError('log-refused', 'no right to Describe group signpost.normalize');
        },
      }),
      logger,
      countsBacklog: true,
      sleep: async (ms) => {
        if (ms === answerWithinMs) return new Promise(() => {});
        seen.push(watch.backlog());
        if (seen.length === 2) stop.abort();
      },
    });
    await watch.run(stop.signal);
    expect(asked).toEqual([[group], [group]]);
    expect(seen).toEqual([1, 0]);
  });
});

describe('a server that takes requests and answers none', () => {
  test('makes services unready after 5 s, is not asked again meanwhile, and is found again', async () => {
    const stop = new AbortController();
    const answer = Promise.withResolvers<void>();
    const seen: (string | null)[] = [];
    let asked = 0;
    const watch = createReachWatch({
      name: 'The database',
      ask: () => ((asked += 1) === 1 ? answer.promise : Promise.resolve()),
      logger,
      async sleep(ms) {
        if (ms !== answerWithinMs) return stop.abort();
        seen.push(watch.away());
        setImmediate(() => {
          seen.push(watch.away());
          answer.resolve();
        });
      },
    });
    await watch.run(stop.signal);
    expect(seen).toEqual([
      'The database is not opened yet.',
      'The database has not answered for 5 s.',
    ]);
    expect(watch.away()).toBeNull();
    expect(asked).toBe(1);
  });

  test('does not keep the process from its end', async () => {
    const stop = new AbortController();
    const watch = createReachWatch({
      name: 'The log',
      ask: () => new Promise(() => {}),
      logger,
      sleep: async (_ms, signal) => {
        if (!signal.aborted) setImmediate(() => stop.abort());
      },
    });
    await expect(watch.run(stop.signal)).resolves.toBeUndefined();
  });
});

test('a stage that lost its seat in its group is not ready until it has joined again', () => {
  const told: string[] = [];
  const seats = createSeats({
    rebalanced: (name) => told.push(`${name} rebalanced`),
    restarted: (name, why) => told.push(`${name} ${why}`),
  });
  expect(seats.lost(group)).toBeNull();
  seats.events.restarted(group, 'fell silent');
  expect(seats.lost(group)).toBe('It is joining its group again.');
  expect(seats.lost('signpost.classify')).toBeNull();
  seats.events.rebalanced(group);
  expect(seats.lost(group)).toBeNull();
  expect(told).toEqual([`${group} fell silent`, `${group} rebalanced`]);
});

test('a stage whose group cannot be joined yet joins it later, and is ready then', async () => {
  const stop = new AbortController();
  let attempts = 0;
  const log: Log = {
    ...createMemoryReader(['in']),
    ensureTopics: () => Promise.resolve(),
    subscribe() {
      attempts += 1;
      if (attempts < 3) return Promise.reject(away());
      return Promise.resolve({
        next: (signal) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => resolve(null));
            queueMicrotask(() => joined.resolve());
          }),
        close: () => Promise.resolve(),
      });
    },
  };
  const joined = Promise.withResolvers<void>();
  const stage = {
    kind: 'transform',
    name: 'normalize',
    inputs: [ticketsReported],
    outputs: [],
    decide: () => emit([]),
  } as unknown as Stage<never>;
  const service = createStageService({
    stage,
    logger,
    metrics: createTelemetry(() => 0).stage('normalize'),
    amiss: () => null,
    sleep: () => Promise.resolve(),
    clock: () => 0,
  });
  expect(service.ready()).toBe('It has not joined its group yet.');
  const run = service.run(log, stop.signal);
  await joined.promise;
  expect(attempts).toBe(3);
  expect(service.ready()).toBeNull();
  expect(service.live()).toBeNull();
  stop.abort();
  await run;
});
