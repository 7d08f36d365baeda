// Counts of an incident against what is usual, bucket by bucket, as they are charted.
import { spreadOf } from './baseline.ts';
import { bucketMs, type CountsAgainstExpected } from './detection.ts';
import { expectedOf } from './expected.ts';
import { criticalCount, upperTail } from './negative-binomial.ts';
import type { Scene } from './scan.ts';
import { seriesAt } from './series.ts';
import { countedIn, type Standing } from './standing.ts';

const longest = 96;

/** The last `most` buckets since it began, up to that of the scene, which is counted until `until`. */
export function chartOf(
  scene: Scene,
  incident: Standing,
  { most, until }: { readonly most: number; readonly until: number },
): readonly CountsAgainstExpected[] {
  const { series, baseline, bucket: last } = scene;
  const from = Math.max(incident.startBucket, last - Math.min(most, longest) + 1);
  const all = seriesAt(series, incident.node, 0)!;
  return Array.from({ length: Math.max(0, last - from + 1) }, (_, index) => {
    const bucket = from + index;
    // Of one that still fills, what is usual of the part that is there.
    const part = Math.min(1, (until - bucket * bucketMs) / bucketMs);
    const expected = part * expectedOf({ ...scene, bucket }, incident, 1);
    const spread = spreadOf(baseline, series, all, bucket, 1);
    return {
      start: bucket * bucketMs,
      customers: countedIn(incident, bucket, 1, -1),
      expected,
      ...bandOf(expected, spread),
    };
  });
}

/** The counts that chance leaves with 95 %. */
function bandOf(mean: number, spread: number): { readonly low: number; readonly high: number } {
  if (!(mean > 0)) return { low: 0, high: 0 };
  let low = 0;
  while (upperTail(low + 1, mean, spread) >= 0.975) low += 1;
  return { low, high: criticalCount(0.025, mean, spread, 1) - 1 };
}
