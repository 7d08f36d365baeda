// Areas of one name in two regions, on both databases: counted, ranked and found apart, where the gazetteer has both.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '#core/store/postgres.ts';
import {
  aggregatesQuestion,
  placeQuestion,
  rankQuestion,
} from '../../services/portal/api/questions.ts';
import { createQueries } from '../../services/portal/queries/queries.ts';
import type { Reader } from '../../services/portal/reader.ts';
import { addFacts, setGazetteer, type PlainArea } from '../support/planner-facts.ts';
import { openStore, storeNames } from '../support/stores.ts';

const everyone: Reader = {
  name: 'planner',
  role: 'planner',
  departments: null,
  suppressBelow: 0,
  mayJudge: false,
};
const at = '2026-10-05T10:00:00Z';
const illinois = { country: 'US', region: 'Illinois', area: 'Springfield' };
const oregon = { country: 'US', region: 'Oregon', area: 'Springfield' };
const hill = { country: 'US', region: 'Oregon', area: 'Hill' };
const lines: readonly PlainArea[] = [
  { ...illinois, subscribers: 1000, lat: 39.8, lon: -89.6 },
  { ...oregon, subscribers: 100, lat: 44.05, lon: -123.02 },
  { ...hill, subscribers: 50, lat: 44, lon: -123 },
];

describe.each(storeNames)('areas of one name on %s', (name) => {
  let db: Db;
  let queries: ReturnType<typeof createQueries>;
  beforeAll(async () => {
    db = await openStore(name);
    queries = createQueries(db, () => Date.parse('2026-10-19T12:00:00Z'));
    await addFacts(db, [
      { at, ...illinois, count: 4 },
      { at, ...oregon, count: 3 },
      { at, area: 'Springfield', count: 2 },
      { at, ...hill },
    ]);
    await setGazetteer(db, lines);
  });
  afterAll(() => db.close());

  const byArea = async () => {
    const asked = aggregatesQuestion.parse({ groupBy: 'area' });
    const { rows } = await queries.aggregates(everyone, asked);
    return rows.map(({ place, opened, rate }) => [place?.key, opened, rate?.value]);
  };
  const placeAt = (key: string) => queries.place(everyone, key, placeQuestion.parse({}));
  const apart = [
    ['area:US/Illinois/Springfield', 4, 4],
    ['area:US/Oregon/Springfield', 3, 30],
    ['area://Springfield', 2, undefined],
    ['area:Hill', 1, 20],
  ];

  it('are counted apart, each with its own subscribers, and apart what does not tell', async () => {
    expect(await byArea()).toEqual(apart);
    const { levels } = await queries.facets(everyone);
    expect(levels.find(({ level }) => level === 'area')).toMatchObject({
      places: 4,
      placesWithSubscribers: 3,
    });
  });

  it('are ranked apart, and found by the key that says which', async () => {
    const { places } = await queries.rank(everyone, rankQuestion.parse({ by: 'rate' }));
    expect(places.map(({ place, tickets }) => [place.key, tickets])).toEqual([
      ['area:US/Oregon/Springfield', 3],
      ['area:Hill', 1],
      ['area:US/Illinois/Springfield', 4],
      ['area://Springfield', 2],
    ]);
    expect(await placeAt('area:US/Oregon/Springfield')).toMatchObject({
      place: { name: 'Springfield', within: ['US', 'Oregon'], lat: 44.05, subscribers: 100 },
      figures: { opened: 3 },
      ranked: { tickets: 3, rate: { value: 30 } },
    });
    expect(await placeAt('area://Springfield')).toMatchObject({
      place: { name: 'Springfield', within: [], subscribers: null },
      figures: { opened: 2 },
    });
    expect(await placeAt('area:US/Ohio/Springfield')).toBeNull();
  });

  it('are one by the name alone, in whatever region', async () => {
    expect(await placeAt('area:Springfield')).toMatchObject({ figures: { opened: 9 } });
  });

  it('are one where the gazetteer has but one of them, and keys that said which find it still', async () => {
    await setGazetteer(db, lines.slice(1));
    try {
      expect(await byArea()).toEqual([
        ['area:Springfield', 9, 90],
        ['area:Hill', 1, 20],
      ]);
      expect(await placeAt('area:US/Oregon/Springfield')).toMatchObject({
        place: { key: 'area:Springfield' },
        figures: { opened: 9 },
      });
    } finally {
      await setGazetteer(db, lines);
    }
    expect(await byArea()).toEqual(apart);
  });
});
