// Misspelt names in filters, on both databases: they are told, with what may be meant, and with nothing that the reader
// may not see.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '#core/store/postgres.ts';
import type { Notice } from '../../services/portal/api/answers.ts';
import {
  aggregatesQuestion,
  insightsQuestion,
  placeQuestion,
  rankQuestion,
  wavesQuestion,
} from '../../services/portal/api/questions.ts';
import { createQueries } from '../../services/portal/queries/queries.ts';
import type { Reader } from '../../services/portal/reader.ts';
import { addFacts, setGazetteer } from '../support/planner-facts.ts';
import { openStore, storeNames } from '../support/stores.ts';

const everyone: Reader = {
  name: 'planner',
  role: 'planner',
  departments: null,
  suppressBelow: 0,
  mayJudge: false,
};
const ofPlanning: Reader = { ...everyone, name: 'planning', departments: ['planning'] };
const at = '2026-10-05T10:00:00Z';

describe.each(storeNames)('names in filters on %s', (name) => {
  let db: Db;
  let queries: ReturnType<typeof createQueries>;
  beforeAll(async () => {
    db = await openStore(name);
    queries = createQueries(db, () => Date.parse('2026-10-19T12:00:00Z'));
  });
  afterAll(() => db.close());

  const noticesOf = async (asked: object, reader = everyone): Promise<readonly Notice[]> =>
    (await queries.aggregates(reader, aggregatesQuestion.parse(asked))).notices;
  const meantBy = async (asked: object, reader = everyone) =>
    (await noticesOf(asked, reader)).map(({ field, value, nearest }) => [field, value, nearest]);

  it('are all let be where nothing ever came in', async () => {
    expect(await noticesOf({ theme: 'coverage', area: 'Harbour North' })).toEqual([]);
  });

  describe('once something came in', () => {
    beforeAll(async () => {
      const harbour = { country: 'US', region: 'California', area: 'Harbour North' };
      await addFacts(db, [
        { at, ...harbour, theme: 'coverage', technology: '4G', departments: ['planning'] },
        { at, ...harbour, theme: 'price', technology: '5G', departments: ['operations'] },
        { at, area: 'Secret Hill', theme: 'roaming', departments: ['operations'] },
        { at: '2020-01-01T00:00:00Z', theme: 'outage' },
      ]);
      await setGazetteer(db, [{ area: 'Silent Valley', country: 'US', region: 'Nevada' }]);
    });

    it('are told where nothing has them, with the nearest that there is', async () => {
      expect(await noticesOf({ theme: 'coverge', area: 'harbour nort' })).toEqual([
        {
          field: 'theme',
          value: 'coverge',
          nearest: 'coverage',
          message: 'No signal has the theme coverge; perhaps coverage is meant.',
        },
        {
          field: 'area',
          value: 'harbour nort',
          nearest: 'Harbour North',
          message:
            'Neither the gazetteer nor any signal has the area harbour nort; perhaps Harbour North is meant.',
        },
      ]);
      expect(await meantBy({ technology: '4g' })).toEqual([['technology', '4g', '4G']]);
      expect(await meantBy({ region: 'Nevda,Texas' })).toEqual([
        ['region', 'Nevda', 'Nevada'],
        ['region', 'Texas', null],
      ]);
      expect(await meantBy({ site: 'mast-7' })).toEqual([['site', 'mast-7', null]]);
    });

    it('are told beside others that there are', async () => {
      const asked = aggregatesQuestion.parse({ theme: 'coverage,prize' });
      const { rows, notices } = await queries.aggregates(everyone, asked);
      expect(rows).toMatchObject([{ opened: 1 }]);
      expect(notices).toMatchObject([{ value: 'prize', nearest: 'price' }]);
    });

    it('are let be where there is no row in the range, or none at all of a place that is listed', async () => {
      expect(await noticesOf({ theme: 'outage' })).toEqual([]);
      expect(await noticesOf({ area: 'Silent Valley', region: 'Nevada' })).toEqual([]);
      expect(await noticesOf({ theme: 'none', technology: 'unknown' })).toEqual([]);
      expect(await noticesOf({ country: 'US', h3: '8660145b7ffffff' })).toEqual([]);
    });

    it('are told of by every question', async () => {
      const theme = 'coverge';
      const notices = [expect.objectContaining({ field: 'theme', nearest: 'coverage' })];
      expect(await queries.rank(everyone, rankQuestion.parse({ theme }))).toMatchObject({
        notices,
      });
      expect(await queries.waves(everyone, wavesQuestion.parse({ theme }))).toMatchObject({
        notices,
      });
      expect(await queries.insights(everyone, insightsQuestion.parse({ theme }))).toMatchObject({
        notices,
      });
      const asked = placeQuestion.parse({ theme });
      expect(await queries.place(everyone, 'area:Harbour North', asked)).toMatchObject({ notices });
    });

    it('tell a department nothing of what others alone received', async () => {
      // Known to everyone, and remembered as known.
      expect(await noticesOf({ area: 'Secret Hill', technology: '5G' })).toEqual([]);
      const made = await noticesOf({ area: 'Secret Hull' }, ofPlanning);
      const real = await noticesOf({ area: 'Secret Hill' }, ofPlanning);
      expect(real).toMatchObject([{ value: 'Secret Hill', nearest: null }]);
      expect(made).toMatchObject([{ value: 'Secret Hull', nearest: null }]);
      expect(real[0]!.message.replace('Hill', 'Hull')).toBe(made[0]!.message);
      expect(made[0]!.message).toContain('that you may see');
      expect(await meantBy({ technology: '5G,6G' }, ofPlanning)).toEqual([
        ['technology', '5G', '4G'],
        ['technology', '6G', '4G'],
      ]);
      expect(await meantBy({ theme: 'prices', area: 'Harbor North' }, ofPlanning)).toEqual([
        ['theme', 'prices', null],
        ['area', 'Harbor North', 'Harbour North'],
      ]);
    });

    it('are at most ten', async () => {
      const theme = Array.from({ length: 50 }, (_, n) => `no such theme ${n}`).join(',');
      expect(await noticesOf({ theme })).toHaveLength(10);
    });
  });
});
