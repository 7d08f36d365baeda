// What customer service may tell a customer at a place: the same for everyone, and nothing that is not theirs to know.
import { sql } from 'kysely';
import { latLngToCell } from 'h3-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '#core/store/postgres.ts';
import type { AreaStatusAnswer } from '../../services/portal/api/answers.ts';
import { areaStatusQuestion } from '../../services/portal/api/questions.ts';
import type { Reader } from '../../services/portal/reader.ts';
import { areaStatus, nearestArea } from '../../services/portal/queries/area-status.ts';
import { importWaves } from '../../services/portal/waves/store-waves.ts';
import { addFacts, setGazetteer } from '../support/planner-facts.ts';
import { openStore, storeNames } from '../support/stores.ts';

const now = new Date('2026-11-29T12:00:00Z');
const everyone: Reader = {
  name: 'care',
  role: 'admin',
  departments: null,
  suppressBelow: 0,
  mayJudge: false,
};
const options = { coverageSurveys: ['desk'], suppressBelow: 5 };

describe.each(storeNames)('the status of a place on %s', (name) => {
  let db: Db;
  beforeAll(async () => {
    db = await openStore(name);
  }, 180_000);
  afterAll(() => db.close());
  beforeEach(async () => {
    await sql`TRUNCATE signpost.signals, signpost.waves, signpost.gazetteer, signpost.places`.execute(
      db.query,
    );
    await setGazetteer(db, [
      {
        area: 'Old Mint',
        postcode: 'AM1 15',
        technology: 'cable',
        city: 'Aldermoor',
        region: 'Ambervale',
        country: 'XV',
        lat: 47.14,
        lon: -100.58,
      },
      {
        area: 'Old Mint',
        postcode: 'AM1 16',
        technology: '5G',
        city: 'Aldermoor',
        region: 'Ambervale',
        country: 'XV',
        lat: 47.15,
        lon: -100.58,
      },
      {
        area: 'Airfield',
        postcode: 'AM143',
        technology: 'fibre',
        city: 'Aldermoor',
        region: 'Ambervale',
        country: 'XV',
        lat: 46.99,
        lon: -100.62,
      },
    ]);
  });
  const ask = (question: unknown): Promise<AreaStatusAnswer | null> =>
    areaStatus(db, areaStatusQuestion.parse(question), now, options);
  const tickets = { area: 'Old Mint', theme: 'outage', isOpen: true } as const;

  it('is found by area, by postcode however written, and by the nearest point', async () => {
    const place = { area: 'Old Mint', city: 'Aldermoor', region: 'Ambervale', country: 'XV' };
    const both = await ask({ area: 'old mint' });
    expect(both).toEqual({
      place,
      coverage: [
        { technology: '5G', by: 'gazetteer', quality: 'served', answers: null },
        { technology: 'cable', by: 'gazetteer', quality: 'served', answers: null },
      ],
      problems: [],
      planned: [],
    });
    expect((await ask({ postcode: 'am116' }))?.coverage.map((each) => each.technology)).toEqual([
      '5G',
    ]);
    expect((await ask({ lat: 47.16, lon: -100.58 }))?.place).toEqual(place);
  });

  it('is not made up for a place that nothing knows', async () => {
    expect(await ask({ area: 'Nowhere' })).toBeNull();
    expect(await ask({ postcode: 'AM115', country: 'US' })).toBeNull();
    expect(await ask({ lat: 10, lon: 10 })).toBeNull();
  });

  it('tells how calls are where enough customers said so lately, by technology', async () => {
    const answer = {
      kind: 'survey',
      scale: 'csat',
      area: 'Old Mint',
      at: '2026-11-20T00:00:00Z',
    } as const;
    await addFacts(db, [
      { ...answer, technology: '4G', score: 5, count: 14 },
      { ...answer, technology: '4G', score: 1, count: 6 },
      { ...answer, technology: '3G', score: 4, count: 10 },
      { ...answer, technology: '3G', score: 3, count: 10 },
      { ...answer, technology: '2G', score: 2, count: 20 },
      { ...answer, technology: '5G', score: 1, count: 19 },
      { ...answer, technology: '5G', score: 1, count: 9, at: '2025-11-01T00:00:00Z' },
      { ...answer, score: 1, count: 30 },
    ]);
    const said = (await ask({ area: 'Old Mint' }))?.coverage.filter(({ by }) => by !== 'gazetteer');
    expect(said).toEqual([
      { technology: '2G', by: 'call-quality-surveys', quality: 'poor', answers: 20 },
      { technology: '3G', by: 'call-quality-surveys', quality: 'mixed', answers: 20 },
      { technology: '4G', by: 'call-quality-surveys', quality: 'good', answers: 20 },
    ]);
    const other = { ...options, coverageSurveys: ['after-calls'] };
    const none = await areaStatus(db, areaStatusQuestion.parse({ area: 'Old Mint' }), now, other);
    expect(none?.coverage.filter(({ by }) => by !== 'gazetteer')).toEqual([]);
  });

  it('tells the name that was meant where it would be answered', async () => {
    const meant = (question: unknown) =>
      nearestArea(db, everyone, areaStatusQuestion.parse(question));
    expect(await meant({ area: 'Old Mnt' })).toBe('Old Mint');
    expect(await meant({ area: 'area:Old Mint' })).toBe('Old Mint');
    expect(await meant({ area: 'Old Mnt', country: 'XV' })).toBe('Old Mint');
    expect(await meant({ area: 'Old Mnt', country: 'US' })).toBeNull();
    expect(await meant({ area: 'Somewhere' })).toBeNull();
    expect(await meant({ postcode: 'AM1 17' })).toBeNull();
  });

  it('knows calls around a point where no gazetteer reaches', async () => {
    const at = (lat: number, lon: number) => latLngToCell(lat, lon, 9);
    const answer = {
      kind: 'survey',
      scale: 'csat',
      technology: '4G',
      at: '2026-11-20T00:00:00Z',
    } as const;
    await addFacts(db, [
      { ...answer, score: 5, count: 12, h3: at(12.69, 78.63) },
      { ...answer, score: 5, count: 12, h3: at(12.71, 78.64) },
      { ...answer, score: 1, count: 50, h3: at(12.9, 78.63) },
    ]);
    expect(await ask({ lat: 12.69, lon: 78.63 })).toEqual({
      place: { area: null, city: null, region: null, country: null },
      coverage: [{ technology: '4G', by: 'call-quality-surveys', quality: 'good', answers: 24 }],
      problems: [],
      planned: [],
    });
  });

  it('tells of problems when clearly more customers have open tickets than usual', async () => {
    await addFacts(db, [
      { ...tickets, at: '2026-11-28T20:40:00Z', count: 12 },
      { ...tickets, at: '2026-11-29T11:00:00Z', count: 13 },
      { ...tickets, at: '2026-11-10T00:00:00Z', count: 20, isOpen: false },
      { ...tickets, theme: 'slow-speed', at: '2026-11-29T09:30:00Z', count: 5 },
      // As usual: 4 in two days where 56 came in the four weeks before.
      { ...tickets, theme: 'coverage', at: '2026-11-29T10:00:00Z', count: 6 },
      { ...tickets, theme: 'coverage', at: '2026-11-10T00:00:00Z', count: 56, isOpen: false },
      // Never told: fewer than five, resolved ones, bills, and those of other areas.
      { ...tickets, theme: 'tv-service', at: '2026-11-29T10:00:00Z', count: 4 },
      {
        ...tickets,
        theme: 'call-or-message',
        at: '2026-11-29T10:00:00Z',
        count: 30,
        isOpen: false,
      },
      { ...tickets, theme: 'billing-error', at: '2026-11-29T10:00:00Z', count: 30 },
      {
        ...tickets,
        theme: 'unstable-service',
        area: 'Airfield',
        at: '2026-11-29T10:00:00Z',
        count: 30,
      },
    ]);
    expect((await ask({ area: 'Old Mint' }))?.problems).toEqual([
      { subject: 'No service', since: '2026-11-28T20:00:00.000Z', reports: 'many' },
      { subject: 'Slow connections', since: '2026-11-29T09:00:00.000Z', reports: 'several' },
    ]);
    const strict = { ...options, suppressBelow: 10 };
    const seen = await areaStatus(db, areaStatusQuestion.parse({ area: 'Old Mint' }), now, strict);
    expect(seen?.problems.map(({ subject }) => subject)).toEqual(['No service']);
  });

  it('takes no steady flow for a problem because the store is young', async () => {
    const days = Array.from({ length: 7 }, (_, day) => ({
      ...tickets,
      at: `2026-11-${23 + day}T10:00:00Z`,
      count: 4,
    }));
    await addFacts(db, days);
    expect((await ask({ area: 'Old Mint' }))?.problems).toEqual([]);
    // Nor because it holds history from long before.
    await addFacts(db, [{ ...tickets, at: '2020-01-01T00:00:00Z', isOpen: false }]);
    expect((await ask({ area: 'Old Mint' }))?.problems).toEqual([]);
  });

  it('knows of a quiet place what is usual by tickets of others', async () => {
    await addFacts(db, [
      { ...tickets, at: '2026-11-29T10:00:00Z', count: 5 },
      { ...tickets, area: 'Airfield', at: '2026-11-05T10:00:00Z', isOpen: false },
    ]);
    expect((await ask({ area: 'Old Mint' }))?.problems).toHaveLength(1);
  });

  it('counts a customer once, however many tickets they open', async () => {
    await addFacts(db, [
      { ...tickets, at: '2026-11-29T10:00:00Z', count: 9 },
      { ...tickets, at: '2026-11-05T10:00:00Z', theme: 'price' },
    ]);
    expect((await ask({ area: 'Old Mint' }))?.problems).toHaveLength(1);
    await sql`UPDATE signpost.signals SET customer = ${'0123456789abcdef0123456789abcdef'}::uuid`.execute(
      db.query,
    );
    expect((await ask({ area: 'Old Mint' }))?.problems).toEqual([]);
  });

  it('tells planned work to come by technology and day, without the name of a wave', async () => {
    const plan = `area,wave,technology,planned,finished
Old Mint,Secret 1,5G,2027-03-01,
Old Mint,Secret 2,5G,2027-01-15,
Old Mint,Secret 2,fibre,2026-11-29,
Old Mint,Secret 3,4G,2026-05-01,
Old Mint,Secret 4,cable,2026-05-01,2026-06-01
Airfield,Secret 4,6G,2027-01-01,
`;
    await importWaves(db, Buffer.from(plan), { replace: 'all', dryRun: false, now: now.getTime() });
    const answer = await ask({ area: 'Old Mint' });
    expect(answer?.planned).toEqual([
      { technology: 'fibre', from: '2026-11-29' },
      { technology: '5G', from: '2027-01-15' },
    ]);
    expect(JSON.stringify(answer)).not.toContain('Secret');
  });

  it('takes hostile text as the name of no place', async () => {
    expect(await ask({ area: `'; DROP TABLE signpost.waves; --` })).toBeNull();
    expect(await ask({ postcode: '%' })).toBeNull();
  });
});
