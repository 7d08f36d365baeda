// Places as a tree: everywhere, countries in it, regions in these, down to sites. A place is a path, so that two cities
// of one name are two. Levels that a sighting leaves open are passed over.
import { placeLevels, type PlaceLevel, type SightingPlace } from '../sighting.ts';
import type { Scope } from './detection.ts';

export interface Places {
  /** Number of the node above; -1 for the root, which is 0. A node's number is greater than that of the one above. */
  readonly parents: number[];
  /** Numbers of the nodes right below. */
  readonly children: number[][];
  /** 0 is everywhere, 1 to 6 as in `placeLevels`. */
  readonly levels: number[];
  readonly names: string[];
  /** Nodes by the one above, level and name. */
  readonly known: Map<string, number>;
}

export function createPlaces(): Places {
  return { parents: [-1], children: [[]], levels: [0], names: [''], known: new Map() };
}

export const root = 0;

/** Nodes from the root down to the narrowest that the place names; new ones are added. */
export function chainOf(places: Places, place: SightingPlace): number[] {
  const chain = [root];
  let above = root;
  for (let level = 1; level <= placeLevels.length; level += 1) {
    const name = place[placeLevels[level - 1]!];
    if (name === null || name === '') continue;
    const key = `${above}/${level}/${name}`;
    let node = places.known.get(key);
    if (node === undefined) {
      node = places.parents.push(above) - 1;
      places.children.push([]);
      places.children[above]!.push(node);
      places.levels.push(level);
      places.names.push(name);
      places.known.set(key, node);
    }
    chain.push(node);
    above = node;
  }
  return chain;
}

/** Whether `node` is `above` or lies in it. */
export function isWithin(places: Places, node: number, above: number): boolean {
  let at = node;
  while (at > above) at = places.parents[at]!;
  return at === above;
}

/** Whether one of both lies in the other. */
export function areInLine(places: Places, one: number, other: number): boolean {
  return one < other ? isWithin(places, other, one) : isWithin(places, one, other);
}

export function scopeOf(places: Places, node: number): Scope {
  const path: Record<PlaceLevel, string | null> = {
    country: null,
    region: null,
    city: null,
    area: null,
    postcode: null,
    site: null,
  };
  for (let at = node; at !== root; at = places.parents[at]!)
    path[placeLevels[places.levels[at]! - 1]!] = places.names[at]!;
  return { level: node === root ? 'everywhere' : placeLevels[places.levels[node]! - 1]!, path };
}

/** As `scopeOf`; of one country alone, everywhere is that country, for those too who say no place. */
export function shownScope(places: Places, node: number): Scope {
  if (node !== root) return scopeOf(places, node);
  const below = places.children[root]!;
  const [only] = below;
  const isCountry = below.length === 1 && places.levels[only!] === 1;
  return scopeOf(places, isCountry ? only! : root);
}
