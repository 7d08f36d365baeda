// Upper tails of the negative binomial distribution, by mean and dispersion: accurate however small. Pure.
import { logGamma } from '#core/statistics/gamma.ts';

/** So small a dispersion tells nothing, and 1 over it would be beyond what numbers can hold. */
const poissonBelow = 1e-10;
/** Up to so many, a product of factors does not become 0 in floating point. */
const fewFactors = 40;
/** Up to so many, factors are gone through: gamma functions of large numbers tell small dispersions apart badly. */
const manyFactors = 2_000;

/**
 * Natural logarithm of the probability of exactly `count`: NB2, with variance `mean + dispersion · mean²` (A. C. Cameron
 * and P. K. Trivedi, "Regression analysis of count data", 1998, section 3.3). Poisson at a dispersion of 0.
 */
export function logProbability(count: number, mean: number, given: number): number {
  const dispersion = given < poissonBelow ? 0 : given;
  const spread = dispersion * mean;
  const none = dispersion > 0 ? -Math.log1p(spread) / dispersion : -mean;
  const factor = (i: number): number => ((1 + dispersion * i) * mean) / ((1 + spread) * (i + 1));
  if (count <= fewFactors) {
    let product = 1;
    for (let i = 0; i < count; i += 1) product *= factor(i);
    // A product of many small factors may be 0 in floating point; nothing tells such probabilities apart.
    return none + Math.log(product);
  }
  if (dispersion === 0) return none + count * Math.log(mean) - logGamma(count + 1);
  if (count <= manyFactors) {
    let sum = none;
    for (let i = 0; i < count; i += 1) sum += Math.log(factor(i));
    return sum;
  }
  const shape = 1 / dispersion;
  return (
    none +
    logGamma(count + shape) -
    logGamma(shape) -
    logGamma(count + 1) +
    count * Math.log(spread / (1 + spread))
  );
}

const precision = 1e-12;
/** Below it floating point has few digits: a term of the smallest number there is never gets smaller. */
const smallestTerm = 1e-290;

/** Probability of `count` or more. `mean` above 0, `dispersion` 0 or more. */
export function upperTail(count: number, mean: number, dispersion: number): number {
  if (count <= 0) return 1;
  const rise = mean / (1 + dispersion * mean);
  if (count > mean) {
    let term = Math.exp(logProbability(count, mean, dispersion));
    let sum = term;
    for (let i = count; term > sum * precision && term > smallestTerm; i += 1) {
      term *= ((1 + dispersion * i) * rise) / (i + 1);
      sum += term;
    }
    return sum;
  }
  let term = Math.exp(logProbability(0, mean, dispersion));
  let below = term;
  for (let i = 0; i < count - 1; i += 1) {
    term *= ((1 + dispersion * i) * rise) / (i + 1);
    below += term;
  }
  return Math.max(0, 1 - below);
}

/** The least count of `least` or more whose upper tail is at most `level`. */
export function criticalCount(
  level: number,
  mean: number,
  dispersion: number,
  least: number,
): number {
  if (upperTail(least, mean, dispersion) <= level) return least;
  let low = least;
  let high = Math.max(2 * least, Math.ceil(2 * mean));
  while (upperTail(high, mean, dispersion) > level) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (upperTail(middle, mean, dispersion) <= level) high = middle;
    else low = middle;
  }
  return high;
}

const mostTails = 5_000;

/** Upper tails of `least`, `least + 1` and so on, down to one below `negligible`. `least` is above the mean. */
export function tailsFrom(
  least: number,
  mean: number,
  dispersion: number,
  negligible: number,
): number[] {
  const rise = mean / (1 + dispersion * mean);
  const terms: number[] = [];
  let term = Math.exp(logProbability(least, mean, dispersion));
  for (let count = least; terms.length < mostTails; count += 1) {
    terms.push(term);
    if (term < negligible * precision) break;
    term *= ((1 + dispersion * count) * rise) / (count + 1);
  }
  // From the small ones up, so that nothing is lost.
  for (let at = terms.length - 2; at >= 0; at -= 1) terms[at]! += terms[at + 1]!;
  const end = terms.findIndex((tail) => tail < negligible);
  return end < 0 ? terms : terms.slice(0, end + 1);
}
