// Questions of planners on both databases, on few facts whose every figure is reckoned by hand: from facts alone, from
// packed weeks, and with days that changed since.
import { sql } from 'kysely';
import { cellToCenterChild, cellToParent, gridDisk, latLngToCell } from 'h3-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '#core/store/postgres.ts';
import { packChangedWeeks } from '../../services/aggregate/pack-weeks.ts';
import {
  aggregatesAnswer,
  facetsAnswer,
  insightsAnswer,
  placeAnswer,
  rankAnswer,
} from '../../services/portal/api/answers.ts';
import {
  aggregatesQuestion,
  insightsQuestion,
  placeQuestion,
  rankQuestion,
} from '../../services/portal/api/questions.ts';
import { aggregates } from '../../services/portal/queries/aggregates.ts';
import { facets } from '../../services/portal/queries/facets.ts';
import { insights } from '../../services/portal/queries/insights.ts';
import { place } from '../../services/portal/queries/place.ts';
import { rank } from '../../services/portal/queries/rank.ts';
import type { Reader } from '../../services/portal/reader.ts';
import { meanInterval } from '../../services/portal/statistics/means.ts';
import { addFacts, setGazetteer, type PlainFact } from '../support/planner-facts.ts';
import { openStore, storeNames } from '../support/stores.ts';

const now = new Date('2026-10-19T12:00:00Z');
const everyone: Reader = {
  name: 'planner',
  role: 'planner',
  departments: null,
  suppressBelow: 0,
  mayJudge: false,
};
const ofPlanning: Reader = { ...everyone, name: 'planning', departments: ['planning'] };
const ofStrangers: Reader = { ...everyone, name: 'strangers', departments: ['nobody'] };
const careful: Reader = { ...everyone, role: 'reader', suppressBelow: 2 };

const harbour = { country: 'US', region: 'California', city: 'Oakland', area: 'Harbour North' };
const hill = { country: 'US', region: 'California', city: 'Oakland', area: 'Hill/Top 100%' };
const both = ['operations', 'planning'];
const h3 = latLngToCell(37.8, -122.3, 9);

const facts: readonly PlainFact[] = [
  {
    ...harbour, h3, at: '2026-10-05T10:00:00Z', resolvedAt: '2026-10-06T10:00:00Z', theme: 'coverage',
    technology: '4G', departments: both, customer: 'a', severity: 'major', sentiment: -1, churn: 0.5,
    text: 'No signal at the old pier',
  },
  {
    // 18:30 of the day before, where it is.
    ...harbour, h3, at: '2026-10-06T02:30:00Z', isOpen: true, theme: 'coverage', technology: '5G',
    customer: 'a', severity: 'minor', text: 'Signal comes and goes <script>alert(1)</script>',
  },
  {
    ...harbour, at: '2026-10-13T12:00:00Z', reopenedAt: '2026-10-14T00:00:00Z',
    resolvedAt: '2026-10-16T12:00:00Z', theme: 'price', technology: '4G', departments: ['planning'],
    customer: 'b', severity: 'major', sentiment: -1, churn: 0.25, text: 'Signal bars cost too much',
  },
  {
    ...hill, at: '2026-10-07T00:00:00Z', resolvedAt: '2026-10-20T00:00:00Z', isExact: false,
    theme: 'coverage', technology: '4G', customer: 'c', severity: 'minor', sentiment: 1,
  },
  { at: '2026-10-08T09:00:00Z', isOpen: true, theme: 'coverage', departments: [] },
  // Opened before, resolved within the range.
  { ...harbour, at: '2026-10-01T00:00:00Z', resolvedAt: '2026-10-08T00:00:00Z', theme: 'coverage', technology: '4G' },
  { ...harbour, kind: 'post', at: '2026-10-07T08:00:00Z', theme: 'coverage', customer: 'd', sentiment: -1 },
  { ...harbour, kind: 'survey', at: '2026-10-09T08:00:00Z', departments: ['planning'], scale: 'nps', score: 10 },
  { ...harbour, kind: 'survey', at: '2026-10-12T08:00:00Z', departments: ['planning'], scale: 'nps', score: 3 },
  { ...harbour, kind: 'survey', at: '2026-10-12T09:00:00Z', departments: ['planning'], scale: 'nps', score: 8 },
  { ...hill, kind: 'survey', at: '2026-10-12T10:00:00Z', scale: 'csat', score: 4 },
]; // prettier-ignore

