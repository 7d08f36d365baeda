// The score of a ranking: what speaks for building at a place, from 0 to 100, every part of it shown. Pure; in plain
// words in docs/planning.md.
import type { Estimate, RankedPlace } from '../api/answers.ts';
import { poissonQuantile } from '../statistics/intervals.ts';

/** What is known of a place, before it is scaled by the others. */
export interface Evidence {
  readonly tickets: number;
  readonly rate: Estimate | null;
  readonly subscribers: number | null;
  readonly weeks: Weeks | null;
  readonly churnRisk: number;
}

type Weeks = NonNullable<RankedPlace['weeks']>;
type Term = RankedPlace['terms'][number];
type TermName = Term['name'];

/** Points at most, together 100: most for what is sure, the lower end of the interval. */
export const weights: Readonly<Partial<Record<TermName, number>>> = {
  rate: 15,
  lowerEnd: 35,
  persistence: 20,
  churnRisk: 10,
  reach: 20,
};

/** Where no place of the ranking has subscribers: tickets take the place of all that rests on them. */
export const weightsWithoutSubscribers: Readonly<Partial<Record<TermName, number>>> = {
  count: 70,
  persistence: 20,
  churnRisk: 10,
};

const valueOf: Readonly<Record<TermName, (place: Evidence) => number | null>> = {
  count: ({ tickets }) => tickets,
  rate: ({ rate }) => rate?.value ?? null,
  lowerEnd: ({ rate }) => rate?.low ?? null,
  persistence: ({ weeks }) => (weeks === null ? null : 1 - weeks.burstShare),
  churnRisk: ({ churnRisk }) => churnRisk,
  reach: ({ subscribers }) => subscribers,
};

/** A share of 1 is what the place at this quantile of the ranking has, so that a single odd one makes no other small. */
const fullAt = 0.95;

/** Terms of a place among all that are ranked; each share is in 0..1, and an unknown value gives none. */
export function createScore(ranked: readonly Evidence[]): (place: Evidence) => readonly Term[] {
  const counted = ranked.some(({ rate }) => rate !== null);
  const terms = Object.entries(counted ? weights : weightsWithoutSubscribers).map(
    ([name, weight]) => {
      const of = valueOf[name as TermName];
      const full = name === 'persistence' ? 1 : quantileOf(ranked.map(of));
      return { name: name as TermName, weight, of, full };
    },
  );
  return (place) =>
    terms.map(({ name, weight, of, full }) => {
      const value = of(place);
      const share = value === null || full <= 0 ? 0 : Math.min(1, Math.max(0, value / full));
      return { name, value, share, weight, points: weight * share };
    });
}

/** The least of the values that at least this share of them does not exceed. */
function quantileOf(values: readonly (number | null)[]): number {
  const known = Float64Array.from(values.filter((value) => value !== null)).toSorted();
  return known[Math.max(0, Math.ceil(fullAt * known.length) - 1)] ?? 0;
}

/** Below this a week's median says too little of what is usual, and every ticket would stand out. */
const leastUsual = 0.5;

/** Persistent demand and bursts, by tickets of whole weeks; null without any ticket in one: no demand is no lasting one. */
export function weeksOf(counts: ArrayLike<number>): Weeks | null {
  const sorted = Float64Array.from(counts).toSorted();
  if (!(sorted.at(-1)! > 0)) return null;
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  const usual = poissonQuantile(Math.max(median, leastUsual));
  let [all, above, spikes] = [0, 0, 0];
  for (const week of sorted) {
    all += week;
    if (week > median) above += week - median;
    if (week > usual) spikes += 1;
  }
  return { whole: sorted.length, median, burstShare: above / all, spikes };
}
