// An incident as the detector keeps it, while it stands and for a day after: what it counted, bucket by bucket.
import { createHash } from 'node:crypto';
import { gammaQuantile } from '#core/statistics/gamma.ts';
import { bucketMs, type Incident } from './detection.ts';
import { scopeOf, shownScope } from './places.ts';
import { seenIn, type Recent, type Seen } from './recent.ts';
import { nameOf, type Series } from './series.ts';

export interface Standing {
  readonly id: string;
  node: number;
  /** Numbers of all that rose. */
  themes: number[];
  /** 0 for all. */
  product: number;
  startedAt: number;
  startBucket: number;
  readonly detectedAt: number;
  pValue: number;
  readonly customers: Set<string>;
  /** By theme, since it began: what was counted, and what was to be expected. */
  readonly byTheme: Map<number, number>;
  readonly expected: Map<number, number>;
  readonly bySource: Map<string, number>;
  readonly byDepartment: Map<string, number>;
  sightings: number;
  /** Ids, the latest last. */
  readonly examples: string[];
  /** By bucket of the last day: counts by theme, those of all under 0, and of the incident under -1. */
  readonly counts: Map<number, Map<number, number>>;
  /** The last bucket that was counted. */
  lastBucket: number;
  /** The last bucket that was not quiet, once it is over. */
  endBucket: number | null;
  resolvedAt: number | null;
  reopened: number;
  heldBy: readonly string[];
  mergedInto: string | null;
}

const mostExamples = 20;
/** Customers are told apart up to so many. */
const mostCustomers = 200_000;
const countsKept = 200;

export interface Onset {
  readonly node: number;
  readonly themes: number[];
  readonly product: number;
  readonly startBucket: number;
  readonly detectedAt: number;
  readonly pValue: number;
}

/** An incident that begins, with what was seen of it up to and with `bucket`. */
export function createStanding(
  series: Series,
  recent: Recent,
  onset: Onset,
  bucket: number,
): Standing {
  const { node, themes, product, startBucket, detectedAt, pValue } = onset;
  const standing: Standing = {
    id: '',
    node,
    themes,
    product,
    startedAt: startBucket * bucketMs,
    startBucket,
    detectedAt,
    pValue,
    customers: new Set(),
    byTheme: new Map(),
    expected: new Map(),
    bySource: new Map(),
    byDepartment: new Map(),
    sightings: 0,
    examples: [],
    counts: new Map(),
    lastBucket: bucket,
    endBucket: null,
    resolvedAt: null,
    reopened: 0,
    heldBy: [],
    mergedInto: null,
  };
  recount(standing, recent, bucket);
  const { path, level } = scopeOf(series.places, node);
  const names = themes.map((theme) => nameOf(series.themes, theme));
  const identity = JSON.stringify([standing.startedAt, detectedAt, level, path, names]);
  const id = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  return { ...standing, id };
}

/** Counts anew what was seen since it began, after its place or themes changed; of older than a day only customers stay. */
export function recount(standing: Standing, recent: Recent, bucket: number): void {
  if (standing.startBucket > bucket - 96) standing.customers.clear();
  standing.bySource.clear();
  standing.byTheme.clear();
  standing.byDepartment.clear();
  standing.counts.clear();
  standing.sightings = 0;
  standing.examples.length = 0;
  let first = Infinity;
  for (let at = Math.max(standing.startBucket, bucket - 95); at <= bucket; at += 1) {
    takeSeen(standing, seenIn(recent, at), at);
    // What a slow source says was said before what counts with it.
    for (const seen of seenIn(recent, at))
      if (isOf(standing, seen)) first = Math.min(first, seen.at);
  }
  if (first < Infinity && standing.startBucket > bucket - 96) standing.startedAt = first;
}

export function isOf({ node, themes, product }: Standing, seen: Seen): boolean {
  return (
    (product === 0 || seen.product === product) &&
    themes.includes(seen.theme) &&
    seen.chain.includes(node)
  );
}

