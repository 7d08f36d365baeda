// A made-up country of places, a few of them with most of the customers. The same seed gives the same country.
import { createRandom, type Random } from '../../../services/gateway/synthetic/random.ts';
import {
  placeLevels,
  type PlaceLevel,
  type SightingPlace,
} from '../../../services/alert/sighting.ts';
import { normal, pick } from './draws.ts';

export interface WorldSize {
  readonly regions: number;
  readonly cities: number;
  readonly areas: number;
  readonly postcodes: number;
  /** Postcodes that have two sites each; the others have none. */
  readonly postcodesWithSites: number;
  /** Who speak up on an ordinary day. Of 300 customers there are, one does. */
  readonly customersADay: number;
}

/** About 140,000 series in half a year. */
export const largeCountry: WorldSize = {
  regions: 6,
  cities: 60,
  areas: 600,
  postcodes: 3000,
  postcodesWithSites: 600,
  customersADay: 5000,
};
/** About 30,000 series, for a measurement in between. */
export const smallCountry: WorldSize = {
  regions: 4,
  cities: 20,
  areas: 120,
  postcodes: 600,
  postcodesWithSites: 120,
  customersADay: 1500,
};

export interface WorldPlace {
  /** Its place in `World.places`; a parent's is before its children's. */
  readonly index: number;
  readonly level: PlaceLevel;
  /** Index; null of the country. */
  readonly parent: number | null;
  /** No two places have a name in common. */
  readonly path: SightingPlace;
  /** Part of all customers, 0..1. */
  readonly share: number;
  readonly subscribers: number;
  /** 0 to regions - 1; null of the country. */
  readonly region: number | null;
  /** Its postcodes are those from the first, before the end, in `World.postcodes`. Of a site that of its postcode. */
  readonly firstPostcode: number;
  readonly endPostcode: number;
}

export interface World {
  readonly size: WorldSize;
  readonly places: readonly WorldPlace[];
  /** By level. */
  readonly at: Readonly<Record<PlaceLevel, readonly WorldPlace[]>>;
  readonly postcodes: readonly WorldPlace[];
  /** Of each postcode, none or two. */
  readonly sitesOf: readonly (readonly WorldPlace[])[];
  /** The narrowest place that is named; the country where nothing is. */
  readonly find: (place: SightingPlace) => WorldPlace;
}

const subscribersPerCustomerADay = 300;
const nowhere: SightingPlace = {
  country: null,
  region: null,
  city: null,
  area: null,
  postcode: null,
  site: null,
};
/** The busier site's part of a postcode's customers. */
export const siteParts = [0.6, 0.4] as const;

interface Draft {
  readonly level: PlaceLevel;
  readonly name: string;
  readonly children: Draft[];
  /** Of a postcode or a site. */
  weight: number;
}

export function createWorld(size: WorldSize, seed: number): World {
  const random = createRandom(seed, 0x776f_726c, 1);
  const country = draft('country', 'Country');
  let parents = [country];
  const counts: [PlaceLevel, number][] = [
    ['region', size.regions],
    ['city', size.cities],
    ['area', size.areas],
    ['postcode', size.postcodes],
  ];
  for (const [level, count] of counts) parents = grow(random, parents, level, count);
  const total = weigh(random, parents);
  const busiest = parents.toSorted((one, other) => other.weight - one.weight);
  for (const postcode of busiest.slice(0, size.postcodesWithSites))
    for (const part of siteParts)
      postcode.children.push({
        ...draft('site', `${postcode.name}-${postcode.children.length + 1}`),
        weight: postcode.weight * part,
      });
  return number(size, country, total);
}

function draft(level: PlaceLevel, name: string): Draft {
  return { level, name, children: [], weight: 0 };
}

/** Two children to each parent at least, the rest by chance to the larger ones, by Zipf's law with exponent 0.8. */
function grow(random: Random, parents: Draft[], level: PlaceLevel, count: number): Draft[] {
  const weights = parents.map((_, rank) => (rank + 1) ** -0.8);
  for (let at = 0; at < count; at += 1) {
    const parent = at < 2 * parents.length ? parents[at >> 1]! : parents[pick(random, weights)]!;
    parent.children.push(draft(level, `${level} ${at + 1}`));
  }
  // Which of them are the large ones is by chance, or a large region would have all large cities.
  return parents
    .flatMap(({ children }) => children)
    .map((child) => ({ child, key: random.float() }))
    .toSorted((one, other) => one.key - other.key)
    .map(({ child }) => child);
}

function weigh(random: Random, postcodes: readonly Draft[]): number {
  let total = 0;
  for (const postcode of postcodes) {
    postcode.weight = Math.exp(0.6 * normal(random));
    total += postcode.weight;
  }
  return total;
}

function number(size: WorldSize, country: Draft, total: number): World {
  const places: WorldPlace[] = [];
  const postcodes: WorldPlace[] = [];
  const sitesOf: WorldPlace[][] = [];
  let regions = 0;

  function visit({ level, name, weight, children }: Draft, parent: WorldPlace | null): number {
    const index = places.length;
    const region = level === 'region' ? regions++ : (parent?.region ?? null);
    const path = { ...(parent?.path ?? nowhere), [level]: name };
    const firstPostcode = level === 'site' ? parent!.firstPostcode : sitesOf.length;
    if (level === 'postcode') sitesOf.push([]);
    const place = {
      index,
      level,
      parent: parent?.index ?? null,
      path,
      region,
      firstPostcode,
      endPostcode: sitesOf.length,
      share: 0,
      subscribers: 0,
    };
    places.push(place);
    if (level === 'postcode') postcodes.push(place);
    if (level === 'site') sitesOf.at(-1)!.push(place);
    let below = 0;
    for (const child of children) below += visit(child, place);
    const own = level === 'postcode' || level === 'site' ? weight : below;
    place.share = own / total;
    place.subscribers = Math.max(
      20,
      Math.round(place.share * size.customersADay * subscribersPerCustomerADay),
    );
    place.endPostcode = sitesOf.length;
    return own;
  }
  visit(country, null);

  const byName = new Map(places.map((place) => [place.path[place.level]!, place]));
  return {
    size,
    places,
    postcodes,
    sitesOf,
    at: Object.fromEntries(
      placeLevels.map((level) => [level, places.filter((place) => place.level === level)]),
    ) as unknown as World['at'],
    find: (place) => {
      const level = placeLevels.findLast((each) => place[each] !== null);
      return level === undefined ? places[0]! : byName.get(place[level]!)!;
    },
  };
}
