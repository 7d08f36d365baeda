// Where and what: the scan statistic of a place over the best set of its themes, and since when.
import { meanOf, spreadOf, type Baseline } from './baseline.ts';
import { liftOf, namedShare } from './expected.ts';
import { isWithin } from './places.ts';
import { seenIn, windowColumn, type Recent } from './recent.ts';
import { holds, seriesAt, type Series } from './series.ts';
import { countedIn, type Standing } from './standing.ts';

export interface Scene {
  readonly series: Series;
  readonly baseline: Baseline;
  readonly recent: Recent;
  readonly bucket: number;
}

export type Window = keyof typeof windowColumn;

export interface Score {
  readonly node: number;
  readonly buckets: Window;
  /** Log likelihood ratio of a rise by one factor against none, over the dispersion. */
  readonly score: number;
  /** Those that rose, with most customers above what is usual first. */
  readonly themes: number[];
}

/** Each further theme must gain so much in log likelihood, or a few customers would be told as of as many themes. */
const anotherTheme = 2;

interface ThemeCount {
  readonly theme: number;
  readonly count: number;
  readonly mean: number;
}

/**
 * Of all sets of themes that which maximises Kulldorff's expectation-based Poisson statistic
 * `C log(C / B) − (C − B)` (M. Kulldorff, "A spatial scan statistic", 1997; D. B. Neill, "Expectation-based scan
 * statistics for monitoring spatial time series data", 2009): it is a prefix of the themes by observed over expected
 * (D. B. Neill, "Fast subset scan for spatial pattern detection", JRSS B 74, 2012). Counts vary more than Poisson counts
 * do, by the factor `1 + spread · B` that the statistic is divided by.
 * @param taken incidents whose counts are left out where they lie below the place, their themes where it is theirs, and
 *   the factor by which they rise where it lies below
 * @returns undefined where no set of themes rose by enough customers
 */
export function scoreOf(
  scene: Scene,
  node: number,
  buckets: Window,
  minCustomers: number,
  taken: readonly Standing[] = [],
): Score | undefined {
  const { series, baseline, bucket } = scene;
  const above = taken.filter((each) => isWithin(series.places, node, each.node));
  const below = taken.filter(
    (each) => each.node !== node && isWithin(series.places, each.node, node),
  );
  const counts: ThemeCount[] = [];
  for (const number of series.byTheme[node] ?? []) {
    const theme = series.columns.theme[number]!;
    const known = above.filter(({ themes }) => themes.includes(theme));
    if (known.some((each) => each.node === node || each.endBucket !== null)) continue;
    const counted = residualOf(scene, number, buckets, below);
    // A wider incident explains as much here as it rises by; what is beyond that is news.
    const mean = counted.mean * Math.max(1, ...known.map((each) => liftOf(scene, each, buckets)));
    if (counted.count > mean) counts.push({ theme, count: counted.count, mean });
  }
  if (counts.length === 0) return undefined;
  counts.sort((a, b) => b.count / b.mean - a.count / a.mean || a.theme - b.theme);
  const all = seriesAt(series, node, 0)!;
  const spread = spreadOf(baseline, series, all, bucket, buckets);
  let [count, mean, best, chosen] = [0, 0, 0, 0];
  for (const [index, each] of counts.entries()) {
    count += each.count;
    mean += each.mean;
    const score = ratioOf(count, mean, spread) - index * anotherTheme;
    if (count >= minCustomers && score > best) [best, chosen] = [score, index + 1];
  }
  if (chosen === 0) return undefined;
  return { node, buckets, score: best, themes: notable(counts.slice(0, chosen), minCustomers) };
}

const ratioOf = (count: number, mean: number, spread: number): number =>
  count > mean ? (count * Math.log(count / mean) - (count - mean)) / (1 + spread * mean) : 0;

/** A theme of one sighting, or of hardly any of the rise, is chance, unless there are not enough customers without. */
function notable(counts: readonly ThemeCount[], minCustomers: number): number[] {
  const byExcess = counts.toSorted((a, b) => b.count - b.mean - (a.count - a.mean));
  const all = byExcess.reduce((sum, { count, mean }) => sum + count - mean, 0);
  const kept = byExcess.filter(({ count, mean }) => count >= 2 && count - mean >= 0.1 * all);
  const customers = kept.reduce((sum, { count }) => sum + count, 0);
  return (customers >= minCustomers ? kept : byExcess).map(({ theme }) => theme);
}

