// Means of answers on a scale, with their interval: it is as wide as the scale where there are next to no answers. Pure.
import { betaQuantile } from '#core/statistics/beta.ts';
import type { Ends } from './intervals.ts';
import { remembered } from './remembered.ts';

/** Of all answers that a mean is of. */
export interface Spread {
  readonly count: number;
  readonly sum: number;
  /** Sum of the squares. */
  readonly squares: number;
}

/** The least and the greatest answer that can be given. */
export interface Scale {
  readonly least: number;
  readonly most: number;
}

/** Of both ends together, 5 %. */
const outside = 0.05;
/** Beyond it Student's t is the normal distribution but for a part in 10,000. */
const mostDegrees = 10_000;

/** Null of nothing. */
export function meanOf({ count, sum }: Spread): number | null {
  return count === 0 ? null : sum / count;
}

/**
 * The 95 % interval of a mean: Student's t of the answers and of two more, one at either end of the scale. Without these
 * it is no wider than a point where the few that answered said the same, and holds the true mean of a lopsided scale in
 * one case of five. For shares it is the "plus four" interval of A. Agresti and B. A. Coull ("Approximate is better than
 * 'exact'", The American Statistician 52, 1998) with half as many and t for it; for NPS, B. Rocks ("Interval estimation
 * for the 'net promoter score'", The American Statistician 70, 2016) adds three.
 * `test/stages/portal-statistics.test.ts` says how often it holds the true mean.
 * @returns within the scale, the mean itself within it; null of nothing
 */
export function meanInterval({ count, sum, squares }: Spread, { least, most }: Scale): Ends | null {
  if (count === 0) return null;
  const all = count + 2;
  const middle = (sum + least + most) / all;
  const variance = (squares + least ** 2 + most ** 2 - all * middle ** 2) / (all - 1);
  const half = studentEnd(Math.min(all - 1, mostDegrees)) * Math.sqrt(Math.max(0, variance) / all);
  const mean = sum / count;
  return {
    low: Math.min(mean, Math.max(least, middle - half)),
    high: Math.max(mean, Math.min(most, middle + half)),
  };
}

/**
 * What Student's t exceeds, on either side, in 5 of 100 cases: the share of t beyond is I_x(ν/2, 1/2) at
 * x = ν / (ν + t²) (Abramowitz and Stegun 26.7.1).
 */
export const studentEnd = remembered((degrees: number): number => {
  const x = betaQuantile(outside, degrees / 2, 1 / 2);
  return Math.sqrt((degrees * (1 - x)) / x);
});
