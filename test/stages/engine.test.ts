// The engine on the real embedded log: what a stage decides happens once and whole, on good days and on the worst ones.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { openEmbeddedLog, type EmbeddedLog } from '#core/log/embedded/open.ts';
import type { Batch, Log, OutgoingRecord, Subscription } from '#core/log/port.ts';
import { runStage, type Engine } from '#core/run-stage.ts';
import { drop, emit, reject, to } from '#core/stage.ts';
import type {
  BulkDelivery,
  Delivery,
  Projection,
  ProjectionStore,
  Stage,
  Transform,
} from '#core/stage.ts';
import type { Stretch } from '#core/stretch.ts';
import { createTelemetry, metricsText } from '#core/telemetry.ts';
import { toOutgoing, type Topic } from '#core/topic.ts';
import { recordsDropped, recordsRejected } from '../../services/topology.ts';
import { readAll, text } from '../contracts/log.contract.ts';
import { crashEverywhere, createAdversary, seeded } from '../support/adversary.ts';

const DAY_MS = 86_400_000;
const AT = Date.UTC(2026, 0, 5, 12, 30, 15, 7);

/** Topics of plain words; those that begin with `!` are bytes that nobody can read. */
const wordsTopic = (
  name: string,
  shape: (word: string) => string = (word) => word,
): Topic<string> => ({
  name,
  partitions: 4,
  retentionMs: 365 * DAY_MS,
  description: '',
  keyedBy: '',
  words: 'none',
  facts: (word) => ({ id: word, key: keyOf(word), source: 'test', time: AT }),
  codec: {
    recordName: 'Word',
    schemaId: 0,
    encode: (word) => Uint8Array.from(Buffer.from(shape(word))),
    withLast: () => undefined,
    decode(bytes) {
      const word = Buffer.from(bytes).toString();
      if (word.startsWith('!')) throw new SignpostError('undecodable', 'These bytes are no word');
      return word;
    },
  },
});
/** `k3-17` is number 17 of key k3. */
const keyOf = (word: string): string => word.split('-')[0]!;
const incoming = wordsTopic('in');
const middle = wordsTopic('middle');
const outgoing = wordsTopic('out');
const shouted = wordsTopic('shouted', (word) => word.toUpperCase());
const topics = [incoming, middle, outgoing, shouted, recordsRejected, recordsDropped];

const words = (count: number, keys = 9): string[] =>
  Array.from({ length: count }, (_, i) => `k${i % keys}-${i}`);
const asRecords = (said: readonly string[], traceparent?: string): OutgoingRecord[] =>
  said.map((word) =>
    toOutgoing(incoming, word, { timestamp: AT, ...(traceparent ? { traceparent } : {}) }),
  );

