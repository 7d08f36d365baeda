// What a demonstration begins with: a past where there is none, a plan where there is none, and never twice.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogReader } from '#core/log/port.ts';
import { migrate } from '#core/store/migrate.ts';
import { openPglite } from '#core/store/pglite.ts';
import type { Db } from '#core/store/postgres.ts';
import { planDemoRollout, withPast } from '../../services/cli/demo-past.ts';
import type { SyntheticEvent } from '../../services/gateway/synthetic/event.ts';
import { importWaves, listWaves, removeWave } from '../../services/portal/waves/store-waves.ts';

const now = Date.parse('2026-11-29T04:00:00Z');
type Topics = Awaited<ReturnType<LogReader['topics']>>;
const minuteMs = 60_000;

describe('the past of a demonstration', () => {
  const event = (id: string): SyntheticEvent =>
    ({
      at: now,
      kind: 'tickets',
      source: 's',
      input: { id },
      truth: { theme: 'price', outageId: null },
    }) as unknown as SyntheticEvent;
  async function* live(): AsyncGenerator<SyntheticEvent> {
    yield event('TT-LIVE-0');
    yield event('TT-LIVE-1');
  }
  const logWith = (ends: Readonly<Record<string, number>>) => ({
    topics: async () =>
      Object.entries(ends).map(
        ([name, end]) => ({ name, partitions: [{ start: 0, end }] }) as unknown as Topics[number],
      ),
  });
  const told = async (
    ends: Readonly<Record<string, number>>,
    stop = new AbortController(),
    most = Infinity,
  ): Promise<SyntheticEvent[]> => {
    const events: SyntheticEvent[] = [];
    const past = { seed: 7, now, backlogMs: 20 * minuteMs, signal: stop.signal };
    for await (const each of withPast(live(), logWith(ends), past)) {
      events.push(each);
      if (events.length === most) stop.abort();
    }
    return events;
  };

  it('comes first where nothing was taken in yet, up to where the live events begin', async () => {
    const events = await told({ 'tickets.reported.v1': 0, 'signpost.schemas.v1': 12 });
    expect(events.length).toBeGreaterThan(10_000);
    expect(events.slice(-2).map(({ input }) => input['id'])).toEqual(['TT-LIVE-0', 'TT-LIVE-1']);
    expect(events.at(-3)!.at).toBeLessThan(now - 20 * minuteMs);
  });

  it('ends in the middle when it is told to', async () => {
    expect(await told({ 'tickets.reported.v1': 0 }, new AbortController(), 100)).toHaveLength(100);
  });

  it('is not told again', async () => {
    expect(await told({ 'tickets.reported.v1': 0, 'posts.published.v1': 1 })).toHaveLength(2);
  });
});

describe('the plan of a demonstration', () => {
  let db: Db;
  beforeAll(async () => {
    db = await openPglite(undefined);
    await migrate(db);
  }, 180_000);
  afterAll(() => db.close());

  const plan = (at: number, ready = Promise.resolve(), signal = new AbortController().signal) =>
    planDemoRollout({ db, ready }, at, signal);

  it('keeps nobody waiting who ends it before the database is there', async () => {
    const stop = new AbortController();
    const { promise, reject } = Promise.withResolvers<void>();
    const planned = plan(now, promise, stop.signal);
    stop.abort();
    await planned;
    reject(new Error('the database is closed'));
    await plan(now, Promise.reject(new Error('closed')), AbortSignal.abort());
    expect(await listWaves(db)).toEqual([]);
  });

  it('fails with the database', async () => {
    await expect(plan(now, Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
  });

  it('is there after the first start, once', async () => {
    await plan(now);
    const lines = await listWaves(db);
    expect(new Set(lines.map(({ wave }) => wave)).size).toBe(4);
    await plan(now + 86_400_000);
    expect(await listWaves(db)).toEqual(lines);
  });

  it("never touches a user's", async () => {
    for (const wave of ['Wave 1', 'Wave 2', 'Wave 3', 'Wave 4']) await removeWave(db, wave);
    const own = Buffer.from('area,wave,technology,date\nA,Mine,5G,2027-01-01\n');
    await importWaves(db, own, { replace: 'all', dryRun: false, now });
    await plan(now);
    expect((await listWaves(db)).map(({ wave }) => wave)).toEqual(['Mine']);
  });
});
