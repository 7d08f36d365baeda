// What happens to the provider: outages, busy evenings, gaps, campaigns, prices, releases, bill runs, rivals.
// Each day's events follow from the seed and the day alone, so any two spans of time agree on them.
import { pick, waiting, type Random, createRandom } from './random.ts';
import type { Area, Provider, Technology } from './provider.ts';

export type WorldEventKind =
  | 'outage'
  | 'congestion'
  | 'coverage-gap'
  | 'campaign'
  | 'price-change'
  | 'app-release'
  | 'bill-run'
  | 'rival-offer';

/**
 * One event. Times in ms since the epoch; after `endsAt` (repaired, fixed, over) it still echoes until
 * `quietAt`. `areas`: indexes into the provider's areas, empty for everywhere; `share`: of all
 * subscribers, 0..1. `strength`: reports at the height, as a multiple of those people's usual volume.
 * `name`: of a campaign or a rival, or the version of an app. Prices in whole currency units.
 */
export interface WorldEvent {
  readonly id: string;
  readonly number: number;
  readonly kind: WorldEventKind;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly quietAt: number;
  readonly areas: readonly number[];
  readonly share: number;
  readonly technology: Technology | null;
  readonly strength: number;
  readonly rampMs: number;
  readonly name: string;
  readonly oldPrice: number;
  readonly newPrice: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** No event echoes longer than this after the day it began. */
export const MEMORY_DAYS = 9;

const CAMPAIGNS = [
  'Gigabit Summer',
  'Double Up',
  'Neighbour Bonus',
  'First Light',
  'Bring Your Own',
  'Home & Away',
  'Switch Week',
  'Quiet Nights',
  'Twelve for Six',
  'Back to School',
];

/** The local day (days since 1970-01-01, at the provider's offset) that holds a moment. */
export function localDay(at: number, provider: Provider): number {
  return Math.floor((at + provider.utcOffsetMs) / DAY_MS);
}

/** The events that begin on a local day, soonest first not guaranteed. */
export function eventsOfDay(seed: number, provider: Provider, day: number): readonly WorldEvent[] {
  const random = createRandom(seed, day, 0x0e7e);
  const dayStart = day * DAY_MS - provider.utcOffsetMs;
  const stamp = new Date(day * DAY_MS).toISOString();
  const date = stamp.slice(0, 10).replaceAll('-', '');
  const found: WorldEvent[] = [];
  const add = (
    kind: WorldEventKind,
    startsAt: number,
    lastsMs: number,
    more: Partial<WorldEvent>,
  ) => {
    const areas = more.areas ?? [];
    const endsAt = startsAt + lastsMs;
    found.push({
      id: `${kind}-${date}-${found.length + 1}`,
      number: day * 64 + found.length,
      kind,
      startsAt,
      endsAt,
      quietAt: endsAt + 12 * HOUR_MS,
      areas,
      share: areas.length === 0 ? 1 : shareOf(provider, areas),
      technology: null,
      strength: 1,
      rampMs: HOUR_MS,
      name: '',
      oldPrice: 0,
      newPrice: 0,
      ...more,
    });
  };

  for (let at = waiting(random, 20); at < 24; at += waiting(random, 20)) {
    const outage = drawOutage(random, provider);
    const startsAt = dayStart + Math.floor(at * 60) * MINUTE_MS;
    add('outage', startsAt, outage.lastsMs, {
      ...outage.more,
      quietAt: startsAt + outage.lastsMs + 40 * HOUR_MS,
    });
  }
  for (const index of chosenAreas(seed, provider, 'congested')) {
    const startsAt = dayStart + (18 + random.float()) * HOUR_MS;
    const more = {
      areas: [index],
      strength: 0.8 + random.float() * 1.2,
      technology: provider.areas[index]!.technology,
    };
    const lastsMs = (4 + random.float()) * HOUR_MS;
    add('congestion', startsAt, lastsMs, { ...more, quietAt: startsAt + lastsMs });
  }
  const price = 20 + 5 * random.below(8);
  if (random.chance(1 / 9)) {
    const prices = { oldPrice: price + 15, newPrice: price };
    add('campaign', dayStart + 9 * HOUR_MS, 5 * DAY_MS, {
      strength: 0.5,
      rampMs: 14 * HOUR_MS,
      name: pick(random, CAMPAIGNS),
      ...prices,
    });
  }
  if (random.chance(1 / 40)) {
    const prices = { oldPrice: price + 10, newPrice: price + 13 + random.below(5) };
    add('price-change', dayStart + 8 * HOUR_MS, 4 * DAY_MS, {
      strength: 1.2,
      rampMs: 20 * HOUR_MS,
      ...prices,
    });
  }
  if (random.chance(1 / 18)) {
    const name = `${6 + random.below(3)}.${random.below(10)}.${random.below(6)}`;
    add(
      'app-release',
      dayStart + (7 + random.below(10)) * HOUR_MS,
      (12 + random.below(36)) * HOUR_MS,
      { strength: 0.6, rampMs: 2 * HOUR_MS, name },
    );
  }
  if (stamp.slice(8, 10) === '01' && random.chance(0.6)) {
    add('bill-run', dayStart + 6 * HOUR_MS, 4 * DAY_MS, { strength: 0.9, rampMs: 30 * HOUR_MS });
  }
  if (random.chance(1 / 20)) {
    const areas = cityOf(provider, pick(random, provider.areas));
    add('rival-offer', dayStart + 10 * HOUR_MS, 4 * DAY_MS, {
      areas,
      strength: 0.5,
      rampMs: 24 * HOUR_MS,
      name: pick(random, provider.rivals),
      newPrice: price - 5,
    });
  }
  return found;
}

/** Where coverage has always been missing: events without beginning or end. */
export function standingEvents(seed: number, provider: Provider): readonly WorldEvent[] {
  return chosenAreas(seed, provider, 'gaps').map((index, place) => ({
    id: `coverage-gap-${provider.areas[index]!.postcode}`,
    number: -1 - place,
    kind: 'coverage-gap',
    startsAt: -Infinity,
    endsAt: Infinity,
    quietAt: Infinity,
    areas: [index],
    share: provider.areas[index]!.share,
    technology: provider.areas[index]!.mobile,
    strength: 0.6,
    rampMs: HOUR_MS,
    name: '',
    oldPrice: 0,
    newPrice: 0,
  }));
}

/** An outage placed by hand, for a demonstration or a test. `number` must be below −1,000 and unlike any other. */
export function stagedOutage(
  provider: Provider,
  areaName: string,
  times: { readonly startsAt: number; readonly endsAt: number; readonly rampMs: number },
  strength: number,
  number: number,
): WorldEvent {
  const index = provider.areas.findIndex((area) => area.name === areaName);
  const area = provider.areas[index];
  if (area === undefined) throw new RangeError(`No area is named ${JSON.stringify(areaName)}`);
  return {
    id: `outage-staged-${-number}`,
    number,
    kind: 'outage',
    ...times,
    quietAt: times.endsAt + 40 * HOUR_MS,
    areas: [index],
    share: area.share,
    technology: area.technology,
    strength,
    name: '',
    oldPrice: 0,
    newPrice: 0,
  };
}

/** All events that may still be heard of between two moments (ms), the standing ones included. */
export function worldEvents(
  seed: number,
  provider: Provider,
  from: number,
  to: number,
): readonly WorldEvent[] {
  const events = [...standingEvents(seed, provider)];
  const last = localDay(to, provider);
  for (let day = localDay(from, provider) - MEMORY_DAYS; day <= last; day += 1) {
    for (const event of eventsOfDay(seed, provider, day)) {
      if (event.quietAt > from && event.startsAt < to) events.push(event);
    }
  }
  return events;
}

function drawOutage(
  random: Random,
  provider: Provider,
): { lastsMs: number; more: Partial<WorldEvent> } {
  const place = weightedArea(random, provider);
  const area = provider.areas[place]!;
  const mobile = random.chance(0.25);
  const technology = mobile ? area.mobile : area.technology;
  const alike = cityOf(provider, area).filter((index) => {
    const other = provider.areas[index]!;
    return index !== place && (mobile ? other.mobile : other.technology) === technology;
  });
  const size = random.float();
  const further = size < 0.6 ? 0 : size < 0.9 ? 1 + random.below(2) : alike.length;
  const areas = [place, ...alike.slice(0, further)];
  // Repair takes from under an hour to most of a day; a product of uniform draws has such a long tail.
  const lastsMs = (0.6 + 14 * random.float() * random.float() * random.float()) * HOUR_MS;
  const strength = (further === 0 ? 12 : further < 3 ? 8 : 6) * (0.7 + 0.6 * random.float());
  return {
    lastsMs,
    more: { areas, technology, strength, rampMs: (4 + random.below(16)) * MINUTE_MS },
  };
}

/** Areas that are always congested in the evening, or never had coverage: the same for a seed, for ever. */
function chosenAreas(
  seed: number,
  provider: Provider,
  what: 'congested' | 'gaps',
): readonly number[] {
  const random = createRandom(seed, 0, what === 'congested' ? 0xc0 : 0x9a);
  const fit = provider.areas.flatMap((area, index) => {
    const suits = what === 'congested' ? area.technology !== 'fibre' : area.mobile === '4G';
    return suits ? [index] : [];
  });
  const chosen: number[] = [];
  for (let left = what === 'congested' ? 5 : 4; left > 0 && fit.length > 0; left -= 1) {
    chosen.push(...fit.splice(random.below(fit.length), 1));
  }
  return chosen;
}

function cityOf(provider: Provider, area: Area): number[] {
  return provider.areas.flatMap((other, index) => (other.city === area.city ? [index] : []));
}

function shareOf(provider: Provider, areas: readonly number[]): number {
  return areas.reduce((sum, index) => sum + provider.areas[index]!.share, 0);
}

/** Index of an area, larger ones more often. */
export function weightedArea(random: Random, provider: Provider): number {
  let left = random.float();
  for (let index = 0; index < provider.areas.length; index += 1) {
    left -= provider.areas[index]!.share;
    if (left < 0) return index;
  }
  return provider.areas.length - 1;
}