let directory: string;
let log: EmbeddedLog;
let pauses: number[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-engine-'));
  pauses = [];
  log = await openEmbeddedLog({ directory });
  await log.ensureTopics(topics);
});
afterEach(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

function engineOf(on: Log, more: Partial<Engine> = {}): Engine {
  return {
    log: on,
    logger: pino({ level: 'silent' }),
    metrics: createTelemetry(() => 0).stage('test'),
    rejected: recordsRejected,
    dropped: recordsDropped,
    // Pauses are noted, not waited for; yet others must get a turn.
    sleep: async (ms) => {
      pauses.push(ms);
      await pause(1);
    },
    maxRecords: 10,
    ...more,
  };
}

/** Runs until `done`, then shuts down; rejects as `runStage` does. */
async function run<In>(
  stage: Stage<In>,
  on: Log = log,
  {
    done = () => isRead(on, stage.name, stage.inputs[0]!.name),
    ...more
  }: Partial<Engine> & { done?: () => Promise<boolean> | boolean } = {},
): Promise<void> {
  const stop = new AbortController();
  const ended = new AbortController();
  const running = runStage(stage, engineOf(on, more), stop.signal).finally(() => ended.abort());
  running.catch(() => {});
  const deadline = performance.now() + 25_000;
  while (!ended.signal.aborted && !(await done())) {
    if (performance.now() > deadline) throw new Error('The stage did not come to its end');
    await pause(3);
  }
  stop.abort();
  await running;
}

async function isRead(on: Log, stage: string, topic: string): Promise<boolean> {
  const committed = await on.committed();
  const status = (await on.topics()).find(({ name }) => name === topic);
  return (status?.partitions ?? []).every(
    ({ partition, end }) =>
      end === 0 ||
      committed.some(
        (at) =>
          at.group === `signpost.${stage}` &&
          at.topic === topic &&
          at.partition === partition &&
          at.offset === end,
      ),
  );
}

const said = async (topic: Topic<never> | Topic<string>, on: Log = log): Promise<string[]> =>
  (await readAll(on, topic.name)).map(text);
const lettersOf = async (on: Log = log) =>
  (await readAll(on, recordsRejected.name)).map(({ value }) =>
    recordsRejected.codec.decode(value!),
  );

function expectOnceInOrder(got: readonly string[], sent: readonly string[]): void {
  expect(got.toSorted()).toEqual(sent.toSorted());
  for (const [key, ofKey] of Map.groupBy(got, keyOf)) {
    expect(ofKey).toEqual(sent.filter((word) => keyOf(word) === key));
  }
}

const copy: Transform<string> = {
  kind: 'transform',
  name: 'copy',
  inputs: [incoming],
  decide: ({ record }) => emit([to(outgoing, record)]),
};

describe('a transform', () => {
  test('emits, drops and rejects, each record ending as exactly one of them', async () => {
    const stage: Transform<string> = {
      ...copy,
      decide({ record }) {
        if (record.endsWith('0')) return drop('round');
        if (record.endsWith('5')) return reject('odd-five', 'number ends in five');
        return emit([to(outgoing, record)]);
      },
    };
    await log.append(asRecords(words(100)));
    const telemetry = createTelemetry(() => 0);
    await run(stage, log, { metrics: telemetry.stage('copy') });
    expect((await said(outgoing)).length).toBe(80);
    const notes = (await readAll(log, recordsDropped.name)).map(({ value }) =>
      recordsDropped.codec.decode(value!),
    );
    expect(notes.length).toBe(10);
    expect(notes[0]).toMatchObject({
      source: 'test',
      stage: 'copy',
      reason: 'round',
      topic: 'in',
      droppedAt: AT,
    });
    expect(new Set(notes.map(({ eventId }) => eventId)).size).toBe(10);
    const letters = await lettersOf();
    expect(letters.length).toBe(10);
    const [letter] = letters;
    expect(letter).toMatchObject({
      stage: 'copy',
      reason: 'odd-five',
      detail: 'number ends in five',
      topic: 'in',
      payloadCut: false,
    });
    expect(letter!.id).toBe(`in-${letter!.partition}-${letter!.offset}-copy`);
    expect(Buffer.from(letter!.payload).toString()).toMatch(/5$/);
    const counted = await metricsText([await telemetry.snapshot()]);
    expect(counted).toContain(
      'signpost_verdicts_total{stage="copy",verdict="drop",reason="round"} 10',
    );
    expect(counted).toContain('signpost_outputs_total{stage="copy"} 80');
  });

  test('goes on past a record that cannot be decoded, which becomes a dead letter with its origin', async () => {
    const broken = { ...asRecords(['k1-x'])[0]!, value: Uint8Array.from(Buffer.from('!broken')) };
    const tombstone = { ...asRecords(['k1-y'])[0]!, value: null };
    await log.append([...asRecords(['k1-1']), broken, tombstone, ...asRecords(['k1-2'])]);
    await run(copy);
    expect(await said(outgoing)).toEqual(['k1-1', 'k1-2']);
    const [letter, ...others] = await lettersOf();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      reason: 'undecodable',
      topic: 'in',
      offset: 1,
      key: 'k1',
      detail: 'These bytes are no word',
    });
    expect(Buffer.from(letter!.payload).toString()).toBe('!broken');
    const [record] = await readAll(log, recordsRejected.name);
    expect(record!.headers['signpost_origin']).toBe(`in/${letter!.partition}/1`);
  });

  test('carries origin, trace and time along every hop', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await log.append(asRecords(['k1-1', 'k1-5'], traceparent));
    await run({ ...copy, name: 'first', decide: ({ record }) => emit([to(middle, record)]) });
    await run({
      ...copy,
      name: 'second',
      inputs: [middle],
      decide: ({ record }) =>
        record === 'k1-5' ? reject('five', 'is five') : emit([to(outgoing, record)]),
    });
    const [first] = await readAll(log, 'in');
    const [last] = await readAll(log, 'out');
    expect(last).toMatchObject({ key: 'k1', timestamp: AT });
    expect(last!.headers).toMatchObject({
      signpost_origin: `in/${first!.partition}/${first!.offset}`,
      traceparent,
      ce_id: 'k1-1',
      ce_type: 'signpost.out',
      ce_time: '2026-01-05T12:30:15.007Z',
      ce_subject: 'k1',
    });
    const [letter] = await readAll(log, recordsRejected.name);
    expect(letter!.headers).toMatchObject({
      signpost_origin: `in/${first!.partition}/1`,
      traceparent,
    });
    expect(recordsRejected.codec.decode(letter!.value!)).toMatchObject({
      topic: 'middle',
      stage: 'second',
    });
  });

  test('writes one record to two topics in the form of each', async () => {
    await log.append(asRecords(['k1-a', 'k1-b']));
    await run({
      ...copy,
      decide: ({ record }) => emit([to(outgoing, record), to(shouted, record)]),
    });
    expect(await said(outgoing)).toEqual(['k1-a', 'k1-b']);
    expect(await said(shouted)).toEqual(['K1-A', 'K1-B']);
  });
});

