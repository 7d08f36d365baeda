// The band in which counts lie by chance alone. Pure.

/**
 * Smallest count that a Poisson variable of this mean does not exceed with probability `share`: summed up for small
 * means, by the normal distribution with continuity correction from 400 on (error below one count).
 */
export function poissonQuantile(mean: number, share: number): number {
  if (!(mean > 0)) return 0;
  if (mean > 400) return Math.max(0, Math.round(mean + normalQuantile(share) * Math.sqrt(mean)));
  let probability = Math.exp(-mean);
  let sum = probability;
  let count = 0;
  while (sum < share && count < 2000) {
    count += 1;
    probability *= mean / count;
    sum += probability;
  }
  return count;
}

/** Abramowitz and Stegun, 26.2.23: error below 4.5e-4. */
function normalQuantile(share: number): number {
  const tail = Math.min(share, 1 - share);
  const t = Math.sqrt(-2 * Math.log(tail));
  const value =
    t -
    (2.515517 + 0.802853 * t + 0.010328 * t * t) /
      (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
  return share < 0.5 ? -value : value;
}
