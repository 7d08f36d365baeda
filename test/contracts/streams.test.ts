// Live feeds on both databases: every row once, whatever commits when, and never one of another department.
import { once } from 'node:events';
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeApiKey } from '../../services/core/http/api-key-changes.ts';
import type { Db } from '../../services/core/store/postgres.ts';
import type { InsightAnswer } from '../../services/portal/api/answers.ts';
import { createStreams, type StreamsSettings } from '../../services/portal/streams.ts';
import { hear, type Hearing } from '../support/event-stream.ts';
import { openPortal, type TestPortal } from '../support/portal.ts';
import { openStore, storeNames } from '../support/stores.ts';
import { prepareDepartments, write } from '../support/written-signals.ts';

const settings = { pollMs: 20, beatMs: 60, mostStreamsOfReader: 4 };

describe.each(storeNames)('live feeds on %s', (store) => {
  let db: Db;
  /** PGlite has one connection, and a transaction has it to itself. */
  const isConcurrent = store === 'PostgreSQL';
  let portal: TestPortal;
  let url: string;
  const keys = new Map<string, string>();
  const hearings: Hearing[] = [];

  async function serve(more: Partial<StreamsSettings> = {}): Promise<TestPortal> {
    const streams = createStreams({
      db,
      logger: pino({ level: 'silent' }),
      clock: Date.now,
      settings: { ...settings, ...more },
    });
    return openPortal({ streams });
  }

  async function letRead(
    by: TestPortal,
    source: string,
    departments: string[] | null,
  ): Promise<void> {
    keys.set(source, await by.key({ source, reads: { role: 'reader', departments } }));
  }

  beforeAll(async () => {
    db = await openStore(store);
    await prepareDepartments(db.query);
    await write(db.query, { id: 'before', departments: ['operations', 'marketing'] });
    portal = await serve();
    for (const [name, departments] of [
      ['all', null],
      ['operations', ['operations']],
      ['marketing', ['marketing']],
    ] as const) {
      await letRead(portal, name, departments && [...departments]);
    }
    ({ url } = await portal.gateway.listen());
  });
  afterAll(async () => {
    for (const each of hearings) await each.stop();
    await portal[Symbol.asyncDispose]();
    await db.close();
  });

  async function listen(
    key: string,
    path: string,
    headers: Record<string, string> = {},
    from = url,
  ): Promise<Hearing> {
    const hearing = await hear(`${from}/v1/streams/${path}`, {
      'x-api-key': keys.get(key) ?? 'sp_unknown',
      ...headers,
    });
    hearings.push(hearing);
    if (hearing.status === 200)
      await hearing.until((events) => events.length > 0, `the beginning of ${path}`);
    return hearing;
  }
  const insightsOf = ({ events }: Pick<Hearing, 'events'>): InsightAnswer[] =>
    events.filter(({ event }) => event === 'insight').map(({ data }) => data as InsightAnswer);
  const idsOf = (hearing: Pick<Hearing, 'events'>): string[] =>
    insightsOf(hearing).map(({ id }) => id);
  const hears = (hearing: Hearing, id: string): Promise<void> =>
    hearing.until((events) => idsOf({ events }).includes(id), id);

  it('begin with what is written from now on, and tell it whole', async () => {
    const hearing = await listen('all', 'all');
    expect(hearing.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await write(db.query, {
      id: 'first',
      departments: ['operations'],
      text: 'data: x\n\nevent: end\n\n<script>alert(1)</script>',
    });
    await hears(hearing, 'first');
    expect(idsOf(hearing)).toEqual(['first']);
    expect(insightsOf(hearing)[0]).toMatchObject({
      id: 'first',
      text: 'data: x\n\nevent: end\n\n<script>alert(1)</script>',
      theme: 'coverage',
    });
    await hearing.stop();
  });

  it('begin with notices of filters that name nothing', async () => {
    const readyOf = async (path: string) => (await listen('all', path)).events[0];
    expect(await readyOf('all?theme=coverge')).toMatchObject({
      event: 'ready',
      data: { notices: [{ field: 'theme', value: 'coverge', nearest: 'coverage' }] },
    });
    expect(await readyOf('all?theme=coverage')).toMatchObject({ data: { notices: [] } });
    for (const each of hearings.splice(-2)) await each.stop();
  });

  it('tell every row once, however many transactions commit in whatever order', async () => {
    const four = await Promise.all([
      listen('all', 'all'),
      listen('operations', 'operations'),
      listen('marketing', 'marketing'),
      listen('all', 'operations,planning'),
    ]);
    const stood: { id: string; departments: string[] }[] = [];
    const choose = seeded(7);
    const departmentsOf = (number: number): string[] =>
      [['operations'], ['marketing'], ['planning'], ['operations', 'marketing']][number % 4]!;
    const writer = async (name: string, rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const rows = Array.from({ length: 1 + choose(4) }, (_, index) => ({
          id: `${name}-${round}-${index}`,
          departments: departmentsOf(choose(4)),
          at: new Date(Date.UTC(2026, 10, 1 + choose(28))),
        }));
        const takesBack = choose(6) === 0;
        await db.query
          .transaction()
          .execute(async (tx) => {
            for (const row of rows) {
              await write(tx, row);
              if (isConcurrent) await pause(choose(25));
            }
            if (takesBack) throw new Error('taken back');
          })
          .catch((error: Error) => {
            if (error.message !== 'taken back') throw error;
          });
        if (!takesBack) stood.push(...rows);
      }
    };
    // One stays open all the time; what commits meanwhile is not held back.
    const longest = isConcurrent ? holdOpen(db, 'longest') : undefined;
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => writer(name, 12)));
    const expected = (names: string[]): string[] =>
      stood
        .filter(({ departments }) => departments.some((each) => names.includes(each)))
        .map(({ id }) => id)
        .toSorted();
    const wanted = [
      expected(['operations', 'marketing', 'planning']),
      expected(['operations']),
      expected(['marketing']),
      expected(['operations', 'planning']),
    ];
    for (const [index, hearing] of four.entries()) {
      await hearing.until(
        (events) => idsOf({ events }).length >= wanted[index]!.length,
        `${wanted[index]!.length} rows`,
      );
    }
    await (await longest)?.commit();
    if (longest !== undefined) await hears(four[0], 'longest');
    await pause(100);
    for (const [index, hearing] of four.entries()) {
      const ids = idsOf(hearing).filter((id) => id !== 'longest');
      expect(ids.toSorted()).toEqual(wanted[index]);
      await hearing.stop();
    }
  });

  it('go on from the id heard last, in the middle of a transaction too', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `resume-${index}`);
    const whole = await listen('all', 'all');
    await db.query.transaction().execute(async (tx) => {
      for (const [index, id] of ids.entries()) {
        await write(tx, {
          id,
          departments: ['operations'],
          at: new Date(2026, 0, 1 + (index % 7)),
        });
      }
    });
    await whole.until((events) => idsOf({ events }).length === 30, '30 rows');
    const told = whole.events.filter(({ event }) => event === 'insight');
    await whole.stop();
    await write(db.query, { id: 'while-away', departments: ['operations'] });
    for (const cut of [0, 13, 29]) {
      const heard = told.slice(0, cut + 1).map(({ data }) => (data as InsightAnswer).id);
      const byHeader = await listen('all', 'all', { 'last-event-id': told[cut]!.id });
      const byAddress = await listen('all', `all?after=${encodeURIComponent(told[cut]!.id)}`);
      for (const again of [byHeader, byAddress]) {
        await hears(again, 'while-away');
        expect([...heard, ...idsOf(again)]).toEqual([
          ...told.map(({ data }) => (data as InsightAnswer).id),
          'while-away',
        ]);
        await again.stop();
      }
    }
  });

  it('tell of an update again, and of a row that comes to the department', async () => {
    await write(db.query, { id: 'moved-1', entity: 'moved', departments: ['operations'] });
    const marketing = await listen('marketing', 'marketing');
    await write(db.query, { id: 'moved-2', entity: 'moved', departments: ['marketing'] });
    await hears(marketing, 'moved-2');
    expect(idsOf(marketing)).toEqual(['moved-2']);
    await marketing.stop();
  });

  it('keep to filters and words', async () => {
    const hearing = await listen('all', 'all?theme=outage&q=down');
    await write(db.query, {
      id: 'f1',
      departments: ['operations'],
      theme: 'outage',
      text: 'all up',
    });
    await write(db.query, {
      id: 'f2',
      departments: ['operations'],
      theme: 'price',
      text: 'all down',
    });
    await write(db.query, {
      id: 'f3',
      departments: ['operations'],
      theme: 'outage',
      text: 'is down',
    });
    await hears(hearing, 'f3');
    expect(idsOf(hearing)).toEqual(['f3']);
    await hearing.stop();
  });

  it('say so when more was written than anyone reads, and go on after it', async () => {
    const small = await serve({ pageRows: 4, mostRows: 10 });
    await letRead(small, 'small', null);
    const { url: at } = await small.gateway.listen();
    const hearing = await listen('small', 'all', {}, at);
    await db.query.transaction().execute(async (tx) => {
      for (let index = 0; index < 11; index++)
        await write(tx, { id: `much-${index}`, departments: ['operations'] });
    });
    await hearing.until((events) => events.some(({ event }) => event === 'skip'), 'the skip');
    await write(db.query, { id: 'after-much', departments: ['operations'] });
    await hears(hearing, 'after-much');
    expect(idsOf(hearing)).toHaveLength(11);
    expect(hearing.events.find(({ event }) => event === 'skip')?.data).toEqual({
      reason: 'too-much',
    });
    // Exactly as many as are told at once are told.
    await db.query.transaction().execute(async (tx) => {
      for (let index = 0; index < 10; index++)
        await write(tx, { id: `enough-${index}`, departments: ['operations'] });
    });
    await hearing.until((events) => idsOf({ events }).length === 21, '10 more');
    await small[Symbol.asyncDispose]();
    await hearing.ended;
    expect(hearing.events.at(-1)).toMatchObject({
      event: 'end',
      data: { reason: 'shutting-down' },
    });
  });

  it('cut off who takes nothing, tell so, and go on where it was', async () => {
    const slow = await serve({ pageRows: 5, stallMs: 150, lastCallMs: 60_000 });
    await letRead(slow, 'slow', null);
    const { url: at } = await slow.gateway.listen();
    const socket = await connectTo(at, '/v1/streams/all', keys.get('slow')!);
    const ids = Array.from({ length: 50 }, (_, index) => `slow-${index}`);
    for (const id of ids)
      await write(db.query, { id, departments: ['operations'], text: 'x'.repeat(400_000) });
    await pause(600);
    const text = await socket.rest();
    expect(text).toContain('event: end');
    expect(text).toContain('{"reason":"too-slow"}');
    const told = [...text.matchAll(/"id":"(slow-\d+)"/g)].map(([, id = '']) => id);
    expect(told.length).toBeLessThan(ids.length);
    const lastId = [...text.matchAll(/^id: (.*)$/gm)].at(-1)![1]!;
    // At a server that has more patience: a busy machine is too slow for this one too.
    const again = await listen('all', 'all', { 'last-event-id': lastId });
    await again.until((events) => told.length + idsOf({ events }).length >= ids.length, 'the rest');
    expect([...told, ...idsOf(again)].toSorted()).toEqual(ids.toSorted());
    await again.stop();
    await slow[Symbol.asyncDispose]();
  });

  it('begin anew with a position of another database', async () => {
    const hearing = await listen('all', 'all', { 'last-event-id': '99999999:99999999:' });
    await hearing.until((events) => events.some(({ event }) => event === 'skip'), 'the skip');
    expect(hearing.events.find(({ event }) => event === 'skip')?.data).toEqual({
      reason: 'position-unknown',
    });
    await write(db.query, { id: 'anew', departments: ['operations'] });
    await hears(hearing, 'anew');
    await hearing.stop();
  });

  it('move the position of one who hears nothing', async () => {
    const hearing = await listen('marketing', 'marketing');
    const begun = hearing.events[0]!.id;
    await write(db.query, { id: 'not-for-marketing', departments: ['operations'] });
    await hearing.until(
      (events) => events.some(({ event, id }) => event === 'beat' && id !== begun),
      'a beat with a later position',
    );
    expect(idsOf(hearing)).toEqual([]);
    await hearing.stop();
  });

  it('are refused for what the key does not read, and for a wrong question', async () => {
    const refusals = [
      ['operations', 'marketing', 403, 'department'],
      ['operations', 'operations,planning', 403, 'department'],
      ['operations', 'all', 403, 'department'],
      ['all', 'all,operations', 404, 'department'],
      ['all', 'gardening', 404, 'department'],
      ['nobody', 'all', 401, undefined],
      ['all', 'all?after=nonsense', 400, 'after'],
      ['all', 'all?after=5:3:', 400, 'after'],
      ['all', 'all?kind=letter', 400, 'kind'],
      ['all', 'all?colour=red', 400, 'colour'],
      ['all', 'all?department=operations', 400, 'department'],
    ] as const;
    for (const [key, path, status, field] of refusals) {
      const response = await fetch(`${url}/v1/streams/${path}`, {
        headers: { 'x-api-key': keys.get(key) ?? 'sp_unknown' },
      });
      expect([path, response.status]).toEqual([path, status]);
      const { error } = (await response.json()) as { error: { field?: string } };
      expect([path, error.field]).toEqual([path, field]);
    }
  });

  it('are so many for a key and no more', async () => {
    const four = await Promise.all([1, 2, 3, 4].map(() => listen('operations', 'operations')));
    const fifth = await listen('operations', 'operations');
    expect(fifth.status).toBe(429);
    await four[0]!.stop();
    await expect
      .poll(async () => {
        const again = await listen('operations', 'operations');
        const { status } = again;
        return status;
      })
      .toBe(200);
    for (const each of hearings.splice(0)) await each.stop();
  });

  it('end when the key is revoked', async () => {
    const hearing = await listen('marketing', 'marketing');
    await revokeApiKey(portal.dir, keys.get('marketing')!.split('_')[1]!, Date.now);
    portal.clock.now += 1000;
    await hearing.ended;
    expect(hearing.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'access-ended' } });
  });
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Numbers below `bound`, the same in every run (a linear congruential generator, Numerical Recipes). */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** A transaction that has written a row and waits. */
async function holdOpen(db: Db, id: string): Promise<{ commit(): Promise<void> }> {
  const tx = await db.query.startTransaction().execute();
  await write(tx, { id, departments: ['operations'] });
  return { commit: () => tx.commit().execute() };
}

/** A reader that takes nothing until it is asked for the rest. */
async function connectTo(
  url: string,
  path: string,
  key: string,
): Promise<{ rest(): Promise<string> }> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  socket.write(`GET ${path} HTTP/1.0\r\nHost: ${host}\r\nX-API-Key: ${key}\r\n\r\n`);
  await pause(200);
  return {
    async rest() {
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.resume();
      await once(socket, 'close');
      return text;
    },
  };
}
