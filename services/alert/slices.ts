// Buckets and slices of time (detect/detection.ts), and what counts in each. Moments in milliseconds since the epoch.
import { bucketMs, sliceMs, type DetectorSlice } from './detect/detection.ts';
import type { Sighting } from './sighting.ts';

export function bucketStartOf(at: number): number {
  return Math.floor(at / bucketMs) * bucketMs;
}

export function sliceStartOf(at: number): number {
  return Math.floor(at / sliceMs) * sliceMs;
}

/** A sighting with the moment in whose slice it counts; see in-time.ts. */
export interface Counted extends Sighting {
  readonly countsAt: number;
}

/** One slice after the other from `from` to before `to`, both of which slices start at; those without sightings too. */
export function* slicesOf(
  sightings: readonly Counted[],
  from: number,
  to: number,
): Generator<DetectorSlice> {
  const byStart = Map.groupBy(sightings, ({ countsAt }) => sliceStartOf(countsAt));
  for (let start = from; start < to; start += sliceMs)
    yield { start, sightings: byStart.get(start) ?? [] };
}
