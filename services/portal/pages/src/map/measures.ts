// What the map can be coloured by and the list ordered by: a figure of a ranked place, and how it is said.
import type { FacetsAnswer, Figures } from '../../../api/answers.ts';
import { countText, decimalText, hoursText, rateText, shareText } from '../show/figures.ts';
import type { Ends, MapPlace } from './map-place.ts';

export type MeasureKey =
  | 'rate'
  | 'lowerEnd'
  | 'count'
  | 'score'
  | 'persistence'
  | 'bursts'
  | 'evenings'
  | 'churn'
  | 'stillOpen'
  | 'resolve'
  | 'sentiment'
  | 'answers'
  | 'csat'
  | 'nps'
  | 'posts';

/** What a measure rests on, as the API calls it. */
export type Counted = 'opened' | 'surveyAnswers' | 'posts';

export interface Measure {
  readonly key: MeasureKey;
  readonly title: string;
  /** Behind the value. */
  readonly unit: string;
  readonly explains: string;
  readonly of: (place: MapPlace) => number | null;
  readonly text: (value: number) => string;
  /** Of a mean or share: its interval, by whose nearer end places are ordered, so that few answers are not first. */
  readonly ends?: (place: MapPlace) => Ends | null;
  /** The order of the ranking that is nearest; null where figures are asked for and not the ranking. */
  readonly order: 'score' | 'rate' | 'lowerEnd' | 'count' | null;
  readonly counts: Counted;
  /** Counts that are withheld with it, where it is not `counts` alone. */
  readonly restsOn?: readonly (keyof Figures)[];
  /** The lowest is the worst: it comes first and has the strongest tone. */
  readonly isWorstLow?: true;
}

export const measures: readonly Measure[] = [
  {
    key: 'rate',
    title: 'Tickets per 1,000',
    unit: 'per 1,000',
    explains: 'Tickets opened per 1,000 subscribers in the time range.',
    of: ({ rate }) => rate?.value ?? null,
    text: rateText,
    order: 'rate',
    counts: 'opened',
  },
  {
    key: 'lowerEnd',
    title: 'Per 1,000, at least',
    unit: 'per 1,000 at least',
    explains: 'The lower end of the rate’s 95 % interval: small places do not win by chance.',
    of: ({ rate }) => rate?.low ?? null,
    text: rateText,
    order: 'lowerEnd',
    counts: 'opened',
  },
  {
    key: 'count',
    title: 'Tickets',
    unit: 'tickets',
    explains: 'Tickets opened in the time range.',
    of: ({ tickets }) => tickets,
    text: countText,
    order: 'count',
    counts: 'opened',
  },
  {
    key: 'score',
    title: 'Score',
    unit: 'points',
    explains: 'Evidence for building there: rate, its lower end, persistence, churn risk, reach.',
    of: ({ score }) => score,
    text: decimalText,
    order: 'score',
    counts: 'opened',
  },
  {
    key: 'persistence',
    title: 'Tickets in the middle week',
    unit: 'in the middle week',
    explains: 'Median of the whole weeks: demand that stays, without its bursts.',
    of: ({ weeks }) => weeks?.median ?? null,
    text: decimalText,
    order: 'count',
    counts: 'opened',
  },
  {
    key: 'bursts',
    title: 'Share in bursts',
    unit: 'in bursts',
    explains: 'Share of the tickets above the middle week: outages rather than coverage.',
    of: ({ weeks }) => weeks?.burstShare ?? null,
    text: shareText,
    order: 'score',
    counts: 'opened',
  },
  {
    key: 'evenings',
    title: 'Share in the evening',
    unit: 'from 18 to 23 h',
    explains:
      'Share of tickets from 18 to 23 h; 21 % were even, more hints at congestion. What is surely high first.',
    of: ({ busyHourShare }) => busyHourShare?.value ?? null,
    ends: ({ busyHourShare }) => busyHourShare,
    text: shareText,
    order: 'score',
    counts: 'opened',
  },
  {
    key: 'churn',
    title: 'Churn risk',
    unit: 'mean churn risk',
    explains: 'Mean churn risk of the tickets, from 0 to 1; what is surely high first.',
    of: ({ churnRisk }) => churnRisk,
    ends: ({ churnRiskInterval }) => churnRiskInterval,
    text: decimalText,
    order: 'score',
    counts: 'opened',
  },
  {
    key: 'stillOpen',
    title: 'Tickets still open',
    unit: 'still open',
    explains: 'Tickets opened in the time range and not resolved yet.',
    of: ({ figures }) => figures?.stillOpen ?? null,
    text: countText,
    order: null,
    counts: 'opened',
    restsOn: ['stillOpen'],
  },
  {
    key: 'resolve',
    title: 'Time to resolve',
    unit: 'in the middle',
    explains: 'Median time from the opening of a ticket to its resolution.',
    of: ({ figures }) => figures?.medianHoursToResolve ?? null,
    text: hoursText,
    order: null,
    counts: 'opened',
    restsOn: ['resolved'],
  },
  {
    key: 'sentiment',
    title: 'Sentiment',
    unit: 'mean sentiment',
    explains:
      'Mean sentiment of tickets, posts and answers, from −1 to 1; what is surely low first.',
    of: ({ figures }) => figures?.meanSentiment ?? null,
    ends: ({ figures }) => figures?.meanSentimentInterval ?? null,
    text: decimalText,
    order: null,
    counts: 'opened',
    restsOn: ['opened', 'posts', 'surveyAnswers'],
    isWorstLow: true,
  },
  {
    key: 'csat',
    title: 'Satisfaction in surveys',
    unit: 'of 5',
    explains: 'Mean answer from 1 to 5 (CSAT), of calls or of service; what is surely low first.',
    of: ({ figures }) => figures?.meanCsat ?? null,
    ends: ({ figures }) => figures?.meanCsatInterval ?? null,
    text: rateText,
    order: null,
    counts: 'surveyAnswers',
    isWorstLow: true,
  },
  {
    key: 'nps',
    title: 'Net promoter score',
    unit: 'NPS',
    explains:
      'Promoters less detractors in per cent of answers, from −100 to 100; what is surely low first.',
    of: ({ figures }) => figures?.nps ?? null,
    ends: ({ figures }) => figures?.npsInterval ?? null,
    text: decimalText,
    order: null,
    counts: 'surveyAnswers',
    isWorstLow: true,
  },
  {
    key: 'answers',
    title: 'Survey answers',
    unit: 'answers',
    explains: 'Answers to surveys in the time range.',
    of: ({ figures }) => figures?.surveyAnswers ?? null,
    text: countText,
    order: null,
    counts: 'surveyAnswers',
  },
  {
    key: 'posts',
    title: 'Posts',
    unit: 'posts',
    explains: 'Posts of customers in the time range.',
    of: ({ figures }) => figures?.posts ?? null,
    text: countText,
    order: null,
    counts: 'posts',
  },
];

