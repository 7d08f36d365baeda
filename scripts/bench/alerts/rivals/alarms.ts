// A rival's alarms, series by series, put together to incidents by a rule that any operator would think of first.
import { bucketMs } from '../../../../services/alert/detect/detection.ts';
import type { FoundIncident, Said } from '../found.ts';
import { beginsAt } from '../ordinary.ts';
import { isOneBranch } from '../outages.ts';
import type { World, WorldPlace } from '../world.ts';
import { placeOf, themeOf } from './count-log.ts';

export interface Alarm {
  /** It is raised at the end of it. */
  readonly bucket: number;
  readonly series: number;
  /** How far beyond what is usual, on the rival's own scale. */
  readonly score: number;
  /** Buckets that it looked at. */
  readonly window: number;
}

/** Alarms are one incident until none of them came for so long. */
const quietBuckets = 8;

interface Group {
  place: WorldPlace;
  score: number;
  readonly themes: Set<string>;
  readonly startedAt: number;
  readonly detectedAt: number;
  lastBucket: number;
  readonly said: Said[];
}

/**
 * Alarms at one branch of places, each within two hours of another, are one incident: at the place whose series scored
 * highest so far, of all themes that alarmed.
 * @param alarms in any order
 * @param latenessMs how long after a bucket's end it is counted
 */
export function groupAlarms(
  world: World,
  alarms: readonly Alarm[],
  latenessMs: number,
): readonly FoundIncident[] {
  const sorted = alarms.toSorted(
    (one, other) => one.bucket - other.bucket || other.score - one.score,
  );
  const groups: Group[] = [];
  let open: Group[] = [];
  let now = -1;
  for (const { bucket, series, score, window } of sorted) {
    if (bucket !== now) open = open.filter(({ lastBucket }) => bucket - lastBucket <= quietBuckets);
    now = bucket;
    const place = world.places[placeOf(series)]!;
    const at = beginsAt + (bucket + 1) * bucketMs + latenessMs;
    let group = open.find((each) => isOneBranch(each.place, place));
    if (group === undefined) {
      const startedAt = beginsAt + (bucket + 1 - window) * bucketMs;
      group = {
        place,
        score: -1,
        themes: new Set(),
        startedAt,
        detectedAt: at,
        lastBucket: bucket,
        said: [],
      };
      groups.push(group);
      open.push(group);
    }
    group.lastBucket = bucket;
    const themesBefore = group.themes.size;
    group.themes.add(themeOf(series));
    if (score > group.score || group.themes.size > themesBefore) {
      if (score > group.score) group.place = place;
      group.score = Math.max(score, group.score);
      const { level, path } = group.place;
      group.said.push({ at, scope: { level, path }, themes: [...group.themes] });
    }
  }
  return groups.map(({ startedAt, detectedAt, lastBucket, said }, index) => {
    const resolvedAt = beginsAt + (lastBucket + 1 + quietBuckets) * bucketMs + latenessMs;
    // What was said within one bucket was said at once.
    const last = said.filter(({ at }, nth) => said[nth + 1]?.at !== at);
    return {
      id: `incident-${index}`,
      startedAt,
      detectedAt,
      resolvedAt,
      said: last,
      reopenedAt: [],
      resolutions: [resolvedAt],
    };
  });
}

/** The least score above which no more than `most` incidents come of them. */
export function tune(
  most: number,
  alarms: readonly Alarm[],
  count: (alarms: readonly Alarm[]) => number,
): number {
  const scores = Float64Array.from(alarms, ({ score }) => score).toSorted();
  let [low, high] = [0, Math.max(0, scores.length - 1)];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (count(alarms.filter(({ score }) => score > scores[middle]!)) <= most) high = middle;
    else low = middle + 1;
  }
  return scores[low] ?? 0;
}
