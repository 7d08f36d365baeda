// What the first page is told, on both databases: counts of the reader's own rows, and changes that say how sure they are.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../services/core/store/postgres.ts';
import { overviewAnswer } from '../../services/portal/api/answers.ts';
import { compare } from '../../services/portal/queries/overview-change.ts';
import { overview } from '../../services/portal/queries/overview.ts';
import type { Reader } from '../../services/portal/reader.ts';
import { addFacts } from '../support/planner-facts.ts';
import { openStore, storeNames } from '../support/stores.ts';
import { write } from '../support/written-signals.ts';

const now = new Date('2026-11-29T12:00:00Z');
const all: Reader = {
  name: 'all',
  role: 'planner',
  departments: null,
  suppressBelow: 0,
  mayJudge: false,
};
const marketing: Reader = { ...all, role: 'reader', departments: ['marketing'], suppressBelow: 5 };
const daysAgo = (days: number): string => new Date(now.getTime() - days * 86_400_000).toISOString();

describe.each(storeNames)('the overview on %s', (store) => {
  let db: Db;
  beforeAll(async () => void (db = await openStore(store)));
  afterAll(() => db.close());
  const asked = (reader: Reader) => overview(db, reader, now, []);

  it('of nothing says so', async () => {
    const answer = await asked(all);
    expect(overviewAnswer.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({ today: null, lastReceivedAt: null, sources: [], themes: [] });
  });

  it('counts what flowed, what rose, and for a department its own alone', async () => {
    const calm = { theme: 'price', departments: ['marketing'] };
    const steady = Array.from({ length: 28 }, (_, day) => day + 7.5);
    await addFacts(db, [
      ...steady.map((days) => ({ at: daysAgo(days), count: 2, theme: 'coverage' })),
      ...steady.map((days) => ({ at: daysAgo(days), count: 2, ...calm })),
      { at: daysAgo(3), count: 60, theme: 'coverage', departments: ['operations', 'marketing'] },
      { at: daysAgo(3), count: 13, ...calm },
      { at: daysAgo(0.1), count: 4, theme: 'billing', departments: ['marketing'] },
      { at: daysAgo(0.1), kind: 'post', departments: [] },
      { at: daysAgo(-2), count: 9, theme: 'future' },
      { at: daysAgo(40), count: 9, theme: 'long-ago' },
    ]);
    const answer = await asked(all);
    expect(overviewAnswer.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({
      today: '2026-11-29',
      counts: {
        today: { tickets: 4, posts: 1, surveyAnswers: 0 },
        week: { tickets: 77, posts: 1, surveyAnswers: 0 },
      },
      sources: [{ source: 'desk', today: 5, week: 78 }],
    });
    expect(answer.flows).toEqual(
      expect.arrayContaining([
        { source: 'desk', department: 'operations', today: 0, week: 60 },
        { source: 'desk', department: 'marketing', today: 4, week: 77 },
        { source: 'desk', department: null, today: 1, week: 1 },
      ]),
    );
    expect(answer.themes.map(({ theme }) => theme)).toEqual(['coverage', 'price', 'billing']);
    const [coverage, price, billing] = answer.themes;
    expect(coverage?.change?.value).toBeCloseTo(60 / 7 / 2, 5);
    expect(coverage?.change?.low).toBeGreaterThan(1);
    expect(price?.change?.value).toBeCloseTo(13 / 7 / 2, 5);
    expect(price?.change?.low).toBeLessThan(1);
    expect(billing?.change).toBeNull();

    const own = await asked(marketing);
    expect(own.departments.map(({ department }) => department)).toEqual(['marketing']);
    expect(own.counts.week).toEqual({ tickets: 77, posts: 0, surveyAnswers: 0 });
    expect(own.flows).toEqual([{ source: 'desk', department: 'marketing', today: 4, week: 77 }]);
    expect(own.themes.find(({ theme }) => theme === 'billing')).toEqual({
      theme: 'billing',
      tickets: null,
      change: null,
    });
  });

  it('shows the newest notable words, no more of a theme than there is room for', async () => {
    const at = new Date(daysAgo(1));
    for (let index = 0; index < 8; index++) {
      await write(db.query, {
        id: `outage-${index}`,
        departments: ['operations'],
        theme: 'outage',
        urgency: 'high',
        at: new Date(at.getTime() + index),
      });
    }
    await write(db.query, { id: 'quiet', departments: ['operations'], at });
    await write(db.query, {
      id: 'leaving',
      departments: ['marketing'],
      theme: 'price',
      churn: 0.9,
      at: new Date(daysAgo(2)),
    });
    const ids = (await asked(all)).notable.map(({ id }) => id);
    expect(ids).toEqual(['outage-7', 'outage-6', 'outage-5', 'outage-4', 'leaving']);
    expect((await asked(marketing)).notable.map(({ id }) => id)).toEqual(['leaving']);
    expect((await asked(all)).lastReceivedAt).toBe(new Date(at.getTime() + 7).toISOString());
  });
});

describe('a change', () => {
  const daily = (counts: readonly number[]) => counts.map((count, back) => ({ back, count }));
  const times = (days: number, count: number) => Array.from({ length: days }, () => count);
  const even = daily([...times(7, 12), ...times(28, 10)]);

  it('is less sure where counts come in clusters of the same sum', () => {
    const bursts = Array.from({ length: 28 }, (_, day) => (day % 7 === 0 ? 70 : 0));
    const calm = compare(even, 28).change!;
    const clustered = compare(daily([...times(7, 12), ...bursts]), 28).change!;
    expect(clustered.value).toBeCloseTo(calm.value, 10);
    expect(clustered.low).toBeLessThan(calm.low);
    expect(clustered.high).toBeGreaterThan(calm.high);
  });

  it('compares with the days there are, and with too few not at all', () => {
    expect(compare(even, 10).change?.value).toBeCloseTo(1.2, 10);
    expect(compare(even, 6).change).toBeNull();
    expect(compare(daily([1, 1]), 28).change).toBeNull();
  });
});
