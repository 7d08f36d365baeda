// Keys of places: `region:US/California`. What names a place at each level, and what an address calls it.
import { isValidCell, getResolution } from 'h3-js';
import { placeLevels, type PlaceLevel } from '../api/questions.ts';

export interface Named {
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly area: string | null;
  readonly postcode: string | null;
  readonly site: string | null;
}

export type NamedLevel = Exclude<PlaceLevel, `h3-${number}`>;
export type Part = keyof Named;

/** A place is told apart from others of its level by these, from the outside in; the last is its name. */
const partsOf: Readonly<Record<NamedLevel, readonly Part[]>> = {
  country: ['country'],
  region: ['country', 'region'],
  city: ['country', 'region', 'city'],
  // Areas and sites are the provider's own, and named once; but see `Homonyms`.
  area: ['area'],
  postcode: ['country', 'postcode'],
  site: ['site'],
};

/** Of an area whose name the gazetteer has in several regions: there is no telling by the name alone. */
const partsOfHomonym: readonly Part[] = ['country', 'region', 'area'];

/** Names of such areas, in small letters. */
export type Homonyms = ReadonlySet<string>;
export const noHomonyms: Homonyms = new Set();

/** What is shown around a place of each level. */
export const withinOf: Readonly<Record<NamedLevel, readonly Part[]>> = {
  country: [],
  region: ['country'],
  city: ['country', 'region'],
  area: ['country', 'region', 'city'],
  postcode: ['country', 'region', 'city'],
  site: ['country', 'region', 'city', 'area'],
};

export const hexResolutions: Readonly<Partial<Record<PlaceLevel, number>>> = {
  'h3-4': 4,
  'h3-6': 6,
  'h3-8': 8,
};

export function isNamedLevel(level: PlaceLevel): level is NamedLevel {
  return !(level in hexResolutions);
}

/** Null when the place has no name at the level. */
export function keyAt(
  level: NamedLevel,
  place: Named,
  homonyms: Homonyms = noHomonyms,
): string | null {
  const name = place[partsOf[level].at(-1)!];
  if (!name) return null;
  const isHomonym = level === 'area' && homonyms.size > 0 && homonyms.has(name.toLowerCase());
  const parts = isHomonym ? partsOfHomonym : partsOf[level];
  return keyOf(
    level,
    parts.map((part) => place[part]),
  );
}

export function keyOf(level: PlaceLevel, parts: readonly (string | null)[]): string {
  return `${level}:${parts.map((part) => escaped(part ?? '')).join('/')}`;
}

/** Names are null where unknown. */
export interface PlaceKey {
  readonly level: PlaceLevel;
  readonly parts: readonly (string | null)[];
}

/** Null for what is no key. */
export function parseKey(key: string): PlaceKey | null {
  const colon = key.indexOf(':');
  const level = placeLevels.find((each) => each === key.slice(0, colon));
  if (level === undefined) return null;
  const parts = key
    .slice(colon + 1)
    .split('/')
    .map((part) => unescaped(part));
  if (!parts.at(-1)) return null;
  const resolution = hexResolutions[level];
  if (resolution !== undefined) {
    const [cell] = parts;
    return parts.length === 1 && isValidCell(cell!) && getResolution(cell!) === resolution
      ? { level, parts }
      : null;
  }
  if (namesOf(level as NamedLevel, parts.length) === undefined) return null;
  return { level, parts: parts.map((part) => (part === '' ? null : part)) };
}

/** The names that a key gives, by part; none for a cell. */
export function partsIn({ level, parts }: PlaceKey): readonly (readonly [Part, string | null])[] {
  return isNamedLevel(level)
    ? namesOf(level, parts.length)!.map((part, index) => [part, parts[index] ?? null] as const)
    : [];
}

/** What so many parts of a key name. */
function namesOf(level: NamedLevel, parts: number): readonly Part[] | undefined {
  const known = level === 'area' ? [partsOf.area, partsOfHomonym] : [partsOf[level]];
  return known.find(({ length }) => length === parts);
}

/** The key of an area that needs its region no more: by its name. */
export function shortened(key: PlaceKey, homonyms: Homonyms): PlaceKey {
  const name = key.parts.at(-1)!;
  if (key.level !== 'area' || homonyms.has(name.toLowerCase())) return key;
  return { level: 'area', parts: [name] };
}

/** A place of which no more is known than its key says. */
export function atPlace(key: PlaceKey): Named {
  const nothing = {
    country: null,
    region: null,
    city: null,
    area: null,
    postcode: null,
    site: null,
  };
  return { ...nothing, ...Object.fromEntries(partsIn(key)) };
}

/** A slash in a name is none between names; all else stays readable. */
function escaped(part: string): string {
  return part.replaceAll('%', '%25').replaceAll('/', '%2F');
}

function unescaped(part: string): string {
  return part.replaceAll('%2F', '/').replaceAll('%25', '%');
}
