// What the map is coloured by: which measure stands for none, what is withheld of it, what to show where it has nothing.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { FacetsAnswer, Figures } from '../../services/portal/api/answers.ts';
import { examples } from '../../services/portal/http/examples.ts';
import { placeOfFigures } from '../../services/portal/pages/src/map/map-place.ts';
import {
  inOrder,
  isWithheld,
  measureOf,
  measures,
  measuresWithData,
  usualMeasure,
} from '../../services/portal/pages/src/map/measures.ts';

const place = examples.rank.places[0]!.place;
const figures: Figures = {
  suppressed: true,
  opened: 40,
  reopened: 0,
  resolved: 10,
  stillOpen: 30,
  customers: 25,
  medianHoursToResolve: 4,
  p90HoursToResolve: 9,
  meanSentiment: 0,
  meanSentimentInterval: null,
  severities: {},
  posts: 0,
  surveyAnswers: 0,
  meanCsat: null,
  meanCsatInterval: null,
  meanCes: null,
  meanCesInterval: null,
  nps: null,
  npsInterval: null,
  rate: null,
};
const told = measures.filter(({ order, key }) => order === null || key === 'count');
const withheldOf = (some: Partial<Figures>): readonly string[] => {
  const at = placeOfFigures(place, { ...figures, ...some });
  return told.filter((each) => isWithheld(at, each)).map(({ key }) => key);
};

describe('in order', () => {
  const named = (name: string, some: Partial<Figures>) =>
    placeOfFigures({ ...place, key: `area:${name}`, name }, { ...figures, ...some });
  const order = (key: Parameters<typeof measureOf>[0], ...places: ReturnType<typeof named>[]) =>
    inOrder(places, measureOf(key)).map((each) => each.place.name);

  test('a mean of few answers is not first, however bad, and what is not known is last', () => {
    const places = [
      named('nobody', {}),
      named('one', { meanCsat: 1, meanCsatInterval: { low: 1, high: 5 } }),
      named('good', { meanCsat: 4.5, meanCsatInterval: { low: 4.4, high: 4.6 } }),
      named('bad', { meanCsat: 2, meanCsatInterval: { low: 1.8, high: 2.2 } }),
    ];
    expect(order('csat', ...places)).toEqual(['bad', 'good', 'one', 'nobody']);
  });

  test('where the highest is the worst the low end counts, and of equals the value', () => {
    const risk = (name: string, churnRisk: number, low: number, high: number) => ({
      ...named(name, {}),
      churnRisk,
      churnRiskInterval: { low, high },
    });
    const places = [risk('b', 0.3, 0, 1), risk('a', 0.9, 0, 1), risk('c', 0.5, 0.4, 0.6)];
    expect(order('churn', ...places)).toEqual(['c', 'a', 'b']);
    expect(order('stillOpen', named('few', { stillOpen: 1 }), named('many', {}))).toEqual([
      'many',
      'few',
    ]);
  });
});

describe('withheld', () => {
  test('is no figure that may be told, nor one that there is none of, though severities are withheld', () => {
    expect(withheldOf({})).toEqual([]);
  });

  test('is what rests on a count that is', () => {
    expect(withheldOf({ surveyAnswers: null, meanSentiment: null })).toEqual([
      'sentiment',
      'csat',
      'nps',
      'answers',
    ]);
    expect(withheldOf({ resolved: null, medianHoursToResolve: null })).toEqual(['resolve']);
    expect(withheldOf({ opened: null, stillOpen: null })).toEqual(['count', 'stillOpen']);
  });

  test('is a place of the ranking whose tickets are', () => {
    const ranked = { ...placeOfFigures(place, figures), figures: null };
    expect(isWithheld({ ...ranked, tickets: null }, measureOf('churn'))).toBe(true);
    expect(isWithheld(ranked, measureOf('churn'))).toBe(false);
  });
});

describe('the measure that is not asked for', () => {
  const facets = (places: number, placesWithSubscribers: number): FacetsAnswer => ({
    ...examples.facets,
    levels: [
      { level: 'region', places, truncated: false, withSubscribers: true, placesWithSubscribers },
    ],
  });

  test.each([
    [50, 1, 'count'],
    [50, 25, 'count'],
    [50, 26, 'rate'],
    [0, 0, 'count'],
  ])('of %i places of which %i have subscribers is %s', (places, having, measure) => {
    expect(usualMeasure(facets(places, having), 'region')).toBe(measure);
  });

  test('is a count where nothing is known of the level', () => {
    expect(usualMeasure(null, 'region')).toBe('count');
    expect(usualMeasure(facets(50, 50), 'city')).toBe('count');
  });
});

test('where there are no tickets, what there is instead is offered, and nothing else', () => {
  const none = { ...figures, opened: 0 };
  const offered = (some: Partial<Figures>): unknown =>
    measuresWithData({ ...none, ...some }, 'opened').map(({ key, has }) => [key, has]);
  expect(offered({})).toEqual([]);
  expect(offered({ surveyAnswers: 78_695, meanCsat: 3.4 })).toEqual([
    ['csat', '78,695 survey answers'],
  ]);
  expect(offered({ surveyAnswers: null, posts: 1 })).toEqual([
    ['answers', 'a few survey answers'],
    ['posts', '1 post'],
  ]);
});

test('every measure an address may name is in docs/pages.md', () => {
  const text = readFileSync(new URL('../../docs/pages.md', import.meta.url), 'utf8');
  expect(measures.filter(({ key }) => !text.includes(`\`${key}\``))).toEqual([]);
});
