// What waves would answer and what they did, by hand-computed numbers, on PostgreSQL and on PGlite.
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '#core/store/postgres.ts';
import { packChangedWeeks } from '../../services/aggregate/pack-weeks.ts';
import type { WaveAnswer } from '../../services/portal/api/answers.ts';
import { wavesQuestion } from '../../services/portal/api/questions.ts';
import { waves } from '../../services/portal/queries/waves.ts';
import type { Reader } from '../../services/portal/reader.ts';
import { importWaves } from '../../services/portal/waves/store-waves.ts';
import { addFacts, setGazetteer } from '../support/planner-facts.ts';
import { openStore, storeNames } from '../support/stores.ts';

const now = new Date('2026-11-29T12:00:00Z');
const planner: Reader = {
  name: 'planner',
  role: 'planner',
  departments: null,
  suppressBelow: 0,
  mayJudge: false,
};
const reader: Reader = { ...planner, name: 'reader', role: 'reader', suppressBelow: 5 };

const plan = `area,wave,technology,planned,finished
A,Wave 1,5G,2026-08-01,2026-08-20
A,Wave 1,fibre,2026-08-15,2026-09-01
B,Wave 1,5G,2026-08-15,2026-09-05
C,Wave 2,5G,2027-02-01,
A,Wave 2,5G,2027-03-01,
E,Wave 3,4G,2026-01-01,2026-09-01
D,Wave 4,5G,2026-11-01,2026-11-25
F,Wave 5,5G,2026-07-01,2026-09-01
`;

const coverage = { theme: 'coverage' } as const;