const range = { from: '2026-10-05', to: '2026-10-19' };
const around = { least: -1, most: 1 };
const ofThree = meanInterval({ count: 3, sum: 0, squares: 2 }, around)!;

describe.each(storeNames)('questions of planners on %s', (name) => {
  let db: Db;
  beforeAll(async () => {
    db = await openStore(name);
    await addFacts(db, [{ at: '2026-09-01T00:00:00Z' }]);
    await db.query.deleteFrom('signpost.signals').execute();
    await addFacts(db, facts);
    await setGazetteer(db, [
      { ...harbour, subscribers: 1000, lat: 37.8, lon: -122.3 },
      { ...hill, subscribers: 400, lat: 37.81, lon: -122.2 },
      { ...hill, subscribers: 100, lat: 37.83, lon: -122.22 },
      {
        area: 'Silent',
        country: 'US',
        region: 'California',
        city: 'Oakland',
        lat: 37.9,
        lon: -122.1,
      },
    ]);
    await db.query
      .insertInto('signpost.waves')
      .values([
        {
          wave: '1',
          area: 'Harbour North',
          technology: '5G',
          planned_on: '2027-01-01',
          finished_on: null,
        },
        {
          wave: '2',
          area: 'Silent',
          technology: '5G',
          planned_on: '2027-02-01',
          finished_on: null,
        },
      ])
      .execute();
  });
  afterAll(() => db.close());

  const ask = async (asked: object, reader = everyone) => {
    const question = aggregatesQuestion.parse({ ...range, ...asked });
    return aggregatesAnswer.parse(await aggregates(db, reader, question, now));
  };
  const figures = (rows: readonly Record<string, unknown>[], ...columns: string[]): unknown[][] =>
    rows.map((row) => columns.map((column) => row[column]));

  describe.each([
    ['from facts alone', async () => {}],
    ['from packed weeks', async () => void (await packChangedWeeks(db))],
    [
      'from packed weeks with a day that changed',
      async () => {
        await sql`UPDATE signpost.signals SET churn = churn WHERE at = '2026-10-07T08:00:00Z'`.execute(
          db.query,
        );
      },
    ],
  ])('%s', (_, prepare) => {
    beforeAll(prepare);

    it('counts every figure of a row', async () => {
      const { rows, next, unplaced } = await ask({});
      expect(next).toBeNull();
      expect(unplaced).toBe(0);
      expect(rows).toEqual([
        {
          suppressed: false,
          opened: 5,
          reopened: 1,
          // The fourth after the end of the range.
          resolved: 3,
          stillOpen: 2,
          customers: 4,
          // Of 24, 72 and 168.
          medianHoursToResolve: 72,
          p90HoursToResolve: 72 + 0.8 * 96,
          meanSentiment: -2 / 10,
          meanSentimentInterval: meanInterval({ count: 10, sum: -2, squares: 4 }, around),
          severities: { major: 2, minor: 2, unknown: 1 },
          posts: 1,
          surveyAnswers: 4,
          meanCsat: 4,
          // Of one answer.
          meanCsatInterval: { low: 1, high: 5 },
          meanCes: null,
          meanCesInterval: null,
          nps: 0,
          // 10, 3 and 8.
          npsInterval: {
            low: 100 * ofThree.low,
            high: 100 * ofThree.high,
          },
          rate: null,
          start: null,
          place: null,
          theme: null,
          technology: null,
          department: null,
          kind: null,
        },
      ]);
    });

    it('counts by area, with what is nowhere as a row and a number', async () => {
      const { rows, unplaced } = await ask({ groupBy: 'area' });
      expect(unplaced).toBe(1);
      expect(rows.map(({ place: at, opened }) => [at?.key, opened])).toEqual([
        ['area:Harbour North', 3],
        [undefined, 1],
        ['area:Hill%2FTop 100%25', 1],
      ]);
      expect(rows[0]).toMatchObject({
        place: {
          within: ['US', 'California', 'Oakland'],
          lat: 37.8,
          lon: -122.3,
          subscribers: 1000,
        },
        rate: { value: 3 },
      });
      // R: poisson.test(3)
      expect(rows[0]!.rate!.low).toBeCloseTo(0.618_672, 5);
      expect(rows[0]!.rate!.high).toBeCloseTo(8.767_273, 5);
      expect(rows[2]!.place).toMatchObject({ name: 'Hill/Top 100%', subscribers: 500 });
      expect(rows[2]!.place!.lat).toBeCloseTo(37.82, 9);
    });

    it('sums subscribers of what lies in a place', async () => {
      const { rows } = await ask({ groupBy: 'region' });
      expect(rows[0]).toMatchObject({
        place: {
          key: 'region:US/California',
          name: 'California',
          within: ['US'],
          subscribers: 1500,
        },
        opened: 4,
      });
    });

    it('counts by cell, and knows where cells are', async () => {
      const { rows, unplaced } = await ask({ groupBy: 'h3-6' });
      const cell = cellToParent(h3, 6);
      expect(unplaced).toBe(8);
      expect(rows.map(({ place: at, opened }) => [at?.key, opened])).toEqual([
        [undefined, 3],
        [`h3-6:${cell}`, 2],
      ]);
      expect(rows[1]!.place!.subscribers).toBe(1000);
    });

    it('counts by week, the newest last, and by theme and technology', async () => {
      const { rows } = await ask({ bucket: 'week' });
      expect(figures(rows, 'start', 'opened', 'resolved', 'reopened', 'surveyAnswers')).toEqual([
        ['2026-10-05T00:00:00.000Z', 4, 2, 0, 1],
        ['2026-10-12T00:00:00.000Z', 1, 1, 1, 3],
      ]);
      const byTheme = await ask({ groupBy: 'theme,technology', kind: 'ticket' });
      expect(figures(byTheme.rows, 'theme', 'technology', 'opened', 'resolved')).toEqual([
        ['coverage', '4G', 2, 2],
        ['coverage', '5G', 1, 0],
        ['coverage', 'unknown', 1, 0],
        ['price', '4G', 1, 1],
      ]);
    });

    it('counts hours', async () => {
      const { rows } = await ask({
        bucket: 'hour',
        from: '2026-10-06T02:00:00Z',
        to: '2026-10-06T11:00:00Z',
      });
      expect(figures(rows, 'start', 'opened', 'resolved')).toEqual([
        ['2026-10-06T02:00:00.000Z', 1, 0],
        ['2026-10-06T10:00:00.000Z', 0, 1],
      ]);
    });

    it('ends and begins at a moment', async () => {
      const moments = { from: '2026-10-05T10:00:00Z', to: '2026-10-13T12:00:00Z' };
      expect((await ask(moments)).rows[0]).toMatchObject({ opened: 4 });
      expect((await ask({ ...moments, from: '2026-10-05T10:00:00.001Z' })).rows[0]!.opened).toBe(3);
      expect((await ask({ ...moments, to: '2026-10-13T12:00:00.001Z' })).rows[0]!.opened).toBe(5);
    });

    it('keeps to filters, which hold together', async () => {
      const opened = async (asked: object) => (await ask(asked)).rows[0]?.opened;
      expect(await opened({ city: 'Oakland', theme: 'coverage' })).toBe(3);
      expect(await opened({ area: 'Harbour North', technology: '4G,5G' })).toBe(3);
      expect(await opened({ area: hill.area })).toBe(1);
      expect(await opened({ region: 'Texas' })).toBeUndefined();
      expect(await opened({ h3: cellToParent(h3, 4) })).toBe(2);
      expect(await opened({ h3: latLngToCell(0, 0, 4) })).toBeUndefined();
      expect(await opened({ department: 'planning' })).toBe(2);
      expect(await opened({ department: 'operations,planning' })).toBe(4);
      expect(await opened({ theme: "x'; DROP TABLE signpost.signals" })).toBeUndefined();
    });

    it('counts a ticket in each department that received it, and apart where none did', async () => {
      const { rows } = await ask({ groupBy: 'department', kind: 'ticket' });
      expect(figures(rows, 'department', 'opened', 'resolved')).toEqual([
        ['operations', 3, 2],
        ['planning', 2, 2],
        [null, 1, 0],
      ]);
    });

    it('shows a department its own rows, and those of no other, not even as counts', async () => {
      expect((await ask({}, ofPlanning)).rows[0]).toMatchObject({
        opened: 2,
        resolved: 2,
        stillOpen: 0,
        posts: 0,
        surveyAnswers: 3,
        customers: 2,
      });
      const { rows, unplaced } = await ask({ groupBy: 'department' }, ofPlanning);
      expect(figures(rows, 'department', 'opened')).toEqual([['planning', 2]]);
      expect(unplaced).toBe(0);
      expect((await ask({ department: 'operations' }, ofPlanning)).rows).toEqual([]);
      expect((await ask({ groupBy: 'area' }, ofPlanning)).rows).toHaveLength(1);
      expect((await ask({}, ofStrangers)).rows).toEqual([]);
      expect((await ask({}, { ...everyone, departments: [] })).rows).toEqual([]);
    });

    it('tells no small count, and nothing that follows from it', async () => {
      const { rows, unplaced } = await ask({ groupBy: 'area' }, careful);
      expect(unplaced).toBeNull();
      // What is small comes last, by name, whatever its size.
      expect(rows.map(({ place: at }) => at?.name)).toEqual([
        'Harbour North',
        undefined,
        hill.area,
      ]);
      expect(rows[0]).toMatchObject({
        suppressed: true,
        opened: 3,
        posts: null,
        reopened: null,
        // One is still open: it would follow from those opened and resolved.
        resolved: null,
        stillOpen: null,
      });
      expect(rows[0]).toMatchObject({ severities: {}, meanSentiment: null, customers: null });
      expect(rows[2]).toMatchObject({
        suppressed: true,
        opened: null,
        stillOpen: null,
        rate: null,
        severities: {},
        meanCsat: null,
      });
    });

    it('tells no interval of a score that would tell how few answered on another scale', async () => {
      // Three on one, one on another.
      expect((await ask({}, careful)).rows[0]).toMatchObject({
        suppressed: true,
        surveyAnswers: 4,
        meanCsat: null,
        meanCsatInterval: null,
        nps: 0,
        npsInterval: null,
      });
      const ofOneScale = await ask({ area: 'Harbour North' }, careful);
      expect(ofOneScale.rows[0]).toMatchObject({
        surveyAnswers: 3,
        nps: 0,
        npsInterval: { low: 100 * ofThree.low },
      });
    });

    it('tells of no week that would follow from all of them', async () => {
      const asked = { area: 'Harbour North', kind: 'ticket' };
      expect((await ask(asked, careful)).rows[0]).toMatchObject({ opened: 3 });
      const { rows } = await ask({ ...asked, bucket: 'week' }, careful);
      expect(figures(rows, 'opened', 'suppressed')).toEqual([
        [null, true],
        [null, true],
      ]);
      const { trend } = (await place(
        db,
        careful,
        'area:Harbour North',
        placeQuestion.parse(range),
        now,
      ))!;
      expect(trend.filter(({ tickets }) => tickets !== 0)).toMatchObject([
        { tickets: null },
        { tickets: null },
      ]);
      const byTheme = await ask({ ...asked, groupBy: 'theme', order: '-opened' }, careful);
      expect(figures(byTheme.rows, 'opened', 'rate')).toEqual([
        [null, null],
        [null, null],
      ]);
    });

    it('gives the same rows page by page', async () => {
      const asked = { groupBy: 'theme,technology', bucket: 'week', order: '-opened' };
      const whole = await ask(asked);
      const pages: unknown[] = [];
      let cursor: string | null | undefined;
      for (;;) {
        const page = await ask({ ...asked, limit: 2, ...(cursor ? { cursor } : {}) });
        pages.push(...page.rows);
        cursor = page.next;
        if (cursor === null) break;
      }
      expect(pages).toEqual(whole.rows);
      expect(pages.length).toBeGreaterThan(4);
    });

    it('ranks places by evidence, every term shown', async () => {
      const asked = rankQuestion.parse(range);
      const { places, unplaced } = rankAnswer.parse(await rank(db, everyone, asked, now));
      expect(unplaced).toBe(1);
      expect(places.map(({ rank: at, place: { name: of } }) => [at, of])).toEqual([
        [1, 'Harbour North'],
        [2, hill.area],
      ]);
      const [first, second] = places;
      expect(first).toMatchObject({
        tickets: 3,
        rate: { value: 3 },
        weeks: { whole: 2, median: 1.5, burstShare: 0.5 / 3, spikes: 0 },
        churnRisk: 0.25,
        churnRiskInterval: meanInterval(
          { count: 3, sum: 0.75, squares: 0.3125 },
          { least: 0, most: 1 },
        ),
      });
      // One of three at 18:30; the hour of the other place's ticket is not known.
      expect(first!.busyHourShare!.value).toBeCloseTo(1 / 3, 9);
      expect(second!.busyHourShare).toBeNull();
      const points = first!.terms.map((term) => [term.name, term.points]);
      expect(points).toEqual([
        ['rate', 15],
        ['lowerEnd', 35],
        ['persistence', expect.closeTo(20 * (1 - 0.5 / 3), 9)],
        ['churnRisk', 10],
        ['reach', 20],
      ]);
      expect(first!.score).toBeCloseTo(
        first!.terms.reduce((sum, term) => sum + term.points, 0),
        9,
      );
      expect(second!.terms[0]).toMatchObject({ name: 'rate', value: 2, share: 2 / 3, points: 10 });
    });

    it('ranks what it may not tell of last, without a figure', async () => {
      const asked = rankQuestion.parse({ ...range, by: 'count' });
      const { places, unplaced } = await rank(db, careful, asked, now);
      // One of three: the share would tell.
      expect(places[0]!.busyHourShare).toBeNull();
      expect(unplaced).toBeNull();
      expect(
        places.map(({ suppressed, tickets, score, terms }) => [
          suppressed,
          tickets,
          score === null,
          terms.length,
        ]),
      ).toEqual([
        [false, 3, false, 5],
        [true, null, true, 0],
      ]);
    });

    it('ranks page by page as at once', async () => {
      const first = await rank(db, everyone, rankQuestion.parse({ ...range, limit: 1 }), now);
      const second = await rank(
        db,
        everyone,
        rankQuestion.parse({ ...range, limit: 1, cursor: first.next! }),
        now,
      );
      expect(second.places.map(({ rank: at, place: { name: of } }) => [at, of])).toEqual([
        [2, hill.area],
      ]);
      expect(second.next).toBeNull();
    });

    it('tells all of one place', async () => {
      const asked = placeQuestion.parse(range);
      const answer = placeAnswer.parse(await place(db, everyone, 'area:Harbour North', asked, now));
      expect(answer).toMatchObject({
        place: { key: 'area:Harbour North', subscribers: 1000 },
        figures: { opened: 3, resolved: 3, posts: 1, surveyAnswers: 3, nps: 0, rate: { value: 3 } },
        ranked: { rank: 1, tickets: 3 },
        trend: [
          { start: '2026-10-05', tickets: 2, rate: { value: 2 } },
          { start: '2026-10-12', tickets: 1 },
        ],
        themes: [
          { theme: 'coverage', tickets: 2, share: 2 / 3 },
          { theme: 'price', tickets: 1, share: 1 / 3 },
          { theme: 'none', tickets: 0, share: 0 },
        ],
        waves: [{ wave: '1' }],
      });
      expect(answer.verbatims.map(({ text }) => text)).toEqual([
        'Signal bars cost too much',
        'Signal comes and goes <script>alert(1)</script>',
        'No signal at the old pier',
      ]);
    });

    it('tells of a place by its key at every level', async () => {
      const opened = async (key: string, asked: object = {}) =>
        (await place(db, everyone, key, placeQuestion.parse({ ...range, ...asked }), now))?.figures
          .opened;
      expect(await opened('area:Hill%2FTop 100%25')).toBe(1);
      expect(await opened('region:US/California')).toBe(4);
      expect(await opened('city:US/California/Oakland', { theme: 'coverage' })).toBe(3);
      expect(await opened(`h3-8:${cellToParent(h3, 8)}`)).toBe(2);
      expect(await opened('region:US/California', { region: 'Texas' })).toBe(0);
      expect(await opened('area:Silent')).toBe(0);
      expect(await opened('area:Nowhere')).toBeUndefined();
      expect(await opened('region:California')).toBeUndefined();
      expect(await opened('planet:Mars')).toBeUndefined();
      expect(await opened('h3-8:85283473fffffff')).toBeUndefined();
    });

    it('knows no place of which another department alone has heard', async () => {
      await setGazetteer(db, [{ ...harbour, subscribers: 1000, lat: 37.8, lon: -122.3 }]);
      const asked = placeQuestion.parse(range);
      expect(await place(db, ofPlanning, 'area:Hill%2FTop 100%25', asked, now)).toBeNull();
      expect(await place(db, everyone, 'area:Hill%2FTop 100%25', asked, now)).not.toBeNull();
      await setGazetteer(db, [
        { ...harbour, subscribers: 1000, lat: 37.8, lon: -122.3 },
        { ...hill, subscribers: 400, lat: 37.81, lon: -122.2 },
        { ...hill, subscribers: 100, lat: 37.83, lon: -122.22 },
        {
          area: 'Silent',
          country: 'US',
          region: 'California',
          city: 'Oakland',
          lat: 37.9,
          lon: -122.1,
        },
      ]);
    });
  });

  it('refuses what only it can know to be wrong, by name', async () => {
    const field = (name_: string) =>
      expect.objectContaining({ name: 'QuestionRefused', field: name_ });
    const page = await ask({ groupBy: 'theme', limit: 1 });
    await expect(ask({ groupBy: 'theme', cursor: 'bm9uc2Vuc2U' })).rejects.toEqual(field('cursor'));
    await expect(ask({ groupBy: 'area', cursor: page.next! })).rejects.toEqual(field('cursor'));
    await expect(ask({ groupBy: 'area,region' })).rejects.toEqual(field('groupBy'));
    await expect(ask({ from: '2026-12-01', to: undefined })).rejects.toEqual(field('from'));
    await expect(ask({ from: '1066-10-14' })).rejects.toEqual(field('from'));
    await expect(ask({ h3: '8fffffffffffff0' })).rejects.toEqual(field('h3'));
    const ranked = rank(db, everyone, rankQuestion.parse({ kind: 'post' }), now);
    await expect(ranked).rejects.toEqual(field('kind'));
  });

  it('is about the 90 days that end with the day of the newest signal, not of one of the future', async () => {
    await addFacts(db, [{ at: '2031-01-01T00:00:00Z', theme: 'future' }]);
    const { range: usual } = await aggregates(db, everyone, aggregatesQuestion.parse({}), now);
    expect(usual).toEqual({ from: '2026-07-16T00:00:00.000Z', to: '2026-10-14T00:00:00.000Z' });
    await sql`DELETE FROM signpost.signals WHERE at > '2030-01-01'`.execute(db.query);
  });

  describe('insights', () => {
    const find = async (asked: object, reader = everyone) =>
      insightsAnswer.parse(
        await insights(db, reader, insightsQuestion.parse({ ...range, ...asked }), now),
      );
    const texts = async (asked: object, reader = everyone) =>
      (await find(asked, reader)).insights.map(({ text }) => text);

    it('are found by words, all of them, in order, and without others', async () => {
      expect(await texts({ q: 'signal' })).toHaveLength(3);
      expect(await texts({ q: 'signal -bars' })).toHaveLength(2);
      expect(await texts({ q: '"old pier"' })).toEqual(['No signal at the old pier']);
      expect(await texts({ q: '"pier old"' })).toEqual([]);
      expect(await texts({ q: "'); DROP TABLE signpost.words; --" })).toEqual([]);
      expect(await texts({ q: 'signal', theme: 'price' })).toEqual(['Signal bars cost too much']);
    });

    it('come the newest first, page by page, those without words too', async () => {
      const whole = await find({});
      expect(whole.insights).toHaveLength(10);
      const pages: unknown[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof find>> = await find({
          limit: 3,
          ...(cursor ? { cursor } : {}),
        });
        pages.push(...page.insights);
        cursor = page.next;
      } while (cursor !== null);
      expect(pages).toEqual(whole.insights);
      expect(whole.insights.map(({ at }) => at)).toEqual(
        whole.insights
          .map(({ at }) => at)
          .toSorted()
          .toReversed(),
      );
    });

    it('of other departments are not seen, by words neither, nor what others were told of a shared one', async () => {
      expect(await texts({ q: 'signal' }, ofPlanning)).toEqual([
        'Signal bars cost too much',
        'No signal at the old pier',
      ]);
      const {
        insights: [shared],
      } = await find({ q: 'pier' }, ofPlanning);
      expect(shared!.departments.map(({ department }) => department)).toEqual(['planning']);
      expect(await texts({}, ofStrangers)).toEqual([]);
      const {
        insights: [whole],
      } = await find({ q: 'pier' });
      expect(whole!.departments.map(({ department, received }) => [department, received])).toEqual([
        ['operations', true],
        ['planning', true],
      ]);
    });

    it('refuse a made-up cursor', async () => {
      const refused = { name: 'QuestionRefused', field: 'cursor' };
      await expect(find({ cursor: 'x' })).rejects.toMatchObject(refused);
    });
  });

  it('takes no duration from a ticket that was first heard of when it was resolved', async () => {
    const town = { country: 'KE', region: 'Nairobi', city: 'Nairobi', area: 'Imported' };
    const at = '2025-03-03T10:00:00Z';
    await addFacts(db, [
      { ...town, at, resolvedAt: at, count: 4 },
      { ...town, at, resolvedAt: '2025-03-04T10:00:00Z' },
    ]);
    try {
      const asked = { from: '2025-03-03', to: '2025-03-10' };
      const known = { resolved: 5, medianHoursToResolve: 24, p90HoursToResolve: 24 };
      expect((await ask(asked)).rows).toMatchObject([known]);
      await packChangedWeeks(db);
      expect((await ask(asked)).rows).toMatchObject([known]);
      // That would be the time of one ticket.
      expect((await ask(asked, careful)).rows).toMatchObject([
        { resolved: 5, medianHoursToResolve: null, p90HoursToResolve: null },
      ]);
      const { rows } = await sql`
        SELECT sum(resolved)::int AS resolved, max(median_hours_to_resolve) AS median
        FROM signpost_views.tickets_by_day WHERE area = 'Imported'
          AND day = '2025-03-03'`.execute(db.query);
      expect(rows).toEqual([{ resolved: 4, median: null }]);
    } finally {
      await sql`DELETE FROM signpost.signals WHERE at = ${at}::timestamptz`.execute(db.query);
      await packChangedWeeks(db);
    }
  });

  it('says no number of customers where none of them is known', async () => {
    const town = { country: 'KE', region: 'Nairobi', city: 'Nairobi', area: 'Nameless' };
    const at = '2025-03-03T10:00:00Z';
    await addFacts(db, [{ ...town, at, resolvedAt: '2025-03-20T10:00:00Z', count: 4 }]);
    try {
      const asked = { from: '2025-03-03', to: '2025-03-10' };
      const unknown = { suppressed: false, opened: 4, customers: null };
      expect((await ask(asked)).rows).toMatchObject([unknown]);
      expect((await ask(asked, careful)).rows).toMatchObject([unknown]);
      // Nothing was said then: nobody said it.
      expect((await ask({ from: '2025-03-20', to: '2025-03-21' })).rows).toMatchObject([
        { opened: 0, resolved: 4, customers: 0 },
      ]);
      await addFacts(db, [{ ...town, at, theme: 'price', customer: 'e' }]);
      const byTheme = await ask({ ...asked, groupBy: 'theme', order: 'customers' });
      expect(figures(byTheme.rows, 'theme', 'customers')).toEqual([
        ['price', 1],
        ['none', null],
      ]);
    } finally {
      await sql`DELETE FROM signpost.signals WHERE at = ${at}::timestamptz`.execute(db.query);
    }
  });

  it('counts cells up to a thousand, and says where there are more', async () => {
    const at = '2025-04-01T10:00:00Z';
    const hexes = async () =>
      facetsAnswer.parse(await facets(db, everyone)).levels.find(({ level }) => level === 'h3-8');
    // Beside the one that there is.
    const parents = gridDisk(latLngToCell(1.3, 36.8, 8), 18).slice(0, 999);
    try {
      await addFacts(
        db,
        parents.map((parent) => ({ at, h3: cellToCenterChild(parent, 9) })),
      );
      expect(await hexes()).toMatchObject({ places: 1000, truncated: false });
      await addFacts(db, [{ at, h3: latLngToCell(60, 25, 9) }]);
      expect(await hexes()).toMatchObject({ places: 1000, truncated: true });
    } finally {
      await sql`DELETE FROM signpost.signals WHERE at = ${at}::timestamptz`.execute(db.query);
    }
  });

  it('says what there is to ask for, to each reader its own', async () => {
    const all = facetsAnswer.parse(await facets(db, everyone));
    expect(all).toMatchObject({
      range: { from: '2026-10-01T00:00:00.000Z', to: '2026-10-13T12:00:00.000Z' },
      departments: ['operations', 'planning'],
      themes: ['coverage', 'none', 'price'],
      technologies: ['4G', '5G', 'unknown'],
      waves: ['1', '2'],
    });
    const levels = Object.fromEntries(all.levels.map(({ level, places }) => [level, places]));
    expect(levels).toMatchObject({
      country: 1,
      region: 1,
      city: 1,
      area: 2,
      site: 0,
      'h3-4': 1,
      'h3-8': 1,
    });
    const counted = all.levels.map((each) => [each.level, each.placesWithSubscribers] as const);
    expect(Object.fromEntries(counted)).toMatchObject({
      region: 1,
      area: 2,
      site: 0,
      'h3-4': 1,
    });
    const own = await facets(db, ofPlanning);
    expect(own.departments).toEqual(['planning']);
    expect(own.technologies).toEqual(['4G', 'unknown']);
    expect(own.levels.find(({ level }) => level === 'area')!.places).toBe(1);
    expect((await facets(db, ofStrangers)).range).toBeNull();
  });

  describe('views for BI tools', () => {
    const asTool = (departments: string | null, query: string) =>
      db.query.transaction().execute(async (tx) => {
        await sql`SELECT set_config('role', 'signpost_reader', true)`.execute(tx);
        if (departments !== null) {
          await sql`SELECT set_config('signpost.departments', ${departments}, true)`.execute(tx);
        }
        return (await sql.raw<Record<string, unknown>>(query).execute(tx)).rows;
      });

    it('count as the query API does', async () => {
      const rows = await asTool(
        '-1',
        `SELECT sum(opened)::int AS opened, sum(reopened)::int AS reopened, sum(resolved)::int AS resolved,
          sum(still_open)::int AS open FROM signpost_views.tickets_by_day
          WHERE day >= '2026-10-05' AND day < '2026-10-19'`,
      );
      expect(rows).toEqual([{ opened: 5, reopened: 1, resolved: 3, open: 2 }]);
      const hours = await asTool(
        '-1',
        'SELECT sum(opened)::int AS opened FROM signpost_views.tickets_by_hour',
      );
      // Six, of which one has no hour.
      expect(hours).toEqual([{ opened: 5 }]);
    });

    it('have names, and show a role the rows of its departments', async () => {
      const query =
        'SELECT theme, area, severity, departments, hours_to_resolve FROM signpost_views.signals ORDER BY at';
      const planning = await asTool('2', query);
      expect(planning[0]).toEqual({
        theme: 'coverage',
        area: 'Harbour North',
        severity: 'major',
        departments: both,
        hours_to_resolve: 24,
      });
      expect(planning).toHaveLength(5);
      expect(await asTool('-1', query)).toHaveLength(facts.length);
      expect(await asTool(null, query)).toEqual([]);
      expect(await asTool('0', query)).toEqual([]);
    });

    it('are read, and nothing else', async () => {
      await expect(asTool('-1', 'DELETE FROM signpost_views.waves')).rejects.toMatchObject({
        code: 'store-refused',
      });
      expect(
        await asTool('-1', 'SELECT area FROM signpost_views.waves ORDER BY wave'),
      ).toHaveLength(2);
      expect(await asTool('-1', 'SELECT subscribers FROM signpost_views.gazetteer')).toHaveLength(
        4,
      );
    });
  });
});