/**
 * Count and mean of a series over a window, without what incidents below its place counted. Some whom these hit named no
 * place as narrow: they are to be expected here, as many as usually name none.
 */
export function residualOf(
  scene: Scene,
  number: number,
  buckets: Window,
  below: readonly Standing[],
): { readonly count: number; readonly mean: number } {
  const { series, baseline, bucket } = scene;
  const theme = series.columns.theme[number]!;
  let count = series.columns[windowColumn[buckets]][number]!;
  let mean = meanOf(baseline, series, number, bucket, buckets);
  for (const each of outermost(series, below)) {
    const parts = each.themes.filter((part) => holds(series, theme, part));
    const taken =
      theme === 0
        ? countedIn(each, bucket, buckets, 0)
        : parts.reduce((sum, part) => sum + countedIn(each, bucket, buckets, part), 0);
    if (taken === 0) continue;
    // What was to be expected while it was counted, no more: the rest of its place's counts are still in the window.
    const last = Math.min(each.lastBucket, bucket);
    const long = last - Math.max(each.startBucket, bucket - buckets + 1) + 1;
    let usual = 0;
    for (const part of parts) {
      const own = seriesAt(series, each.node, part);
      if (own !== undefined) usual += meanOf(baseline, series, own, last, long);
    }
    const named = namedShare(scene, series.columns.node[number]!, each.node);
    count -= taken;
    mean += Math.max(0, taken - usual) * (1 / named - 1) - usual;
  }
  return { count, mean: Math.max(mean, 1e-9) };
}

/** Without those that lie in another one with all of their themes, which has counted what they count. */
function outermost({ places }: Series, incidents: readonly Standing[]): readonly Standing[] {
  if (incidents.length < 2) return incidents;
  return incidents.filter(
    (inner, at) =>
      !incidents.some(
        (outer, index) =>
          index !== at &&
          (outer.node !== inner.node || index < at) &&
          isWithin(places, inner.node, outer.node) &&
          inner.themes.every((theme) => outer.themes.includes(theme)),
      ),
  );
}

/** The bucket with which the rise began: where the statistic of a window up to now is greatest, within the last day. */
export function onsetOf(scene: Scene, { node, themes }: Pick<Score, 'node' | 'themes'>): number {
  const { series, baseline, recent, bucket } = scene;
  const numbers = themes.flatMap((theme) => seriesAt(series, node, theme) ?? []);
  const spread = spreadOf(baseline, series, seriesAt(series, node, 0)!, bucket, 96);
  let count = 0;
  let best = 0;
  let start = bucket;
  for (let buckets = 1; buckets <= 96; buckets += 1) {
    for (const seen of seenIn(recent, bucket - buckets + 1))
      if (seen.countsInTheme && themes.includes(seen.theme) && seen.chain.includes(node))
        count += 1;
    let mean = 1e-9;
    for (const number of numbers) mean += meanOf(baseline, series, number, bucket, buckets);
    const score = ratioOf(count, mean, spread);
    if (score > best) [best, start] = [score, bucket - buckets + 1];
  }
  return start;
}

/** The product that nearly all of a rise is of, though less than half of all is; 0 where there is none. */
export function productOf(scene: Scene, { node, themes, buckets }: Score): number {
  const { series, baseline, recent, bucket } = scene;
  const counts = new Map<number, number>();
  let all = 0;
  for (let at = bucket - buckets + 1; at <= bucket; at += 1)
    for (const { chain, theme, product } of seenIn(recent, at)) {
      if (!themes.includes(theme) || !chain.includes(node)) continue;
      all += 1;
      counts.set(product, (counts.get(product) ?? 0) + 1);
    }
  const [product = 0, most = 0] = [...counts].toSorted(([, a], [, b]) => b - a)[0] ?? [];
  const own = product === 0 ? undefined : seriesAt(series, node, 0, product);
  if (own === undefined || most < 4 || most < 0.9 * all) return 0;
  const ofAll = meanOf(baseline, series, seriesAt(series, node, 0)!, bucket, 96);
  return meanOf(baseline, series, own, bucket, 96) < 0.5 * ofAll ? product : 0;
}
