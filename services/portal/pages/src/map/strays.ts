// What a map shows at first: the places, but not the whole earth for a few that lie far off.

/** Degrees. */
export type Point = readonly [lon: number, lat: number];

/** Fewer than these are all shown, however far they lie apart. */
const many = 100;
/** Cut off at each end before looking how wide the rest is. */
const strayShare = 0.005;

/**
 * The points without the few that lie farther from the rest than the rest is wide: seven calls from abroad would else
 * make all of a country a spot. They are still there for who zooms out.
 */
export function withoutStrays(points: readonly Point[]): readonly Point[] {
  if (points.length < many) return points;
  const ends = ([0, 1] as const).map((axis) => {
    const sorted = points.map((point) => point[axis]).toSorted((a, b) => a - b);
    const cut = Math.ceil(strayShare * sorted.length);
    const [low, high] = [sorted[cut]!, sorted[sorted.length - 1 - cut]!];
    return [low - (high - low), high + (high - low)] as const;
  });
  return points.filter((point) =>
    ends.every(([low, high], axis) => point[axis]! >= low && point[axis]! <= high),
  );
}
