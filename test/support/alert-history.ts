// A made-up history of sightings for the detector: quiet places with a day's rhythm, and what is put into it. Seeded.
import {
  bucketMs,
  sliceMs,
  type Change,
  type Detector,
} from '../../services/alert/detect/detection.ts';
import type { Sighting, SightingPlace } from '../../services/alert/sighting.ts';

export interface Voice {
  readonly city: string;
  readonly area: string;
  readonly theme: string;
}

export const nowhere: SightingPlace = {
  country: null,
  region: null,
  city: null,
  area: null,
  postcode: null,
  site: null,
};

/** A random generator of numbers from 0 to 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function poisson(mean: number, random: () => number): number {
  let count = -1;
  for (let product = 1; product > Math.exp(-mean); count += 1) product *= random();
  return Math.max(0, count);
}

export interface Rise {
  /** Buckets since the beginning: `from` inclusive, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** Customers a bucket. */
  readonly rate: number;
  readonly cities: readonly string[];
  readonly areas?: readonly string[];
  readonly theme: string;
  /** Whose customer it always is; each its own by default. */
  readonly customer?: string;
  readonly source?: string;
}

export interface HistoryOptions {
  readonly seed: number;
  readonly buckets: number;
  /** Customers a bucket in each city, on average. */
  readonly rate?: number;
  readonly rises?: readonly Rise[];
  /** Buckets in which the source `tickets` is dead. */
  readonly dead?: readonly [from: number, to: number];
}

export const cities = ['Northport', 'Southgate', 'Eastfield', 'Westbrook'];
const areas = ['Hill', 'Dock', 'Mill'];
const themes = ['outage', 'slow-speed', 'billing-error', 'price'];
/** A Monday. */
export const beginning = Date.UTC(2026, 0, 5);

/** Buckets of sightings: three in five of all are tickets, the others posts. */
export function historyOf(options: HistoryOptions): Sighting[][] {
  const { seed, buckets, rate = 0.5, rises = [], dead = [0, 0] } = options;
  const random = randomOf(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  let count = 0;
  return Array.from({ length: buckets }, (_, bucket) => {
    const start = beginning + bucket * bucketMs;
    const rhythm = 1 + 0.7 * Math.sin(((bucket % 96) / 96) * 2 * Math.PI);
    const sightings: Sighting[] = [];
    const say = (city: string, area: string, theme: string, rise?: Rise): void => {
      count += 1;
      const at = start + Math.floor(random() * bucketMs);
      const source = rise?.source ?? (random() < 0.6 ? 'tickets' : 'posts');
      if (source === 'tickets' && bucket >= dead[0] && bucket < dead[1]) return;
      sightings.push({
        id: `s${count}`,
        at,
        receivedAt: at,
        source,
        place: { ...nowhere, country: 'NL', region: 'Coast', city, area: `${city} ${area}` },
        theme,
        product: null,
        customer: rise?.customer ?? `c${count}`,
        departments: ['operations'],
      });
    };
    for (const city of cities)
      for (let left = poisson(rate * rhythm, random); left > 0; left -= 1)
        say(city, pick(areas), pick(themes));
    for (const rise of rises) {
      if (bucket < rise.from || bucket >= rise.to) continue;
      for (let left = poisson(rise.rate, random); left > 0; left -= 1)
        say(pick(rise.cities), pick(rise.areas ?? areas), rise.theme, rise);
    }
    return sightings;
  });
}

/** Which of a bucket's sightings count in the slice that starts then. */
type Slicing = (sightings: readonly Sighting[], slice: number) => readonly Sighting[];
const asSaid: Slicing = (sightings, slice) =>
  sightings.filter(({ at }) => at >= slice && at < slice + sliceMs);
/** As if nothing were known of a bucket before its end. */
export const atItsEnd: Slicing = (sightings, slice) =>
  (slice + sliceMs) % bucketMs === 0 ? sightings : [];

/** All changes but those of numbers alone. */
export function changesOf(
  detector: Detector,
  history: readonly Sighting[][],
  from = 0,
  slicing = asSaid,
): Change[] {
  return history.flatMap((sightings, index) => {
    const start = beginning + (from + index) * bucketMs;
    const slices = Array.from({ length: bucketMs / sliceMs }, (_, at) => start + at * sliceMs);
    return slices.flatMap((at) =>
      detector
        .step({ start: at, sightings: slicing(sightings, at) })
        .filter(({ kind }) => kind !== 'went-on'),
    );
  });
}
