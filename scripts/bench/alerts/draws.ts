// Draws from distributions, of a seeded source of randomness.
import type { Random } from '../../../services/gateway/synthetic/random.ts';

/** Of mean 0 and deviation 1 (Box and Muller 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
}

/** Of mean 1; its variance is 1 / shape. Marsaglia and Tsang 2000. @param shape 1 at least */
export function gammaOfMeanOne(random: Random, shape: number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.float()) < 0.5 * x * x + d - d * v + d * Math.log(v))
      return (d * v) / shape;
  }
}

/** Knuth's product of uniforms, in parts of at most 20, since the sum of Poissons is one. */
export function poisson(random: Random, mean: number): number {
  let count = 0;
  for (let left = mean; left > 0; left -= 20) {
    const limit = Math.exp(-Math.min(left, 20));
    for (let product = random.float(); product > limit; product *= random.float()) count += 1;
  }
  return count;
}

/** Between `low` and `high`, each factor as likely. */
export function logUniform(random: Random, low: number, high: number): number {
  return low * (high / low) ** random.float();
}

/** Index of one of `weights`. */
export function pick(random: Random, weights: readonly number[]): number {
  let left = random.float() * weights.reduce((sum, weight) => sum + weight, 0);
  const at = weights.findIndex((weight) => (left -= weight) < 0);
  return at === -1 ? weights.length - 1 : at;
}

/** Index in [from, to), by the running sums `sums` (one more than there are weights). */
export function pickBySums(random: Random, sums: Float64Array, from: number, to: number): number {
  const wanted = sums[from]! + random.float() * (sums[to]! - sums[from]!);
  let [low, high] = [from, to - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle + 1]! > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}
