// When an incident is over: by its counts, never because a source fell silent.
import { expectedByTheme, expectedOf } from './expected.ts';
import { spreadOf } from './baseline.ts';
import { bucketMs } from './detection.ts';
import { upperTail } from './negative-binomial.ts';
import type { Seen } from './recent.ts';
import type { Scene } from './scan.ts';
import { seriesAt } from './series.ts';
import { isHeardAfter, type Sources } from './silence.ts';
import { countedIn, takeSeen, type Standing } from './standing.ts';

/** Counts are usual where chance exceeds them this often, and show that it does not go on where chance would not leave so few. */
const usual = 0.05;
const goesOn = 0.01;
/** Windows that are looked at, from an hour to a day. */
const lookedAt = [4, 8, 16, 32, 64, 96];
/** An incident that came back so often needs longer to be over. */
const flapping = { times: 3, buckets: 16 };
/** Sources with a smaller share of its sightings need not be heard. */
const sourceShare = 0.2;

/** Takes what was seen in a slice into an incident that stands. @returns whether its numbers changed */
export function goOn({ bucket }: Scene, standing: Standing, seen: readonly Seen[]): boolean {
  const before = standing.customers.size;
  takeSeen(standing, seen, bucket);
  return standing.customers.size !== before;
}

/** Expects what is usual of the bucket that begins. */
export function expectOn(scene: Scene, standing: Standing): void {
  for (const [theme, mean] of expectedByTheme(scene, standing, 1))
    standing.expected.set(theme, (standing.expected.get(theme) ?? 0) + mean);
}

/**
 * Whether an incident is over: over some window of an hour to a day counts are usual, and too few for it to go on as in
 * the last day; and each source that saw it was heard since, about anything. Sets its end, or the sources that were not
 * heard as holding it open.
 */
export function recovers(scene: Scene, standing: Standing, sources: Sources): boolean {
  const { bucket } = scene;
  standing.heldBy = [];
  const buckets = quietFor(scene, standing);
  if (buckets === undefined) return false;
  standing.heldBy = [...standing.bySource]
    .filter(([, sightings]) => sightings >= sourceShare * standing.sightings)
    .map(([source]) => source)
    .filter((source) => !isHeardAfter(sources, source, bucket - buckets));
  if (standing.heldBy.length > 0) return false;
  standing.endBucket = bucket - buckets;
  // A rise that was over before it was noticed was resolved when it was noticed.
  standing.resolvedAt = Math.max(standing.detectedAt, (bucket - buckets + 1) * bucketMs);
  return true;
}

/** The shortest window that shows that it is over: what went before it, going on, would not leave so few. */
function quietFor(scene: Scene, standing: Standing): number | undefined {
  const { bucket, series, baseline } = scene;
  const lasted = bucket - standing.startBucket + 1;
  const day = lookedAt.at(-1)!;
  const least = standing.reopened >= flapping.times ? flapping.buckets : 0;
  const all = seriesAt(series, standing.node, 0)!;
  return lookedAt.find((buckets) => {
    if (buckets < least || buckets >= lasted) return false;
    const counted = countedIn(standing, bucket, buckets, -1);
    const mean = Math.max(expectedOf(scene, standing, buckets), 1e-9);
    const spread = spreadOf(baseline, series, all, bucket, buckets);
    if (upperTail(counted, mean, spread) <= usual) return false;
    if (buckets === day) return true;
    const before = { ...scene, bucket: bucket - buckets };
    const long = Math.min(day, lasted - buckets);
    const risen = countedIn(standing, before.bucket, long, -1);
    const lift = Math.max(1, risen / Math.max(expectedOf(before, standing, long), 1e-9));
    return 1 - upperTail(counted + 1, mean * lift, spread) <= goesOn;
  });
}
