// Which sources are silent: dead rather than quiet. A source is a series like any other, with a profile of its own.
import {
  createBaseline,
  learn,
  meanOf,
  setLevel,
  spreadOf,
  type Baseline,
  type Hour,
} from './baseline.ts';
import { createSeries, forEachSeries, locate, type Series } from './series.ts';
import type { Sighting } from '../sighting.ts';

/** Nothing for so long that chance would do it once in a million buckets. */
const silentBelow = 1e-6;
const ringSize = 100;

export interface Sources {
  readonly baseline: Baseline;
  readonly series: Series;
  /** Of each source, its number of a series. */
  readonly numbers: Map<string, number>;
  /** By number: when it was last heard, and what was expected since. */
  readonly heardIn: number[];
  readonly missed: number[];
  readonly silent: Set<string>;
  /** Of the last buckets: counts by number, and the share of all that could be seen. */
  readonly counts: Map<number, number>[];
  readonly seen: number[];
}

export function createSources(): Sources {
  return {
    baseline: createBaseline(),
    series: createSeries(),
    numbers: new Map(),
    heardIn: [],
    missed: [],
    silent: new Set(),
    counts: Array.from({ length: ringSize }, () => new Map<number, number>()),
    seen: Array.from({ length: ringSize }, () => 1),
  };
}

const nowhere = { region: null, city: null, area: null, postcode: null, site: null };

/** Takes a bucket, and tells who is silent after it. */
export function takeSources(
  sources: Sources,
  bucket: number,
  sightings: readonly Sighting[],
  isSettled: boolean,
): void {
  const { series, numbers, counts, silent } = sources;
  const now = new Map<number, number>();
  for (const sighting of sightings) {
    const number = numberOf(sources, sighting, bucket);
    now.set(number, (now.get(number) ?? 0) + 1);
  }
  for (const [number, count] of counts[(bucket - 96 + ringSize) % ringSize]!)
    series.columns.hourCount[number]! += count;
  counts[bucket % ringSize] = now;
  sources.seen[bucket % ringSize] = 1;
  for (const [source, number] of numbers) {
    if (now.has(number)) {
      sources.heardIn[number] = bucket;
      sources.missed[number] = 0;
      silent.delete(source);
      continue;
    }
    sources.missed[number]! += meanOf(sources.baseline, series, number, bucket);
    if (!isSettled || silent.has(source) || !isDead(sources, number, bucket)) continue;
    silent.add(source);
    forgetSilence(sources, number, bucket);
  }
  for (const source of silent) unsee(sources, numbers.get(source)!, bucket);
}

function numberOf(sources: Sources, { source }: Sighting, bucket: number): number {
  const known = sources.numbers.get(source);
  if (known !== undefined) return known;
  const { series } = sources;
  const place = { country: source, ...nowhere };
  const { chain } = locate(series, { place, theme: '', product: null }, bucket);
  let number = 0;
  const before = series.size;
  forEachSeries(series, { chain, theme: 0, family: 0, product: 0 }, (of) => (number = of));
  for (let at = before; at < series.size; at += 1) setLevel(series, at);
  sources.numbers.set(source, number);
  sources.heardIn[number] = bucket;
  sources.missed[number] = 0;
  return number;
}

/** Probability of no count at all, of a negative binomial with what was expected since it was heard. */
function isDead({ missed, series, baseline }: Sources, number: number, bucket: number): boolean {
  const mean = missed[number]!;
  const spread = spreadOf(baseline, series, number, bucket, 16);
  return Math.log1p(spread * mean) / spread > -Math.log(silentBelow);
}

/** What was not seen since it was last heard is no quiet. */
function forgetSilence(sources: Sources, number: number, bucket: number): void {
  const from = Math.max(sources.heardIn[number]! + 1, bucket - ringSize + 1);
  for (let at = from; at < bucket; at += 1) unsee(sources, number, at);
}

function unsee({ seen, series }: Sources, number: number, bucket: number): void {
  const { level } = series.columns;
  const all = level[0]!;
  const share = all > 0 ? Math.min(1, level[number]! / all) : 1;
  seen[bucket % ringSize] = Math.max(0, seen[bucket % ringSize]! - share);
}

/** Share of all sightings that could be seen in the hour of these four buckets. */
export function seenShare({ seen }: Sources, lastBucket: number): number {
  let sum = 0;
  for (let at = lastBucket - 3; at <= lastBucket; at += 1) sum += seen[at % ringSize]!;
  return sum / 4;
}

/** Learns as the baseline does; a silent source learns nothing. */
export function learnSources(sources: Sources, hour: Omit<Hour, 'isFrozen' | 'seen'>): void {
  const { numbers, silent, series } = sources;
  const frozen = new Set([...silent].map((source) => numbers.get(source)!));
  // The first series holds all of them, and has no counts of its own.
  const { hourCount } = series.columns;
  let all = 0;
  for (const number of numbers.values()) all += hourCount[number]!;
  if (series.size > 0) hourCount[0] = all;
  learn(sources.baseline, series, {
    ...hour,
    seen: 1,
    isFrozen: (number) => frozen.has(number) || (number === 0 && frozen.size > 0),
  });
}

/** Whether a source was heard, about anything, after this bucket. */
export function isHeardAfter(sources: Sources, source: string, bucket: number): boolean {
  const number = sources.numbers.get(source);
  return number !== undefined && sources.heardIn[number]! > bucket;
}
