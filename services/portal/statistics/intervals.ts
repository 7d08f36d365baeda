// Exact intervals of counts, rates, shares and ratios: they hold what is true at least as often as they say. Pure.
import type { Estimate } from '../api/answers.ts';
import { betaQuantile } from '#core/statistics/beta.ts';
import { gammaQuantile, gammaShare } from '#core/statistics/gamma.ts';
import { remembered } from './remembered.ts';

/** How often an interval holds the true value, at least. */
const confidence = 0.95;
const tail = (1 - confidence) / 2;

export type Ends = Pick<Estimate, 'low' | 'high'>;

/**
 * The interval of the mean of a Poisson distribution of which `count` was seen: F. Garwood, "Fiducial limits for the
 * Poisson distribution", Biometrika 28 (1936), by quantiles of the gamma distribution.
 */
export const poissonInterval = remembered((count: number): Ends => ({
  low: count === 0 ? 0 : gammaQuantile(tail, count),
  high: gammaQuantile(1 - tail, count + 1),
}));

/** Tickets per 1,000 subscribers with the interval of their count; null without subscribers. */
export function ratePerThousand(count: number, subscribers: number | null): Estimate | null {
  if (subscribers === null || subscribers <= 0) return null;
  const { low, high } = poissonInterval(count);
  const each = 1000 / subscribers;
  return { value: count * each, low: low * each, high: high * each };
}

/**
 * A share with its interval: C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the
 * case of the binomial", Biometrika 26 (1934). Null of nothing.
 */
export function shareOf(count: number, all: number): Estimate | null {
  if (all === 0) return null;
  return {
    value: count / all,
    low: count === 0 ? 0 : betaQuantile(tail, count, all - count + 1),
    high: count === all ? 1 : betaQuantile(1 - tail, count + 1, all - count),
  };
}

/**
 * The ratio of two Poisson rates, `after` over `before`, each a count seen in a time: given their sum, the one count is
 * binomial (J. Przyborowski and H. Wilenski, "Homogeneity of results in testing samples from Poisson series", Biometrika
 * 31, 1940), so that its exact interval is that of a share turned into odds. The high end is null where nothing bounds it.
 * Null when both counts are 0 or `before` is, for then there is no ratio.
 */
export function rateRatio(
  after: { readonly count: number; readonly time: number },
  before: { readonly count: number; readonly time: number },
): Estimate | null {
  if (before.count === 0) return null;
  const share = shareOf(after.count, after.count + before.count)!;
  const times = before.time / after.time;
  const odds = (part: number): number => (part / (1 - part)) * times;
  return {
    value: (after.count / before.count) * times,
    low: odds(share.low),
    high: odds(share.high),
  };
}

/** The least count that a Poisson distribution of this mean does not exceed with at least this probability. */
export const poissonQuantile = remembered((mean: number, probability = 0.99): number => {
  if (mean <= 0) return 0;
  // A count of at most k has the probability 1 - P(k + 1, mean) (DLMF 8.4.10).
  const reaches = (count: number): boolean => 1 - gammaShare(count + 1, mean) >= probability;
  let count = Math.max(0, Math.floor(mean + 2 * Math.sqrt(mean)));
  while (count > 0 && reaches(count - 1)) count -= 1;
  while (!reaches(count)) count += 1;
  return count;
});
