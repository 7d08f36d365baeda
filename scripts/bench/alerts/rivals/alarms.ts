// A rival's alarms, series by series, put together to incidents by a rule that any operator would think of first.
import { sliceMs } from '../../../../services/alert/detect/detection.ts';
import type { FoundIncident, Said } from '../found.ts';
import { beginsAt } from '../ordinary.ts';
import { isOneBranch } from '../outages.ts';
import { hourSlices } from '../runs.ts';
import type { World, WorldPlace } from '../world.ts';
import { placeOf, themeOf } from './count-log.ts';

export interface Alarm {
  /** It is raised at the end of it. */
  readonly slice: number;
  readonly series: number;
  /** How far beyond what is usual, on the rival's own scale. */
  readonly score: number;
  /** Buckets that it looked at. */
  readonly window: number;
}

/** Alarms are one incident until none of them came for so long. */
const quietSlices = 2 * hourSlices;

interface Group {
  place: WorldPlace;
  score: number;
  readonly themes: Set<string>;
  readonly startedAt: number;
  readonly detectedAt: number;
  lastSlice: number;
  readonly said: Said[];
}

/**
 * Alarms at one branch of places, each within two hours of another, are one incident: at the place whose series scored
 * highest so far, of all themes that alarmed.
 * @param alarms in any order
 * @param latenessMs how long after a slice's end it is counted
 */
export function groupAlarms(
  world: World,
  alarms: readonly Alarm[],
  latenessMs: number,
): readonly FoundIncident[] {
  const sorted = alarms.toSorted(
    (one, other) => one.slice - other.slice || other.score - one.score,
  );
  const groups: Group[] = [];
  let open: Group[] = [];
  let now = -1;
  for (const { slice, series, score, window } of sorted) {
    if (slice !== now) open = open.filter(({ lastSlice }) => slice - lastSlice <= quietSlices);
    now = slice;
    const place = world.places[placeOf(series)]!;
    const at = beginsAt + (slice + 1) * sliceMs + latenessMs;
    let group = open.find((each) => isOneBranch(each.place, place));
    if (group === undefined) {
      const startedAt = beginsAt + (slice + 1 - window) * sliceMs;
      group = {
        place,
        score: -1,
        themes: new Set(),
        startedAt,
        detectedAt: at,
        lastSlice: slice,
        said: [],
      };
      groups.push(group);
      open.push(group);
    }
    group.lastSlice = slice;
    const themesBefore = group.themes.size;
    group.themes.add(themeOf(series));
    if (score > group.score || group.themes.size > themesBefore) {
      if (score > group.score) group.place = place;
      group.score = Math.max(score, group.score);
      const { level, path } = group.place;
      group.said.push({ at, scope: { level, path }, themes: [...group.themes] });
    }
  }
  return groups.map(({ startedAt, detectedAt, lastSlice, said }, index) => {
    const resolvedAt = beginsAt + (lastSlice + 1 + quietSlices) * sliceMs + latenessMs;
    // What was said within one slice was said at once.
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
