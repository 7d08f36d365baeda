// Names of hostile data as parts of a plain sentence. Pure.
import type { PlaceLevel, SightingPlace } from '../sighting.ts';

/** Controls, format characters (bidi, zero-width, tags), line separators and lone surrogates. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;
const mostCharacters = 80;

/** One line, of a sensible length, that reorders nothing. Markup is left: whoever shows it escapes it. */
export function plain(name: string): string {
  const line = name.replace(unsafe, ' ').replace(/\s+/gu, ' ').trim();
  if (line === '') return '(no name)';
  if (line.length <= mostCharacters) return line;
  return `${line
    .slice(0, mostCharacters - 1)
    .toWellFormed()
    .replace(/\uFFFD$/u, '')}…`;
}

/** Names that stand with that of a level, from the narrowest: the first that is known. */
const beside: Readonly<Record<PlaceLevel, readonly PlaceLevel[]>> = {
  country: [],
  region: ['country'],
  city: ['region', 'country'],
  area: ['city', 'region', 'country'],
  postcode: ['area', 'city', 'region', 'country'],
  site: ['area', 'city', 'region', 'country'],
};

/** A place in words, for example `Newark, California`; `everywhere` where it has no level. */
export function placeInWords(level: PlaceLevel | 'everywhere', path: SightingPlace): string {
  if (level === 'everywhere') return 'everywhere';
  const name = path[level];
  const wider = beside[level].map((each) => path[each]).find((each) => each !== null) ?? null;
  const own = name === null ? `an unknown ${level}` : plain(name);
  const named = level === 'site' || level === 'postcode' ? `${level} ${own}` : own;
  return wider === null ? named : `${named}, ${plain(wider)}`;
}
