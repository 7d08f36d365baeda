// The key of a place as the API gives it, `region:US/California`: its level and the names that tell it apart.
import { countryTitle } from '../show/figures.ts';

/** Which filters of the API the names of a key are, in the order they stand in it. */
const namesIn: Readonly<Record<string, readonly string[]>> = {
  country: ['country'],
  region: ['country', 'region'],
  city: ['country', 'region', 'city'],
  area: ['area'],
  // One whose name there is in several regions.
  'area/': ['country', 'region', 'area'],
  postcode: ['country', 'postcode'],
  site: ['site'],
  'h3-4': ['h3'],
  'h3-6': ['h3'],
  'h3-8': ['h3'],
};

export interface PlaceKey {
  readonly level: string;
  readonly path: readonly string[];
}

export function parsePlaceKey(key: string): PlaceKey | null {
  const at = key.indexOf(':');
  if (at < 1 || at === key.length - 1) return null;
  const path = key
    .slice(at + 1)
    .split('/')
    .map(unescaped);
  return { level: key.slice(0, at), path };
}

/** The narrowest name of a place, a country's code as its name. */
export function placeTitle(key: string): string {
  const parsed = parsePlaceKey(key);
  const name = parsed?.path.at(-1) || key;
  return parsed?.level === 'country' ? countryTitle(name) : name;
}

/** The filters of the API that a place stands for, lists of one; none for null and for what is no key. */
export function placeFilters(key: string | null): Readonly<Record<string, readonly string[]>> {
  const parsed = key === null ? null : parsePlaceKey(key);
  const isHomonym = parsed?.level === 'area' && parsed.path.length > 1;
  const names = parsed === null ? undefined : namesIn[isHomonym ? 'area/' : parsed.level];
  if (parsed === null || names === undefined || names.length !== parsed.path.length) return {};
  return Object.fromEntries(
    names
      .map((name, index): [string, readonly string[]] => [name, [parsed.path[index]!]])
      .filter(([, [value]]) => value !== ''),
  );
}

/** A slash in a name is none between names; all else stands as it is. */
function unescaped(part: string): string {
  return part.replaceAll('%2F', '/').replaceAll('%25', '%');
}