describe('exactly once', () => {
  test('holds for a transform wherever the process stops', async () => {
    await log.close();
    const sent = words(40);
    const crashes = await crashEverywhere(
      () => openEmbeddedLog({ directory }),
      { random: seeded(3) },
      async (on) => {
        await on.ensureTopics(topics);
        if ((await on.checkpoint('sent')) === null)
          await on.append(asRecords(sent), { checkpoints: { sent: 'yes' } });
        await run(copy, on);
      },
    );
    expect(crashes).toBeGreaterThan(7);
    log = await openEmbeddedLog({ directory });
    expectOnceInOrder(await said(outgoing), sent);
  });

  test.each([4, 5])(
    'holds for two members under redelivery, rebalances and conflicts (seed %i)',
    async (seed) => {
      const sent = words(300);
      await log.append(asRecords(sent));
      const mischief = {
        random: seeded(seed),
        redeliver: 0.15,
        rebalance: 0.1,
        conflict: 0.1,
        delayMs: 2,
      };
      await Promise.all([1, 2].map(() => run(copy, createAdversary(log, mischief).log)));
      expectOnceInOrder(await said(outgoing), sent);
      // Fenced and conflicting batches come again at once.
      expect(pauses).toEqual([]);
    },
  );

  test('a bug stops the stage with nothing of its batch committed, and the next start replays it', async () => {
    const sent = words(60);
    await log.append(asRecords(sent));
    const buggy: Transform<string> = {
      ...copy,
      decide({ record }) {
        if (record === 'k4-31') throw new TypeError('a bug');
        return emit([to(outgoing, record)]);
      },
    };
    await expect(run(buggy)).rejects.toThrow(new TypeError('a bug'));
    expect(await said(outgoing)).not.toContain('k4-31');
    await run(copy);
    expectOnceInOrder(await said(outgoing), sent);
  });
});

