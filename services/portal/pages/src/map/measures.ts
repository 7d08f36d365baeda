// What the map can be coloured by and the list ordered by: a figure of a ranked place, and how it is said.
import type { RankedPlace } from '../../../api/answers.ts';
import { countText, decimalText, shareText } from '../show/figures.ts';

export type MeasureKey =
  | 'rate'
  | 'lowerEnd'
  | 'count'
  | 'score'
  | 'persistence'
  | 'bursts'
  | 'evenings'
  | 'churn';

export interface Measure {
  readonly key: MeasureKey;
  readonly title: string;
  /** Behind the value. */
  readonly unit: string;
  readonly explains: string;
  readonly of: (place: RankedPlace) => number | null;
  readonly text: (value: number) => string;
  /** The order of the API that is nearest. */
  readonly order: 'score' | 'rate' | 'lowerEnd' | 'count';
}

export const measures: readonly Measure[] = [
  {
    key: 'rate',
    title: 'Tickets per 1,000',
    unit: 'per 1,000',
    explains: 'Tickets opened per 1,000 subscribers in the time range.',
    of: ({ rate }) => rate?.value ?? null,
    text: decimalText,
    order: 'rate',
  },
  {
    key: 'lowerEnd',
    title: 'Per 1,000, at least',
    unit: 'per 1,000 at least',
    explains: 'The lower end of the rate’s 95 % interval: small places do not win by chance.',
    of: ({ rate }) => rate?.low ?? null,
    text: decimalText,
    order: 'lowerEnd',
  },
  {
    key: 'count',
    title: 'Tickets',
    unit: 'tickets',
    explains: 'Tickets opened in the time range.',
    of: ({ tickets }) => tickets,
    text: countText,
    order: 'count',
  },
  {
    key: 'score',
    title: 'Score',
    unit: 'points',
    explains: 'Evidence for building there: rate, its lower end, persistence, churn risk, reach.',
    of: ({ score }) => score,
    text: decimalText,
    order: 'score',
  },
  {
    key: 'persistence',
    title: 'Tickets in the middle week',
    unit: 'in the middle week',
    explains: 'Median of the whole weeks: demand that stays, without its bursts.',
    of: ({ weeks }) => weeks?.median ?? null,
    text: decimalText,
    order: 'count',
  },
  {
    key: 'bursts',
    title: 'Share in bursts',
    unit: 'in bursts',
    explains: 'Share of the tickets above the middle week: outages rather than coverage.',
    of: ({ weeks }) => weeks?.burstShare ?? null,
    text: shareText,
    order: 'score',
  },
  {
    key: 'evenings',
    title: 'Share in the evening',
    unit: 'from 18 to 23 h',
    explains: 'Share of tickets from 18 to 23 h; 21 % were even, more hints at congestion.',
    of: ({ busyHourShare }) => busyHourShare?.value ?? null,
    text: shareText,
    order: 'score',
  },
  {
    key: 'churn',
    title: 'Churn risk',
    unit: 'mean churn risk',
    explains: 'Mean churn risk of the tickets, from 0 to 1.',
    of: ({ churnRisk }) => churnRisk,
    text: decimalText,
    order: 'score',
  },
];

export function measureOf(key: MeasureKey): Measure {
  return measures.find((measure) => measure.key === key)!;
}