describe.each(storeNames)('waves on %s', (name) => {
  let db: Db;
  beforeAll(async () => {
    db = await openStore(name);
    await setGazetteer(db, [
      { area: 'A', subscribers: 4000, postcode: '1' },
      { area: 'A', subscribers: 2000, postcode: '2' },
      { area: 'B', subscribers: 2000 },
      { area: 'C', subscribers: 4000 },
      { area: 'D', subscribers: 8000 },
      { area: 'E' },
    ]);
    const done = await importWaves(db, Buffer.from(plan), {
      replace: 'none',
      dryRun: false,
      now: now.getTime(),
    });
    if (!done.ok) throw new Error(JSON.stringify(done.flaws));
    await addFacts(db, [
      // Before and after, each area by its own day. 77 days fit between and the 28th of November, which is not over.
      { ...coverage, area: 'A', at: '2026-06-15T23:59:59Z', count: 7 },
      { ...coverage, area: 'A', at: '2026-06-16T00:00:00Z', count: 40, postcode: '1' },
      { ...coverage, area: 'A', at: '2026-09-01T12:00:00Z', count: 5 },
      { ...coverage, area: 'A', at: '2026-10-01T00:00:00Z', count: 10, postcode: '2' },
      { ...coverage, area: 'B', at: '2026-08-01T00:00:00Z', count: 20 },
      { ...coverage, area: 'B', at: '2026-10-10T00:00:00Z', count: 14, departments: ['planning'] },
      { ...coverage, area: 'C', at: '2026-07-10T00:00:00Z', count: 30 },
      { ...coverage, area: 'C', at: '2026-10-20T00:00:00Z', count: 33 },
      { ...coverage, area: 'D', at: '2026-08-20T00:00:00Z', count: 20 },
      { ...coverage, area: 'D', at: '2026-11-01T00:00:00Z', count: 17 },
      { ...coverage, area: 'D', at: '2026-11-28T23:00:00Z' },
      // Without an area they are neither in a wave nor elsewhere, but tickets all the same.
      { ...coverage, at: '2026-07-10T00:00:00Z', count: 100 },
      { ...coverage, region: 'R', at: '2026-10-01T00:00:00Z', count: 20 },
      // What the question is not about.
      { theme: 'billing-error', area: 'A', at: '2026-10-01T00:00:00Z', count: 50 },
      { ...coverage, kind: 'post', area: 'A', at: '2026-10-01T00:00:00Z', count: 50 },
      // Small counts.
      { theme: 'slow-speed', area: 'E', at: '2026-10-01T00:00:00Z', count: 3 },
      { theme: 'slow-speed', area: 'E', at: '2026-08-01T00:00:00Z', count: 9 },
      { theme: 'slow-speed', area: 'A', at: '2026-10-01T00:00:00Z', count: 7 },
      { theme: 'outage', area: 'F', at: '2026-10-01T00:00:00Z', count: 6 },
      { theme: 'outage', area: 'A', at: '2026-05-01T00:00:00Z', count: 1 },
    ]);
  }, 180_000);
  afterAll(() => db.close());

  const ask = async (
    question: unknown,
    who = planner,
  ): Promise<ReadonlyMap<string, WaveAnswer>> => {
    const answer = await waves(db, who, wavesQuestion.parse(question), now);
    return new Map(answer.waves.map((wave) => [wave.wave, wave]));
  };

  it('come by the day planned, with their areas, technologies and days', async () => {
    const answer = await waves(db, planner, wavesQuestion.parse(coverage), now);
    expect(answer.range).toEqual({
      from: '2026-08-31T00:00:00.000Z',
      to: '2026-11-29T00:00:00.000Z',
    });
    expect(answer.waves.map(({ wave }) => wave)).toEqual([
      'Wave 3',
      'Wave 5',
      'Wave 1',
      'Wave 4',
      'Wave 2',
    ]);
    expect(answer.waves[2]).toMatchObject({
      technologies: ['5G', 'fibre'],
      areas: ['A', 'B'],
      plannedOn: '2026-08-01',
      finishedOn: '2026-09-05',
    });
    expect(answer.waves[4]).toMatchObject({ finishedOn: null, effect: null });
  });

  it('would answer their share of the tickets, with its interval, for their share of the subscribers', async () => {
    const all = await ask(coverage);
    expect(all.get('Wave 1')?.answers).toEqual({
      tickets: 29,
      of: 100,
      share: {
        value: 0.29,
        low: expect.closeTo(0.203574, 5),
        high: expect.closeTo(0.389266, 5),
      },
      subscribers: 8000,
      subscribersShare: 0.4,
      suppressed: false,
    });
    expect(all.get('Wave 2')?.answers).toMatchObject({ tickets: 48, subscribersShare: 0.5 });
    expect(all.get('Wave 3')?.answers).toMatchObject({
      tickets: 0,
      subscribers: null,
      subscribersShare: null,
    });
  });

  it('count what the question narrows to', async () => {
    const early = await ask({ ...coverage, from: '2026-07-01', to: '2026-08-01' });
    expect(early.get('Wave 2')?.answers).toMatchObject({ tickets: 30, of: 130 });
    const postcode = await ask({ ...coverage, postcode: '2' });
    expect(postcode.get('Wave 1')?.answers).toMatchObject({ tickets: 10, of: 10 });
  });

  it('set beside tickets of some places the subscribers of the same', async () => {
    const answersIn = async (places: object) =>
      (await ask({ ...coverage, ...places })).get('Wave 1')?.answers;
    expect(await answersIn({ postcode: '2' })).toMatchObject({
      subscribers: 2000,
      subscribersShare: 1,
    });
    expect(await answersIn({ area: 'A,C' })).toMatchObject({
      subscribers: 6000,
      subscribersShare: 0.6,
    });
    const unknown = { subscribers: null, subscribersShare: null };
    expect(await answersIn({ region: 'R' })).toMatchObject(unknown);
    expect(await answersIn({ site: 'S' })).toMatchObject(unknown);
    expect(await answersIn({ h3: '8928308280fffff' })).toMatchObject(unknown);
  });

  it('are compared before and after, without the day itself, and with all other areas', async () => {
    const all = await ask(coverage);
    expect(all.get('Wave 1')?.effect).toEqual({
      days: 77,
      before: 60,
      after: 24,
      ratio: {
        value: expect.closeTo(0.4, 10),
        low: expect.closeTo(0.238231, 5),
        high: expect.closeTo(0.652022, 5),
      },
      elsewhere: {
        value: expect.closeTo(1, 10),
        low: expect.closeTo(0.662016, 5),
        high: expect.closeTo(1.510537, 5),
      },
      verdict: 'fewer',
    });
  });

  it('are not judged within a week', async () => {
    expect((await ask(coverage)).get('Wave 4')?.effect).toMatchObject({
      days: 0,
      ratio: null,
      verdict: 'too-early',
    });
  });

  it('have no ratio to nothing before, but a verdict', async () => {
    expect((await ask({ theme: 'outage' })).get('Wave 5')?.effect).toMatchObject({
      before: 0,
      after: 6,
      ratio: null,
      verdict: 'more',
    });
    expect((await ask(coverage)).get('Wave 5')?.effect).toMatchObject({
      before: 0,
      after: 0,
      ratio: null,
      verdict: 'no-clear-change',
    });
  });

  it('tell readers no small counts', async () => {
    const seen = (await ask({ theme: 'slow-speed' }, reader)).get('Wave 3');
    expect(seen?.answers).toMatchObject({ tickets: null, of: 10, share: null, suppressed: true });
    expect(seen?.effect).toMatchObject({
      before: null,
      after: null,
      ratio: null,
      verdict: 'suppressed',
    });
    // The three elsewhere would follow from all.
    expect((await ask({ theme: 'slow-speed' }, reader)).get('Wave 1')?.answers).toMatchObject({
      tickets: null,
      of: 10,
      share: null,
      suppressed: true,
    });
    const all = (await ask({ theme: 'slow-speed' })).get('Wave 3');
    expect(all?.answers).toMatchObject({ tickets: 3, of: 10, suppressed: false });
    expect(all?.effect).toMatchObject({ before: 9, after: 3 });
  });

  it('count for a reader of one department its tickets alone', async () => {
    const seen = await ask(coverage, { ...planner, departments: ['planning'] });
    expect(seen.get('Wave 1')?.answers).toMatchObject({ tickets: 14, of: 14 });
    const none = await ask(coverage, { ...planner, departments: ['nobody'] });
    expect(none.get('Wave 1')?.answers).toMatchObject({ tickets: 0, of: 0, share: null });
  });

  it('count the same once weeks are packed', async () => {
    const questions = [coverage, { theme: 'slow-speed' }, { ...coverage, postcode: '2' }, {}];
    const readers = [planner, reader, { ...planner, departments: ['planning'] }];
    const all = () =>
      Promise.all(
        questions.flatMap((one) => readers.map(async (who) => [...(await ask(one, who))])),
      );
    const before = await all();
    await packChangedWeeks(db, new AbortController().signal);
    const { rows } = await sql`SELECT 1 FROM signpost.packed_weeks`.execute(db.query);
    expect(rows.length).toBeGreaterThan(10);
    expect(await all()).toEqual(before);
  });

  it('are none where nothing is planned', async () => {
    const empty = await openStore('PGlite');
    try {
      expect(await waves(empty, planner, wavesQuestion.parse({}), now)).toMatchObject({
        waves: [],
      });
    } finally {
      await empty.close();
    }
  });
});