describe('operational errors', () => {
  test('are retried with pauses that grow to half a minute, and lose nothing', async () => {
    await log.append(asRecords(['k1-1', 'k1-2']));
    let failures = 12;
    await run({
      ...copy,
      async load() {
        failures -= 1;
        if (failures >= 0) throw new SignpostError('server-away', 'The server is away');
      },
    });
    expect(pauses).toEqual([
      100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000,
    ]);
    expect(await said(outgoing)).toEqual(['k1-1', 'k1-2']);
  });

  test('of a commit leave nothing behind, and the batch comes again whole', async () => {
    const sent = words(30);
    await log.append(asRecords(sent));
    let refusals = 3;
    const full = spoiled(log, (batch) => ({
      ...batch,
      async commit(outputs) {
        refusals -= 1;
        if (refusals >= 0) throw new SignpostError('disk-full', 'The disk is full');
        await batch.commit(outputs);
      },
    }));
    await run(copy, full);
    expectOnceInOrder(await said(outgoing), sent);
    expect(pauses.length).toBe(3);
  });

  test('of asking for a batch stop no stage', async () => {
    await log.append(asRecords(['k1-1']));
    let refusals = 2;
    const slow = spoiled(
      log,
      (batch) => batch,
      () => {
        refusals -= 1;
        if (refusals >= 0) throw new SignpostError('disk-failed', 'The disk did not answer');
      },
    );
    await run(copy, slow);
    expect(await said(outgoing)).toEqual(['k1-1']);
    expect(pauses).toEqual([100, 200]);
  });
});

describe('a projection', () => {
  const counting = (store: MemoryStore, name = 'count'): Projection<string, MemoryTx> => ({
    kind: 'projection',
    name,
    inputs: [incoming],
    store,
    async apply(batch, tx) {
      for (const { record } of batch) tx.push(record);
    },
  });

  test('keeps rows and offsets together wherever the process stops, and its dead letters too', async () => {
    await log.close();
    const sent = words(40);
    const store = createStore();
    const broken = { ...asRecords(['k2-x'])[0]!, value: Uint8Array.from(Buffer.from('!')) };
    const crashes = await crashEverywhere(
      () => openEmbeddedLog({ directory }),
      { random: seeded(6) },
      async (on) => {
        await on.ensureTopics(topics);
        if ((await on.checkpoint('sent')) === null) {
          await on.append([...asRecords(sent.slice(0, 20)), broken, ...asRecords(sent.slice(20))], {
            checkpoints: { sent: 'yes' },
          });
        }
        await run(counting(store), on);
      },
    );
    expect(crashes).toBeGreaterThan(7);
    expectOnceInOrder(store.rows, sent);
    log = await openEmbeddedLog({ directory });
    expect((await lettersOf()).map(({ reason }) => reason)).toEqual(['undecodable']);
  });

  test('applies no row twice when the log refuses the commit that follows', async () => {
    const sent = words(30);
    await log.append(asRecords(sent));
    const store = createStore();
    let refusals = 4;
    const full = spoiled(log, (batch) => ({
      ...batch,
      async commit(outputs) {
        refusals -= 1;
        if (refusals >= 0) throw new SignpostError('disk-full', 'The disk is full');
        await batch.commit(outputs);
      },
    }));
    await run(counting(store), full);
    expect(store.rows.length).toBe(30);
    expectOnceInOrder(store.rows, sent);
  });

  test('starts where its rows end, not where the group stood', async () => {
    const sent = words(20, 1);
    await log.append(asRecords(sent));
    const partition = (await readAll(log, 'in'))[0]!.partition;
    const ahead = createStore(new Map([[`count in/${partition}`, 7]]));
    await run(counting(ahead));
    expect(ahead.rows).toEqual(sent.slice(7));
    // Rows that were thrown away are built again from all that is held, whatever the group has read.
    const rebuilt = createStore();
    await run(counting(rebuilt), log, { done: () => rebuilt.rows.length >= 20 });
    expect(rebuilt.rows).toEqual(sent);
  });

  test('whose partition somebody else took over writes no row, until the log hands it the partition again', async () => {
    const sent = words(10, 1);
    await log.append(asRecords(sent));
    const store = createStore();
    let first = true;
    const late: Projection<string, MemoryTx> = {
      ...counting(store),
      store: {
        ...store,
        async commit(at, apply) {
          // Another owner comes between taking the batch and writing its rows.
          if (first) await store.acquire(at.stage, at.topic, at.partition);
          first = false;
          await store.commit(at, apply);
        },
      },
    };
    await run(late);
    expect(store.fenced).toBe(1);
    expect(store.rows).toEqual(sent);
    expect(pauses).toEqual([100]);
  });

  test('that is fenced again and again pauses ever longer between its tries', async () => {
    await log.append(asRecords(words(10, 1)));
    const store = createStore();
    const contested: Projection<string, MemoryTx> = {
      ...counting(store),
      store: {
        ...store,
        async commit(at, apply) {
          await store.acquire(at.stage, at.topic, at.partition);
          await store.commit(at, apply);
        },
      },
    };
    await run(contested, log, { done: () => pauses.length >= 4 });
    expect(store.rows).toEqual([]);
    expect(pauses.slice(0, 4)).toEqual([100, 200, 400, 800]);
  });

  test('waits for a store that is away when it starts', async () => {
    await log.append(asRecords(words(8)));
    const store = createStore();
    let refusals = 3;
    await run({
      ...counting(store),
      store: {
        ...store,
        async acquire(...at) {
          refusals -= 1;
          if (refusals >= 0) throw new SignpostError('store-away', 'The store is away');
          return store.acquire(...at);
        },
      },
    });
    expect(store.rows.length).toBe(8);
  });
});

