// The last day, bucket by bucket: what was seen, and the counts of each series over windows of 15 minutes to a day.
import { forEachSeries, locate, type Families, type Located, type Series } from './series.ts';
import { setLevel } from './baseline.ts';
import type { Sighting } from '../sighting.ts';

export const windows = [1, 4, 16, 96] as const;
const longest = 96;
/** The last day, and the hour before that is learnt. */
const ringSize = longest + 4;

/** A sighting as it counts. */
export interface Seen extends Located {
  readonly id: string;
  readonly at: number;
  readonly source: string;
  readonly customer: string | null;
  readonly departments: readonly string[];
  /** Whether its customer counts in series of one theme, and of all: once in 24 hours. */
  readonly countsInTheme: boolean;
  readonly countsInAll: boolean;
}

export interface Recent {
  /** Of each of the last buckets, at its number modulo the size: what was seen, and the series that counted it. */
  readonly seen: (readonly Seen[])[];
  readonly counted: Int32Array[];
  /** The bucket in which each customer last counted, by customer, and by customer and theme. */
  readonly customers: Map<string, number>;
}

export function createRecent(): Recent {
  return {
    seen: Array.from({ length: ringSize }, () => []),
    counted: Array.from({ length: ringSize }, () => new Int32Array()),
    customers: new Map(),
  };
}

const nothing = new Int32Array();

/** Begins a bucket: what lies too far back for a window leaves it. */
export function beginBucket(recent: Recent, series: Series, bucket: number): void {
  const { last1, last4, last16, last96, hourCount } = series.columns;
  const before = (buckets: number): Int32Array =>
    recent.counted[(bucket - buckets + ringSize) % ringSize] ?? nothing;
  for (const number of before(1)) last1[number] = 0;
  for (const number of before(4)) last4[number]! -= 1;
  for (const number of before(16)) last16[number]! -= 1;
  for (const number of before(longest)) {
    last96[number]! -= 1;
    hourCount[number]! += 1;
  }
  recent.counted[bucket % ringSize] = nothing;
  recent.seen[bucket % ringSize] = [];
  if (bucket % longest === 0) forget(recent, bucket);
}

/** Takes more of the bucket that was begun. @returns these, as they count */
export function takeSlice(
  recent: Recent,
  series: Series,
  bucket: number,
  sightings: readonly Sighting[],
  families: Families,
): readonly Seen[] {
  // In one order, whatever the order of arrival.
  const sorted = sightings.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const counted: number[] = [];
  const seen = sorted.map((sighting): Seen => {
    const { id, at, source, customer, departments } = sighting;
    const located = locate(series, sighting, bucket, families);
    const known = series.size;
    const countsInAll = countsOnce(recent, customer, bucket);
    const countsIn = (theme: number): boolean =>
      countsOnce(recent, customer === null ? null : `${customer}/${theme}`, bucket);
    const countsInTheme = countsIn(located.theme);
    const counts = {
      all: countsInAll,
      theme: countsInTheme,
      family: located.family > 0 && countsIn(located.family),
    };
    forEachSeries(series, located, (number, of) => {
      if (counts[of]) counted.push(number);
    });
    for (let number = known; number < series.size; number += 1) setLevel(series, number);
    return { id, at, source, customer, departments, ...located, countsInAll, countsInTheme };
  });
  const { last1, last4, last16, last96 } = series.columns;
  for (const number of counted) {
    last1[number]! += 1;
    last4[number]! += 1;
    last16[number]! += 1;
    last96[number]! += 1;
  }
  const at = bucket % ringSize;
  const before = recent.counted[at]!;
  const all = new Int32Array(before.length + counted.length);
  all.set(before);
  all.set(counted, before.length);
  recent.counted[at] = all;
  recent.seen[at] = recent.seen[at]!.concat(seen);
  return seen;
}

/** Numbers of the series that counted something in a bucket, each once. */
export function touchedIn({ counted }: Recent, bucket: number): ReadonlySet<number> {
  return new Set(counted[bucket % ringSize]);
}

function countsOnce({ customers }: Recent, key: string | null, bucket: number): boolean {
  if (key === null) return true;
  const last = customers.get(key);
  if (last !== undefined && bucket - last < longest) return false;
  customers.set(key, bucket);
  return true;
}

function forget({ customers }: Recent, bucket: number): void {
  for (const [key, at] of customers) if (bucket - at >= longest) customers.delete(key);
}

/** What was seen in a bucket of the last day. */
export function seenIn({ seen }: Recent, bucket: number): readonly Seen[] {
  return seen[bucket % ringSize]!;
}

export const windowColumn = { 1: 'last1', 4: 'last4', 16: 'last16', 96: 'last96' } as const;
