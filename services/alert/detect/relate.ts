// How a rise that was found and incidents that stand belong together: as one at a wider place, or at a narrower one.
import { meanOf, spreadOf } from './baseline.ts';
import { expectedOf, namedShare } from './expected.ts';
import { upperTail } from './negative-binomial.ts';
import { isWithin } from './places.ts';
import { windowColumn, windows } from './recent.ts';
import { scoreOf, type Scene, type Score, type Window } from './scan.ts';
import { seriesAt } from './series.ts';
import type { Standing } from './standing.ts';

/** Each further incident must gain so much in log likelihood over fewer. */
const anotherIncident = 3;

/** In a window of the last day. */
export function isRecent({ bucket }: Scene, { endBucket }: Standing): boolean {
  return endBucket === null || bucket - endBucket < 96;
}

/** Places with nearly the same expectation are told apart by hardly anything. */
const nearlyAll = 0.8;
/** What rises at one place within so many buckets rises together, whatever its themes; later, what rises less does. */
const togetherWithin = 96;

/** The incident that, with the new rise, is better explained as one: at the same place, or at a wider one. */
export function widened(
  scene: Scene,
  found: Score,
  standing: readonly Standing[],
  minCustomers: number,
): { readonly incident: Standing; readonly score: Score } | undefined {
  const { places } = scene.series;
  for (const incident of standing) {
    if (incident.endBucket !== null) continue;
    const node = commonOf(places.parents, incident.node, found.node);
    const others = standing.filter((each) => each !== incident && isRecent(scene, each));
    const scoreAt = (at: number, buckets: Window, of: readonly Standing[]): Score | undefined =>
      scoreOf(scene, at, buckets, minCustomers, of);
    // What has just risen is of a quarter of an hour often, in which what stands has too few: both are compared over the
    // shortest window, as long at least, that shows what stands.
    let shown: Score | undefined;
    for (const buckets of windows)
      if (buckets >= found.buckets) shown ??= scoreAt(incident.node, buckets, others);
    const own = shown?.buckets === found.buckets ? shown.score : 0;
    const isSame = isNearlyAll(scene, incident.node, node) && isNearlyAll(scene, found.node, node);
    const isTogether = scene.bucket - incident.startBucket <= togetherWithin || found.score < own;
    if (isSame && isTogether) return { incident, score: withThemes({ ...found, node }, incident) };
    if (node === incident.node || shown === undefined) continue;
    const together = scoreAt(node, shown.buckets, others);
    if (together === undefined) continue;
    const isOfBoth = [incident, found].every(({ themes }) => sharesTheme(together.themes, themes));
    if (!isOfBoth) continue;
    // Of one within the other, and of a theme in common, both are told as one as soon as the wider explains as much.
    const isAround = node === found.node && sharesTheme(found.themes, incident.themes);
    const apart =
      shown.buckets === found.buckets
        ? found.score
        : (scoreAt(found.node, shown.buckets, [...others, incident])?.score ?? 0);
    if (together.score >= shown.score + (isAround ? 0 : apart - anotherIncident))
      return { incident, score: withThemes(together, incident) };
  }
  return undefined;
}

function isNearlyAll({ series, baseline, bucket }: Scene, node: number, above: number): boolean {
  if (node === above) return true;
  const mean = (of: number): number =>
    meanOf(baseline, series, seriesAt(series, of, 0)!, bucket, 96);
  return mean(node) >= nearlyAll * mean(above);
}

const sharesTheme = (some: readonly number[], others: readonly number[]): boolean =>
  some.some((theme) => others.includes(theme));

/** Those of the incident first, so that their order does not change with each that is added. */
const withThemes = (score: Score, { themes }: Standing): Score => ({
  ...score,
  themes: [...new Set([...themes, ...score.themes])],
});

function commonOf(parents: readonly number[], one: number, other: number): number {
  let [a, b] = [one, other];
  while (a !== b) {
    if (a > b) a = parents[a]!;
    else b = parents[b]!;
  }
  return a;
}

/** An incident that stands above the place, with a theme in common. */
export function aboveOf({ series }: Scene, { node, themes }: Score, standing: readonly Standing[]) {
  return standing.find(
    (each) =>
      each.endBucket === null &&
      each.node !== node &&
      isWithin(series.places, node, each.node) &&
      sharesTheme(each.themes, themes),
  );
}

/**
 * Whether nothing was out of the ordinary at the incident's place, since it began, but what is at this one within it. One
 * that stands for longer than a day has been what it is.
 */
export function isAlone(scene: Scene, above: Standing, node: number): boolean {
  const { series, baseline, bucket } = scene;
  const buckets = windows.find((each) => each > bucket - above.startBucket);
  if (buckets === undefined) return false;
  const counts = series.columns[windowColumn[buckets]];
  let elsewhere = 0;
  let excess = 0;
  let mean = expectedOf(scene, above, buckets);
  for (const theme of above.themes) {
    const there = seriesAt(series, above.node, theme);
    if (there !== undefined) elsewhere += counts[there]!;
    const number = seriesAt(series, node, theme);
    if (number === undefined) continue;
    const usual = meanOf(baseline, series, number, bucket, buckets);
    elsewhere -= counts[number]!;
    mean -= usual;
    excess += counts[number]! - usual;
  }
  // Some who are hit name no place as narrow as this.
  mean += Math.max(0, excess) * (1 / namedShare(scene, above.node, node) - 1);
  const spread = spreadOf(baseline, series, seriesAt(series, above.node, 0)!, bucket, buckets);
  return upperTail(elsewhere, Math.max(mean, 1e-9), spread) > 0.01;
}

/** Others that the wider incident explains are part of it. */
export function mergedBy(
  incident: Standing,
  scene: Scene,
  standing: readonly Standing[],
): Standing[] {
  const merged = standing.filter(
    (each) =>
      each !== incident &&
      each.endBucket === null &&
      sharesTheme(each.themes, incident.themes) &&
      isWithin(scene.series.places, each.node, incident.node),
  );
  for (const each of merged) {
    each.endBucket = scene.bucket;
    each.mergedInto = incident.id;
    incident.startedAt = Math.min(incident.startedAt, each.startedAt);
  }
  return merged;
}