export function measureOf(key: MeasureKey): Measure {
  return measures.find((measure) => measure.key === key)!;
}

/** In the order of the measure; what is withheld or unknown comes last, as the API has it. */
export function inOrder(places: readonly MapPlace[], measure: Measure): readonly MapPlace[] {
  return places
    .map((place) => ({ place, value: measure.of(place), weight: weightOf(place, measure) }))
    .toSorted((a, b) => {
      if (a.value === null || b.value === null)
        return Number(a.value === null) - Number(b.value === null);
      const worse = measure.isWorstLow ? a.value - b.value : b.value - a.value;
      return b.weight - a.weight || worse;
    })
    .map(({ place }) => place);
}

function weightOf(place: MapPlace, { of, ends, isWorstLow }: Measure): number {
  const value = of(place) ?? 0;
  const known = ends?.(place) ?? { low: value, high: value };
  return isWorstLow ? -known.high : known.low;
}

const countedNames = { opened: 'tickets', surveyAnswers: 'answers', posts: 'posts' } as const;

export function countedName(counted: Counted): string {
  return countedNames[counted];
}

/** How many a place's value rests on; null where that is not known. */
export function baseOf(place: MapPlace, { counts }: Measure): number | null {
  return place.figures === null || counts === 'opened' ? place.tickets : place.figures[counts];
}

/**
 * Whether the value is one that this reader may not see. `suppressed` alone does not say so: it is true as well where
 * another figure of the place is withheld.
 */
export function isWithheld(place: MapPlace, measure: Measure): boolean {
  const { suppressed, figures } = place;
  if (!suppressed || measure.of(place) !== null) return false;
  if (figures === null) return place.tickets === null;
  return (measure.restsOn ?? [measure.counts]).some((count) => figures[count] === null);
}

/** Where none is asked for: rates, if most places of the level can have one; else the map would be all but empty. */
export function usualMeasure(facets: FacetsAnswer | null, level: string): MeasureKey {
  const known = facets?.levels.find((each) => each.level === level);
  if (known === undefined) return 'count';
  return known.placesWithSubscribers * 2 > known.places ? 'rate' : 'count';
}

export interface OtherMeasure {
  readonly key: MeasureKey;
  /** "78,695 survey answers" */
  readonly has: string;
  readonly title: string;
}

/** Of a question about which `counts` has nothing to show: what has. @param figures of all that was asked about */
export function measuresWithData(figures: Figures, counts: Counted): readonly OtherMeasure[] {
  const { opened, surveyAnswers, meanCsat, nps, posts } = figures;
  const scored = meanCsat !== null ? 'csat' : nps !== null ? 'nps' : 'answers';
  const others = [
    ['opened', 'count', opened, 'ticket'],
    ['surveyAnswers', scored, surveyAnswers, 'survey answer'],
    ['posts', 'posts', posts, 'post'],
  ] as const;
  return others.flatMap(([counted, key, count, one]) => {
    // Null is withheld: there are some, and the map says as much.
    if (counted === counts || count === 0) return [];
    const has =
      count === null ? `a few ${one}s` : `${countText(count)} ${one}${count === 1 ? '' : 's'}`;
    return [{ key, has, title: measureOf(key).title }];
  });
}
