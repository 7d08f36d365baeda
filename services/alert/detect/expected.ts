// What was to be expected where an incident is, and by how much more it has.
import { meanOf } from './baseline.ts';
import { windowColumn } from './recent.ts';
import type { Scene, Window } from './scan.ts';
import { seriesAt } from './series.ts';
import type { Standing } from './standing.ts';

/** What was to be expected of an incident's themes at its place over a window. */
export function expectedOf(scene: Scene, standing: Standing, buckets: number): number {
  let sum = 0;
  for (const [, mean] of expectedByTheme(scene, standing, buckets)) sum += mean;
  return sum;
}

export function expectedByTheme(
  { series, baseline, bucket }: Scene,
  { node, themes }: Standing,
  buckets: number,
): (readonly [theme: number, mean: number])[] {
  return themes.map((theme) => {
    const number = seriesAt(series, node, theme);
    const mean = number === undefined ? 0 : meanOf(baseline, series, number, bucket, buckets);
    return [theme, mean] as const;
  });
}

/** By what factor an incident's themes rise at its place over a window; 1 at least. */
export function liftOf(scene: Scene, standing: Standing, buckets: Window): number {
  const { series } = scene;
  const counts = series.columns[windowColumn[buckets]];
  let count = 0;
  for (const theme of standing.themes) {
    const number = seriesAt(series, standing.node, theme);
    if (number !== undefined) count += counts[number]!;
  }
  return Math.max(1, count / Math.max(expectedOf(scene, standing, buckets), 1e-9));
}

/** Part of what is said at a place or below it that names a place as narrow as another within it; at least a tenth. */
export function namedShare(
  { series, baseline, bucket }: Scene,
  above: number,
  node: number,
): number {
  const { parents, children } = series.places;
  const mean = (of: number): number => {
    const number = seriesAt(series, of, 0);
    return number === undefined ? 0 : meanOf(baseline, series, number, bucket, 96);
  };
  let share = 1;
  for (let at = node; at !== above; at = parents[at]!) {
    const around = parents[at]!;
    let named = 0;
    for (const each of children[around]!) named += mean(each);
    share *= Math.min(1, named / Math.max(mean(around), 1e-9));
  }
  return Math.max(0.1, share);
}
