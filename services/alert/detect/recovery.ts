// When an incident is over: by its counts, never because a source fell silent.
import { expectedOf } from './alarms.ts';
import { spreadOf } from './baseline.ts';
import { bucketMs } from './detection.ts';
import { upperTail } from './negative-binomial.ts';
import { seenIn } from './recent.ts';
import type { Scene } from './scan.ts';
import { seriesAt } from './series.ts';
import { isHeardAfter, type Sources } from './silence.ts';
import { countedIn, takeSeen, type Standing } from './standing.ts';

/** Counts are usual where chance exceeds them this often. */
const usual = 0.05;
/** What still rose would show at least so many customers in the time that is waited for. */
const wouldShow = 4;
const leastBuckets = 4;
const mostBuckets = 96;
/** An incident that came back so often needs longer to be over. */
const flapping = { times: 3, buckets: 16 };
/** Sources with a smaller share of its sightings need not be heard. */
const sourceShare = 0.2;

/** Takes the bucket into an incident that stands. @returns whether its numbers changed */
export function goOn(scene: Scene, standing: Standing): boolean {
  const before = standing.customers.size;
  takeSeen(standing, seenIn(scene.recent, scene.bucket), scene.bucket);
  standing.expected += expectedOf(scene, standing, 1);
  return standing.customers.size !== before;
}

/**
 * Whether an incident is over: for as long as it would take to show, at least an hour, counts are usual, and each source
 * that saw it was heard since, about anything. Sets its end; sources that were not are set as holding it open.
 */
export function recovers(scene: Scene, standing: Standing, sources: Sources): boolean {
  const { bucket, series } = scene;
  const lasted = bucket - standing.startBucket + 1;
  const risen = Math.max(0, standing.customers.size - standing.expected) / lasted;
  const least = standing.reopened >= flapping.times ? flapping.buckets : leastBuckets;
  const buckets = Math.min(
    mostBuckets,
    Math.max(least, Math.ceil(wouldShow / Math.max(risen, 1e-6))),
  );
  standing.heldBy = [];
  if (lasted <= buckets) return false;
  const counted = countedIn(standing, bucket, buckets, -1);
  const mean = Math.max(expectedOf(scene, standing, buckets), 1e-9);
  const spread = spreadOf(series, seriesAt(series, standing.node, 0)!, buckets);
  if (counted > 0 && upperTail(counted, mean, spread) <= usual) return false;
  standing.heldBy = [...standing.bySource]
    .filter(([, sightings]) => sightings >= sourceShare * standing.sightings)
    .map(([source]) => source)
    .filter((source) => !isHeardAfter(sources, source, bucket - buckets));
  if (standing.heldBy.length > 0) return false;
  standing.endBucket = bucket - buckets;
  standing.resolvedAt = (bucket - buckets + 1) * bucketMs;
  return true;
}
