// Names as the store takes them: text that PostgreSQL can hold and an index can find. Pure.
import { tidyName } from '../place-name.ts';

export interface PlaceNames {
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly area: string | null;
  readonly postcode: string | null;
  readonly site: string | null;
}

export const placeFields = ['country', 'region', 'city', 'area', 'postcode', 'site'] as const;

/** Also what the query API takes for a name. */
const maxNameLength = 200;
/** An entry of a B-tree is a third of a page at most, 2,704 bytes: all six names of a place are one. */
const maxPlaceBytes = 2400;
const maxNameOfLongPlace = 66;
/** Of a UTF-16 code unit in UTF-8. */
const maxBytesPerUnit = 3;

/** `name` or, where there is none, `otherwise`; never longer than 200 characters. */
export function nameOf(name: string | null, otherwise: string): string {
  return name === null || name === '' ? otherwise : shortened(name, maxNameLength);
}

/**
 * Tidy, for signals of older releases are not. Empty names are unknown, and so is an area of that name: in published cells
 * it stands for areas nobody named.
 */
export function placeNamed(place: PlaceNames): PlaceNames {
  const names = namesWithin(place, maxNameLength);
  const units = placeFields.reduce((sum, field) => sum + (names[field]?.length ?? 0), 0);
  if (units * maxBytesPerUnit <= maxPlaceBytes) return names;
  const bytes = placeFields.reduce((sum, field) => sum + Buffer.byteLength(names[field] ?? ''), 0);
  return bytes <= maxPlaceBytes ? names : namesWithin(place, maxNameOfLongPlace);
}

function namesWithin(place: PlaceNames, length: number): PlaceNames {
  const within = (name: string | null): string | null => {
    const tidy = name === null ? '' : tidyName(name);
    return tidy === '' ? null : shortened(tidy, length);
  };
  const area = within(place.area);
  return {
    country: within(place.country),
    region: within(place.region),
    city: within(place.city),
    area: area === 'unknown' ? null : area,
    postcode: within(place.postcode),
    site: within(place.site),
  };
}

/** PostgreSQL has no character 0. No surrogate pair is cut in two. */
export function storable(text: string): string {
  return text.includes('\u0000') ? text.replaceAll('\u0000', '\uFFFD') : text;
}

function shortened(name: string, length: number): string {
  return storable(name.length > length ? name.slice(0, length).toWellFormed() : name);
}