test('a stage that meets damaged records ends with the reason instead of trying for ever', async () => {
  await log.append(asRecords(words(8)));
  const corrupt = new SignpostError('log-corrupt', 'A batch of in, partition 0, is damaged');
  const stage: Stage<string> = {
    kind: 'transform',
    name: 'copy',
    inputs: [incoming],
    decide: ({ record }) => emit([to(outgoing, record)]),
  };
  const damaged: Log = {
    ...log,
    async subscribe(options) {
      const subscription = await log.subscribe(options);
      return {
        ...subscription,
        async next() {
          throw corrupt;
        },
      };
    },
  };
  await expect(runStage(stage, engineOf(damaged), new AbortController().signal)).rejects.toBe(
    corrupt,
  );
  expect(pauses).toEqual([]);
});

describe('a delivery', () => {
  const delivering = (deliver: Delivery<string>['deliver']): Delivery<string> => ({
    kind: 'delivery',
    name: 'deliver',
    inputs: [incoming],
    deliver,
  });

  test('is retried until acknowledged; one that fails holds up its own partition alone and is never passed over', async () => {
    const sent = words(80, 12);
    await log.append(asRecords(sent));
    const placed = new Map(
      (await readAll(log, 'in')).map((record) => [text(record), record.partition]),
    );
    const failing = placed.get(sent[0]!)!;
    const isFailing = (word: string): boolean => placed.get(word) === failing;
    const got: string[] = [];
    let mended = false;
    let attempts = 0;
    const committedBeforeMending: number[] = [];
    let deliveredBeforeMending: string[] = [];
    const stage = delivering(async (batch) => {
      if (!mended && batch.some(({ record }) => isFailing(record))) {
        attempts += 1;
        throw new SignpostError('webhook-refused', 'The receiver answered 500');
      }
      got.push(...batch.map(({ record }) => record));
    });
    const others = sent.filter((word) => !isFailing(word));
    await run(stage, log, {
      async done() {
        if (!mended && attempts > 5 && got.length === others.length) {
          const at = (await log.committed()).filter(
            ({ group, partition }) => group === 'signpost.deliver' && partition === failing,
          );
          committedBeforeMending.push(...at.map(({ offset }) => offset));
          deliveredBeforeMending = [...got];
          mended = true;
        }
        return mended && (await isRead(log, 'deliver', 'in'));
      },
    });
    expect(deliveredBeforeMending.toSorted()).toEqual(others.toSorted());
    expect(committedBeforeMending.filter((offset) => offset > 0)).toEqual([]);
    expectOnceInOrder(got, sent);
  });

  test('acknowledged but not noted as such comes again with the same records', async () => {
    await log.append(asRecords(words(5, 1)));
    const batches: string[][] = [];
    const stage = delivering(async (batch) => void batches.push(batch.map(({ record }) => record)));
    let refuse = true;
    const forgetful = spoiled(log, (batch) => ({
      ...batch,
      async commit(outputs) {
        if (refuse) {
          refuse = false;
          throw new SignpostError('disk-full', 'The disk is full');
        }
        await batch.commit(outputs);
      },
    }));
    await run(stage, forgetful);
    expect(batches).toEqual([words(5, 1), words(5, 1)]);
  });

  test('that is cut off by the shutdown ends the stage quietly and comes again', async () => {
    await log.append(asRecords(['k1-1']));
    const stop = new AbortController();
    const hanging = delivering(async (_batch, signal) => {
      setTimeout(() => stop.abort(), 5);
      await pause(10_000, undefined, { signal });
    });
    await runStage(hanging, engineOf(log), stop.signal);
    const got: string[] = [];
    await run(delivering(async (batch) => void got.push(...batch.map(({ record }) => record))));
    expect(got).toEqual(['k1-1']);
  });
});

