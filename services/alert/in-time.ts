// Whether a sighting is in time, and in which slice it counts, by what it says itself: so that a replay, in any order,
// counts the same.
import { bucketMs } from './detect/detection.ts';
import type { Sighting } from './sighting.ts';
import { bucketStartOf } from './slices.ts';

export interface Lateness {
  readonly latenessMs: number;
  readonly latenessMsBySource: Readonly<Record<string, number>>;
}

/** End of the bucket that a moment is in; both in milliseconds since the epoch. */
function bucketEndOf(at: number): number {
  return bucketStartOf(at) + bucketMs;
}

/** Moment until which what was said at `at` may be received. */
export function dueBy(at: number, source: string, lateness: Lateness): number {
  const { latenessMs, latenessMsBySource } = lateness;
  const own = Object.hasOwn(latenessMsBySource, source) ? latenessMsBySource[source] : undefined;
  return bucketEndOf(at) + (own ?? latenessMs);
}

/**
 * The moment in whose slice it counts. Of a source that is slower than others, as many buckets later as that takes until
 * all that is in time is there: so nothing waits for it, and what it says counts when it can be known. Within its bucket
 * it counts in a later slice where it came too late for its own, by when that is looked at.
 */
export function countsAt(
  { at, receivedAt, source }: Pick<Sighting, 'at' | 'receivedAt' | 'source'>,
  lateness: Lateness,
): number {
  const slowerMs = dueBy(at, source, lateness) - bucketEndOf(at) - lateness.latenessMs;
  const moment = at + Math.max(0, Math.ceil(slowerMs / bucketMs)) * bucketMs;
  const known = receivedAt - lateness.latenessMs;
  const end = bucketEndOf(moment);
  return known > moment && known <= end ? Math.min(known, end - 1) : moment;
}

/**
 * @param heardSince when anything of its source was received first. What it said before that, an import for example,
 *   nobody could have had in time: it is history, and late for nothing.
 */
export function isInTime(
  { at, receivedAt, source }: Pick<Sighting, 'at' | 'receivedAt' | 'source'>,
  lateness: Lateness,
  heardSince: number,
): boolean {
  const due = dueBy(at, source, lateness);
  return receivedAt <= due || due < heardSince;
}
