// Which outages befall the made-up country: the known truth that incidents are judged by.
import { createRandom, type Random } from '../../../services/gateway/synthetic/random.ts';
import type { PlaceLevel } from '../../../services/alert/sighting.ts';
import { logUniform, pick } from './draws.ts';
import { dayMs, hourMs, products } from './ordinary.ts';
import type { World, WorldPlace } from './world.ts';

/** How many speak up over its time: as many all along, more and more until half-time, or most at once and ever fewer. */
export type Shape = 'step' | 'ramp' | 'decay';

export interface Truth {
  readonly index: number;
  /** `drift`: rises over days and never suddenly. */
  readonly kind: 'outage' | 'drift';
  readonly startedAt: number;
  readonly endedAt: number;
  readonly place: WorldPlace;
  /** The first has most of it. */
  readonly themes: readonly string[];
  /** Null: each as usual. */
  readonly product: string | null;
  /** Distinct customers an hour above what is ordinary, at its height. */
  readonly customersPerHour: number;
  readonly shape: Shape;
}

export interface OutagePlan {
  readonly outages: number;
  readonly drifts: number;
  /** Milliseconds; they begin and end in between. */
  readonly from: number;
  readonly to: number;
  readonly seed: number;
}

/** Part of all outages, and the most customers an hour. */
const levels: readonly [PlaceLevel, number, number][] = [
  ['country', 0.05, 200],
  ['region', 0.12, 200],
  ['city', 0.25, 120],
  ['area', 0.24, 60],
  ['postcode', 0.22, 30],
  ['site', 0.12, 20],
];
const networkThemes = [
  'outage',
  'slow-speed',
  'unstable-service',
  'call-or-message',
  'coverage',
  'tv-service',
];
const otherThemes = ['billing-error', 'price', 'app-or-website'];
const shapes: readonly Shape[] = ['step', 'ramp', 'decay'];
/** Between two at one branch of places, so that it is clear which of them an incident is about. */
const apartMs = 12 * hourMs;
/** Of a place's subscribers no more than this part speaks up. */
const mostOfSubscribers = 0.25;

/**
 * Outages, lasting 20 minutes to three days, and drifts; each length, size and start as likely as another, the widest
 * planned first. In order of their starts.
 * @throws RangeError when they do not fit into the time
 */
export function planOutages(
  world: World,
  { outages, drifts, from, to, seed }: OutagePlan,
): Truth[] {
  const random = createRandom(seed, 0x6f75_7461, 2);
  const planned: Omit<Truth, 'index'>[] = [];
  const wanted = Array.from(
    { length: outages },
    () =>
      levels[
        pick(
          random,
          levels.map((each) => each[1]),
        )
      ]!,
  )
    .toSorted((one, other) => levels.indexOf(one) - levels.indexOf(other))
    .map(
      ([level, , most]) =>
        () =>
          drawOutage(random, world, level, most),
    );
  const slow = Array.from({ length: drifts }, () => () => drawDrift(random, world));
  for (const draw of [...slow, ...wanted]) planned.push(fit(random, draw, planned, from, to));
  return planned
    .toSorted((one, other) => one.startedAt - other.startedAt)
    .map((each, index) => ({ ...each, index }));
}

type Draft = Omit<Truth, 'index' | 'startedAt' | 'endedAt'> & { readonly lengthMs: number };

function drawOutage(random: Random, world: World, level: PlaceLevel, most: number): Draft {
  const places = world.at[level];
  const place = places[random.below(places.length)]!;
  const customersPerHour = logUniform(random, 2, most);
  const longestMs = ((place.subscribers * mostOfSubscribers) / customersPerHour) * hourMs;
  const isWide = level === 'country' || level === 'region';
  const ofNetwork = !isWide || random.chance(0.6);
  return {
    kind: 'outage',
    place,
    customersPerHour,
    lengthMs: Math.min(logUniform(random, hourMs / 3, 3 * dayMs), Math.max(longestMs, hourMs / 3)),
    themes: drawThemes(random, ofNetwork ? networkThemes : otherThemes),
    product: random.chance(0.4) ? products[1 + random.below(products.length - 1)]! : null,
    shape: shapes[random.below(shapes.length)]!,
  };
}

function drawDrift(random: Random, world: World): Draft {
  const level = (['city', 'region'] as const)[random.below(2)]!;
  const place = world.at[level][random.below(world.at[level].length)]!;
  return {
    kind: 'drift',
    place,
    customersPerHour: logUniform(random, 1, level === 'region' ? 8 : 3),
    lengthMs: (5 + 7 * random.float()) * dayMs,
    themes: drawThemes(random, networkThemes).slice(0, 1),
    product: null,
    shape: 'ramp',
  };
}

function drawThemes(random: Random, from: readonly string[]): string[] {
  const count = 1 + pick(random, [0.6, 0.28, 0.12]);
  const left = [...from];
  return Array.from(
    { length: Math.min(count, left.length) },
    () => left.splice(random.below(left.length), 1)[0]!,
  );
}

function fit(
  random: Random,
  draw: () => Draft,
  planned: readonly Omit<Truth, 'index'>[],
  from: number,
  to: number,
): Omit<Truth, 'index'> {
  for (let attempt = 0; attempt < 2000; attempt += 1) {
    const { lengthMs, ...rest } = draw();
    if (lengthMs >= to - from) continue;
    const startedAt = Math.round(from + random.float() * (to - from - lengthMs));
    const endedAt = Math.round(startedAt + lengthMs);
    const isFree = planned.every(
      (other) =>
        !isOneBranch(rest.place, other.place) ||
        other.endedAt + apartMs <= startedAt ||
        endedAt + apartMs <= other.startedAt,
    );
    if (isFree) return { ...rest, startedAt, endedAt };
  }
  throw new RangeError(`no room for ${planned.length + 1} outages: give fewer, or more weeks`);
}

/** True where one holds the other, or they are the same. */
export function isOneBranch(one: WorldPlace, other: WorldPlace): boolean {
  const { path, level } = one.index < other.index ? one : other;
  return level === 'country' || path[level] === (one.index < other.index ? other : one).path[level];
}

/** Customers an hour that it adds at a moment. */
export function intensity(
  { kind, shape, startedAt, endedAt, customersPerHour }: Truth,
  at: number,
): number {
  if (at < startedAt || at >= endedAt) return 0;
  const part = (at - startedAt) / (endedAt - startedAt);
  if (kind === 'drift') return customersPerHour * Math.min(1, part / 0.8);
  if (shape === 'step') return customersPerHour;
  return customersPerHour * (shape === 'ramp' ? Math.min(1, 2 * part) : Math.exp(-2.3 * part));
}
