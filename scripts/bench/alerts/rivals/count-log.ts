// What a rival sees: of each series, a place by theme, its distinct customers in each slice. Kept sparsely, since most
// series are quiet most of the time.
import { sliceMs } from '../../../../services/alert/detect/detection.ts';
import type { Sighting } from '../../../../services/alert/sighting.ts';
import { beginsAt, dayMs, themes } from '../ordinary.ts';
import type { World } from '../world.ts';

const daySlices = dayMs / sliceMs;

/** Of each place: one series of each theme, and one of all. */
export const seriesOfPlace = themes.length + 1;
const themeNumbers = new Map(themes.map(({ name }, at) => [name, at + 1]));

export const placeOf = (series: number): number => Math.floor(series / seriesOfPlace);
/** `all`, or the theme's name. */
export const themeOf = (series: number): string =>
  themes[(series % seriesOfPlace) - 1]?.name ?? 'all';

/** One series: slices with customers, in order, and how many. */
export interface SeriesLog {
  readonly slices: Int32Array;
  readonly counts: Int32Array;
}

export interface CountLog {
  readonly slices: number;
  readonly seriesCount: number;
  readonly series: (series: number) => SeriesLog;
}

export interface CountLogWriter {
  /** Of the next slice, those in time. */
  take(sightings: readonly Sighting[]): void;
  finish(): CountLog;
}

/** A customer counts in a series once in 24 hours, as for the detector. */
export function createCountLog(world: World): CountLogWriter {
  const lists: { slices: number[]; counts: number[] }[] = [];
  const heard = new Map<string, number>();
  let slice = 0;

  function add(series: number): void {
    const list = (lists[series] ??= { slices: [], counts: [] });
    if (list.slices.at(-1) === slice) list.counts[list.counts.length - 1]! += 1;
    else {
      list.slices.push(slice);
      list.counts.push(1);
    }
  }

  function isNew(who: string, at: number): boolean {
    const last = heard.get(who);
    if (last !== undefined && at - last < dayMs) return false;
    heard.set(who, at);
    return true;
  }

  return {
    take: (sightings) => {
      for (const { at, customer, theme, place } of sightings) {
        const kinds: number[] = [];
        if (isNew(`${customer}`, at)) kinds.push(0);
        if (isNew(`${customer} ${theme}`, at)) kinds.push(themeNumbers.get(theme)!);
        if (kinds.length === 0) continue;
        let index: number | null = world.find(place).index;
        while (index !== null) {
          for (const kind of kinds) add(index * seriesOfPlace + kind);
          index = world.places[index]!.parent;
        }
      }
      slice += 1;
      if (slice % daySlices === 0) {
        const now = beginsAt + slice * sliceMs;
        for (const [who, last] of heard) if (now - last >= dayMs) heard.delete(who);
      }
    },
    finish: () => {
      const logs = lists.map(({ slices, counts }) => ({
        slices: Int32Array.from(slices),
        counts: Int32Array.from(counts),
      }));
      const none: SeriesLog = { slices: new Int32Array(), counts: new Int32Array() };
      return {
        slices: slice,
        seriesCount: world.places.length * seriesOfPlace,
        series: (series) => logs[series] ?? none,
      };
    },
  };
}

/** Customers in slices from `from`, before `to`. */
export function customersIn({ slices, counts }: SeriesLog, from: number, to: number): number {
  let sum = 0;
  for (let at = firstFrom(slices, from); at < slices.length && slices[at]! < to; at += 1)
    sum += counts[at]!;
  return sum;
}

function firstFrom(slices: Int32Array, from: number): number {
  let [low, high] = [0, slices.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (slices[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