/** Takes what was seen in a bucket, or more of it. */
export function takeSeen(standing: Standing, seen: readonly Seen[], bucket: number): void {
  const { customers, bySource, byDepartment, examples, counts } = standing;
  const here = counts.get(bucket) ?? new Map<number, number>();
  for (const each of seen) {
    if (!isOf(standing, each)) continue;
    if (each.countsInAll) add(here, 0);
    if (each.countsInTheme) {
      add(here, each.theme);
      add(standing.byTheme, each.theme);
    }
    const customer = each.customer ?? each.id;
    const isNew = !customers.has(customer);
    if (isNew && customers.size < mostCustomers) customers.add(customer);
    if (each.countsInTheme && (isNew || each.countsInAll)) add(here, -1);
    standing.sightings += 1;
    add(bySource, each.source);
    for (const department of each.departments) add(byDepartment, department);
    examples.push(each.id);
  }
  if (examples.length > mostExamples) examples.splice(0, examples.length - mostExamples);
  counts.set(bucket, here);
  standing.lastBucket = bucket;
  counts.delete(bucket - countsKept);
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** What it counted in the `buckets` up to and with `bucket`: of a theme, of all (0), or as an incident (-1). */
export function countedIn(
  { counts }: Standing,
  bucket: number,
  buckets: number,
  theme: number,
): number {
  let sum = 0;
  for (let at = bucket - buckets + 1; at <= bucket; at += 1) sum += counts.get(at)?.get(theme) ?? 0;
  return sum;
}

export function totalExpected({ expected }: Standing): number {
  let sum = 0;
  for (const mean of expected.values()) sum += mean;
  return sum;
}

/** Of the themes that rose, those that make up at least a tenth of the rise; that with most of it first. */
function mainThemes({ themes, byTheme, expected }: Standing): number[] {
  const excess = (theme: number): number => (byTheme.get(theme) ?? 0) - (expected.get(theme) ?? 0);
  const byExcess = themes.toSorted((a, b) => excess(b) - excess(a) || a - b);
  const all = byExcess.reduce((sum, theme) => sum + Math.max(0, excess(theme)), 0);
  return byExcess.filter((theme, index) => index === 0 || excess(theme) >= 0.1 * all);
}

/** That some say it without a theme is told only where nobody says one. */
function namedOnly(themes: readonly string[]): readonly string[] {
  const named = themes.filter((theme) => theme !== 'none');
  return named.length > 0 ? named : themes;
}

const tail = 0.025;

export function incidentOf(standing: Standing, series: Series): Incident {
  const { customers, product, bySource, byDepartment, sightings } = standing;
  const expected = totalExpected(standing);
  const count = customers.size;
  const low = count === 0 ? 0 : gammaQuantile(tail, count);
  const high = gammaQuantile(1 - tail, count + 1);
  const byMost = (counts: ReadonlyMap<string, number>): [string, number][] =>
    [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return {
    id: standing.id,
    startedAt: standing.startedAt,
    detectedAt: standing.detectedAt,
    resolvedAt: standing.resolvedAt,
    scope: shownScope(series.places, standing.node),
    themes: namedOnly(mainThemes(standing).map((theme) => nameOf(series.themes, theme))),
    product: product === 0 ? null : nameOf(series.products, product),
    customers: count,
    expectedCustomers: expected,
    excess: {
      estimate: Math.max(0, count - expected),
      low: Math.max(0, low - expected),
      high: Math.max(0, high - expected),
    },
    pValue: standing.pValue,
    departments: byMost(byDepartment)
      .filter(([, n]) => n * 3 >= sightings)
      .map(([name]) => name),
    sources: byMost(bySource).map(([name]) => name),
    examples: standing.examples.toReversed(),
    reopened: standing.reopened,
    heldBy: standing.heldBy,
    mergedInto: standing.mergedInto,
  };
}
