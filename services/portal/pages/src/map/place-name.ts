// What a place is called on the map and in the list.
import type { Place } from '../../../api/answers.ts';
import { countryTitle } from '../show/figures.ts';

/** A country by its name, a hex by where it is: its id says nothing to a reader. */
export function nameOf({ level, name, lat, lon }: Place): string {
  if (level === 'country') return countryTitle(name);
  if (!level.startsWith('h3-') || lat === null || lon === null) return name;
  return `${degrees(lat, 'N', 'S')}, ${degrees(lon, 'E', 'W')}`;
}

function degrees(value: number, plus: string, minus: string): string {
  return `${Math.abs(value).toFixed(2)}°\u00a0${value < 0 ? minus : plus}`;
}