describe('a delivery in bulk', () => {
  const minute = 60_000;
  /** Delivers stretches as far as they go, noting the words of each. */
  function bulk(
    gather: Partial<BulkDelivery<string>['gather']> = {},
    deliver?: BulkDelivery<string>['deliver'],
  ) {
    const stretches: string[][] = [];
    const stage: BulkDelivery<string> = {
      kind: 'bulk-delivery',
      name: 'bulk',
      inputs: [incoming],
      gather: { records: 1_000, bytes: 1_000_000, ms: 5 * minute, ...gather },
      deliver:
        deliver ??
        (async (stretch) => {
          const taken = await readOut(stretch, gather.records ?? 1_000);
          stretches.push(taken.words);
          return taken.delivered;
        }),
    };
    return { stage, stretches };
  }
  async function readOut(stretch: Stretch<string>, most: number) {
    const got: string[] = [];
    const unreadable = [];
    let { from: nextOffset } = stretch;
    let records = 0;
    for await (const page of stretch.read(stretch.from)) {
      for (const received of page.records) {
        records += 1;
        try {
          got.push(incoming.codec.decode(received.value!));
        } catch {
          unreadable.push({ received, detail: 'no word' });
        }
      }
      nextOffset = page.nextOffset;
      if (records >= most) break;
    }
    return { words: got, delivered: { nextOffset, records, unreadable } };
  }
  /** Time that passes only while somebody sleeps. */
  function shortTime() {
    let now = 0;
    return {
      now: () => now,
      pass: (ms: number) => (now += ms),
      engine: {
        clock: () => now,
        sleep: async (_ms: number, signal: AbortSignal) => {
          await pause(2, undefined, { signal }).catch(() => {});
        },
      },
    };
  }

  test('lets records gather until they are old, and then delivers all of a partition at once', async () => {
    const time = shortTime();
    const { stage, stretches } = bulk();
    const sent = words(30, 1);
    await log.append(asRecords(sent.slice(0, 10)));
    let rounds = 0;
    await run(stage, log, {
      ...time.engine,
      async done() {
        rounds += 1;
        if (rounds === 20) {
          expect(stretches).toEqual([]);
          expect(await log.committed()).toEqual([]);
          await log.append(asRecords(sent.slice(10)));
          time.pass(5 * minute - 1);
        }
        if (rounds === 40) {
          expect(stretches).toEqual([]);
          time.pass(1);
        }
        return rounds > 40 && (await isRead(log, 'bulk', 'in'));
      },
    });
    expect(stretches).toEqual([sent]);
  });

  test('waits no longer than until there is enough, by number or by size', async () => {
    for (const enough of [{ records: 25 }, { bytes: 25 * 4 }]) {
      const time = shortTime();
      const { stage, stretches } = bulk(enough);
      const before = (await readAll(log, 'in')).length;
      await log.append(asRecords(words(20, 1)));
      let rounds = 0;
      await run(stage, log, {
        ...time.engine,
        async done() {
          rounds += 1;
          if (rounds === 20) {
            expect(stretches).toEqual([]);
            await log.append(asRecords(words(20, 1)));
            // What the log was asked is asked anew.
            time.pass(5_000);
          }
          return rounds > 20 && (await isRead(log, 'bulk', 'in'));
        },
      });
      expect(stretches.flat()).toHaveLength((await readAll(log, 'in')).length - before);
    }
  });

  test('that fails has waited already when it comes again, and holds up its own partition alone', async () => {
    const time = shortTime();
    const sent = words(120, 12);
    await log.append(asRecords(sent));
    const failing = (await readAll(log, 'in')).find(
      (record) => text(record) === sent[0],
    )!.partition;
    let attempts = 0;
    const got: string[] = [];
    const { stage } = bulk({}, async (stretch) => {
      if (stretch.partition === failing && (attempts += 1) < 4)
        throw new SignpostError('objects-unavailable', 'The store is away');
      const { words: all, delivered } = await readOut(stretch, 1_000);
      got.push(...all);
      return delivered;
    });
    let rounds = 0;
    await run(stage, log, {
      ...time.engine,
      done: () => {
        rounds += 1;
        if (rounds === 10) time.pass(5 * minute);
        return isRead(log, 'bulk', 'in');
      },
    });
    expect(attempts).toBe(4);
    expectOnceInOrder(got, sent);
  });

  test('never has more than two stretches in work, however many partitions are due', async () => {
    const sent = words(200, 40);
    await log.append(asRecords(sent));
    let working = 0;
    let most = 0;
    const { stage } = bulk({ ms: 0 }, async (stretch) => {
      most = Math.max(most, (working += 1));
      await pause(20);
      working -= 1;
      return (await readOut(stretch, 1_000)).delivered;
    });
    await run(stage);
    expect(most).toBe(2);
  });

  test('makes a dead letter of each record that cannot be read, on whatever page it lay', async () => {
    const sent = ['k0-0', '!k0-1', ...words(30, 1).slice(2), '!k0-30'];
    await log.append(asRecords(sent));
    const { stage, stretches } = bulk({ ms: 0 });
    await run(stage);
    expect(stretches.flat()).toEqual(sent.filter((word) => !word.startsWith('!')));
    expect(await lettersOf()).toMatchObject([
      { stage: 'bulk', reason: 'undecodable' },
      { stage: 'bulk', reason: 'undecodable' },
    ]);
  });

  test('ends the stage where it meets a bug, with nothing of its stretch committed', async () => {
    await log.append(asRecords(words(20, 1)));
    const { stage } = bulk({ ms: 0 }, async () => {
      throw new TypeError('a bug');
    });
    await expect(run(stage)).rejects.toThrow('a bug');
    expect(await log.committed()).toEqual([]);
  });

  test('holds nothing back from a shutdown, and what was held comes again at the next start', async () => {
    await log.append(asRecords(words(40)));
    const held = bulk();
    let rounds = 0;
    await run(held.stage, log, { done: () => (rounds += 1) > 20, sleep: hear });
    expect(held.stretches).toEqual([]);
    const next = bulk({ ms: 0 });
    await run(next.stage);
    expectOnceInOrder(next.stretches.flat(), words(40));
  });

  test('is told of what waits, and that nothing does any more', async () => {
    await log.append(asRecords(words(5, 1)));
    const told: (number | null)[] = [];
    const { stage } = bulk({ ms: 0 });
    await run({ ...stage, waits: (_topic, _partition, timestamp) => void told.push(timestamp) });
    expect(told).toEqual([AT, null]);
  });

  test('has each record at least once and moves on behind all of them, wherever the process stops', async () => {
    const sent = words(60, 6);
    await log.append(asRecords(sent));
    await log.close();
    const got: string[] = [];
    await crashEverywhere(
      () => openEmbeddedLog({ directory }),
      { random: seeded(3), redeliver: 0.2, rebalance: 0.1 },
      async (on) => {
        const { stage } = bulk({ ms: 0 }, async (stretch) => {
          const { words: all, delivered } = await readOut(stretch, 7);
          got.push(...all);
          return delivered;
        });
        await run(stage, on, { maxRecords: 3 });
      },
    );
    log = await openEmbeddedLog({ directory });
    expect([...new Set(got)].toSorted()).toEqual(sent.toSorted());
  });

  const hear = async (ms: number, signal: AbortSignal): Promise<void> => {
    await pause(ms, undefined, { signal }).catch(() => {});
  };
});

