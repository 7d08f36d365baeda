// Which series alarm after a slice: more customers than chance gives at the level that the budget allows.
import { driftTail } from './drift.ts';
import { meanOf, spreadOf } from './baseline.ts';
import { liftOf } from './expected.ts';
import { areInLine, isWithin } from './places.ts';
import { upperTail } from './negative-binomial.ts';
import { windowColumn, windows } from './recent.ts';
import { residualOf, type Scene, type Window } from './scan.ts';
import { holds } from './series.ts';
import type { Standing } from './standing.ts';

export interface Alarm {
  readonly number: number;
  readonly node: number;
  readonly theme: number;
  readonly buckets: Window;
  readonly tail: number;
  /** Whether it is the EWMA that says so. */
  readonly isDrift: boolean;
}

export interface AlarmOptions {
  readonly level: number;
  readonly minCustomers: number;
  readonly isTested: (number: number) => boolean;
}

/** Of each series of `numbers` the window with the smallest tail, where that is at most the level. */
export function alarmsOf(
  scene: Scene,
  numbers: Iterable<number>,
  { level, minCustomers, isTested }: AlarmOptions,
): Alarm[] {
  const { series, baseline, bucket } = scene;
  const alarms: Alarm[] = [];
  for (const number of numbers) {
    if (!isTested(number)) continue;
    let least: Alarm | undefined;
    for (const buckets of windows) {
      const count = series.columns[windowColumn[buckets]][number]!;
      if (count < minCustomers) continue;
      const mean = Math.max(meanOf(baseline, series, number, bucket, buckets), 1e-9);
      // Nothing within two standard deviations is near any level.
      if (count < mean + 2 * Math.sqrt(mean)) continue;
      const tail = upperTail(count, mean, spreadOf(baseline, series, number, bucket, buckets));
      if (tail > (least?.tail ?? level)) continue;
      least = { ...kindOf(scene, number), buckets, tail, isDrift: false };
    }
    if (least !== undefined) alarms.push(least);
  }
  return alarms;
}

/** A drift is told of so many customers at least. */
const leastDriftCustomers = 10;

/** Series whose EWMA is above what is usual. All of them; once an hour. */
export function driftsOf(scene: Scene, { level, isTested }: AlarmOptions): Alarm[] {
  const { drift, driftMean, driftVariance } = scene.series.columns;
  const alarms: Alarm[] = [];
  for (let number = 0; number < scene.series.size; number += 1) {
    const above = drift[number]! - driftMean[number]!;
    if (drift[number]! < leastDriftCustomers || above < 3 * Math.sqrt(driftVariance[number]!))
      continue;
    if (!isTested(number)) continue;
    const tail = driftTail(scene.series, number);
    if (tail <= level) alarms.push({ ...kindOf(scene, number), buckets: 96, tail, isDrift: true });
  }
  return alarms;
}

const kindOf = ({ series: { columns } }: Scene, number: number) => ({
  number,
  node: columns.node[number]!,
  theme: columns.theme[number]!,
});

/** How long a drift's window remembers an incident that is over. */
const driftMemory = 8 * 96;

export type Explained = 'no' | 'yes' | { readonly reopens: Standing };

/** A rise so soon after the end is the same incident. */
const reopenWithin = 6 * 4;

/** Whether an alarm says no more than what is known of incidents that stand, or that are over but in its window. */
export function explanationOf(
  scene: Scene,
  alarm: Alarm,
  standing: readonly Standing[],
  { level, minCustomers }: AlarmOptions,
): Explained {
  const { series, baseline, bucket } = scene;
  const { places } = series;
  const inLine = standing.filter(
    (each) =>
      each.themes.some((theme) => holds(series, alarm.theme, theme)) &&
      areInLine(places, each.node, alarm.node) &&
      isInWindow(each, alarm, bucket),
  );
  if (alarm.isDrift) return inLine.length > 0 ? 'yes' : 'no';
  for (const each of inLine) {
    if (!isWithin(places, alarm.node, each.node)) continue;
    if (each.endBucket === null) {
      if (!isBeyond(scene, alarm, each, level)) return 'yes';
      continue;
    }
    const since = bucket - each.endBucket;
    const risesAgain = tailWithin(scene, alarm.number, since, minCustomers) <= level;
    if (risesAgain && since <= reopenWithin && each.mergedInto === null) return { reopens: each };
    if (!risesAgain && alarm.buckets > since) return 'yes';
  }
  const below = inLine.filter((each) => !isWithin(places, alarm.node, each.node));
  if (below.length === 0) return 'no';
  const { count, mean } = residualOf(scene, alarm.number, alarm.buckets, below);
  const isLeft =
    count >= minCustomers &&
    upperTail(count, mean, spreadOf(baseline, series, alarm.number, bucket, alarm.buckets)) <=
      level;
  return isLeft ? 'no' : 'yes';
}

/** The smallest tail of a series over windows that lie within the last `since` buckets; 1 where there is none. */
function tailWithin(
  { series, baseline, bucket }: Scene,
  number: number,
  since: number,
  minCustomers: number,
): number {
  let least = 1;
  for (const buckets of windows) {
    const count = series.columns[windowColumn[buckets]][number]!;
    if (buckets > since || count < minCustomers) continue;
    const mean = Math.max(meanOf(baseline, series, number, bucket, buckets), 1e-9);
    const spread = spreadOf(baseline, series, number, bucket, buckets);
    least = Math.min(least, upperTail(count, mean, spread));
  }
  return least;
}

function isInWindow({ endBucket }: Standing, { isDrift, buckets }: Alarm, bucket: number): boolean {
  if (endBucket === null) return true;
  return bucket - endBucket < (isDrift ? driftMemory : Math.max(buckets, reopenWithin + 1));
}

/** Whether a place within an incident's rises by more than the incident does: then something is up there by itself. */
function isBeyond(scene: Scene, alarm: Alarm, within: Standing, level: number): boolean {
  if (alarm.node === within.node) return false;
  const { series, baseline, bucket } = scene;
  const usual = Math.max(meanOf(baseline, series, alarm.number, bucket, alarm.buckets), 1e-9);
  const here = usual * liftOf(scene, within, alarm.buckets);
  const count = series.columns[windowColumn[alarm.buckets]][alarm.number]!;
  return (
    upperTail(count, here, spreadOf(baseline, series, alarm.number, bucket, alarm.buckets)) <= level
  );
}
