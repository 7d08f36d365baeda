// Values in classes of about the same number of places, with bounds that people can read. Pure.

export const mostClasses = 6;

/** Bounds between classes, ascending: a value is in the class of as many bounds as it reaches. */
export function boundsOf(values: readonly number[]): readonly number[] {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) return [];
  const bounds = new Set<number>();
  for (let quantile = 1; quantile < mostClasses; quantile += 1) {
    const value = sorted[Math.floor((quantile / mostClasses) * sorted.length)]!;
    bounds.add(rounded(value));
  }
  return [...bounds]
    .filter((bound) => bound > sorted[0]! && bound <= sorted.at(-1)!)
    .toSorted((a, b) => a - b);
}

/** 0 for the lowest. */
export function classOf(value: number, bounds: readonly number[]): number {
  const index = bounds.findIndex((bound) => value < bound);
  return index === -1 ? bounds.length : index;
}

/**
 * With few classes the tones are as far apart as the scale allows.
 * @param isReversed the lowest has the strongest
 * @returns 1 to `mostClasses`
 */
export function toneOf(index: number, bounds: readonly number[], isReversed = false): number {
  if (bounds.length === 0) return Math.ceil(mostClasses / 2);
  const tone = 1 + Math.round((index / bounds.length) * (mostClasses - 1));
  return isReversed ? mostClasses + 1 - tone : tone;
}

/** Two significant digits; whole numbers stay whole. */
function rounded(value: number): number {
  return Number(value.toPrecision(2));
}