test('a shutdown lets the batch under way finish, and what was not begun is there for the next start', async () => {
  const sent = words(200);
  await log.append(asRecords(sent));
  const stop = new AbortController();
  let begun = 0;
  const slow: Transform<string> = {
    ...copy,
    async load() {
      begun += 1;
      if (begun === 3) stop.abort();
      await pause(20);
    },
  };
  await runStage(slow, engineOf(log), stop.signal);
  const early = (await said(outgoing)).length;
  expect(early).toBe(30);
  const offsets = (await log.committed()).reduce((sum, { offset }) => sum + offset, 0);
  expect(offsets).toBe(early);
  await run(copy);
  expectOnceInOrder(await said(outgoing), sent);
});

/** The log with every batch, and every question for one, in the hands of a test. */
function spoiled(on: Log, spoil: (batch: Batch) => Batch, ask: () => void = () => {}): Log {
  return {
    ...on,
    async subscribe(options): Promise<Subscription> {
      const inner = await on.subscribe(options);
      return {
        ...inner,
        async next(signal) {
          ask();
          const batch = await inner.next(signal);
          return batch === null ? null : spoil(batch);
        },
      };
    },
  };
}

type MemoryTx = string[];
interface MemoryStore extends ProjectionStore<MemoryTx> {
  readonly rows: readonly string[];
  readonly fenced: number;
}

/** Rows and offsets in memory, changed together or not at all, as a database would. */
function createStore(offsets: Map<string, number> = new Map()): MemoryStore {
  const rows: string[] = [];
  const epochs = new Map<string, number>();
  let fenced = 0;
  return {
    rows,
    get fenced() {
      return fenced;
    },
    async acquire(stage, topic, partition) {
      const key = `${stage} ${topic}/${partition}`;
      const epoch = (epochs.get(key) ?? 0) + 1;
      epochs.set(key, epoch);
      return { offset: offsets.get(key), epoch };
    },
    async commit({ stage, topic, partition, epoch, nextOffset }, apply) {
      const key = `${stage} ${topic}/${partition}`;
      const added: string[] = [];
      await apply(added);
      if (epochs.get(key) !== epoch) {
        fenced += 1;
        throw new SignpostError('fenced', 'Somebody else owns the partition');
      }
      rows.push(...added);
      offsets.set(key, nextOffset);
    },
  };
}
