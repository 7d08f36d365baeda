// Places as answers show them.
import { cellToLatLng } from 'h3-js';
import type { Place } from '../api/answers.ts';
import type { PlaceLevel } from '../api/questions.ts';
import type { Gazetteer } from './known-gazetteer.ts';
import { isNamedLevel, parseKey, withinOf, type Named } from './place-keys.ts';

/**
 * @param key of the level
 * @param named as a signal has it, for what the gazetteer does not know
 */
export function describePlace(
  level: PlaceLevel,
  key: string,
  named: Named | undefined,
  gazetteer: Gazetteer,
): Place {
  const known = gazetteer.place(level, key);
  const name = parseKey(key)?.parts.at(-1) ?? '';
  const subscribers = known?.subscribers ?? null;
  if (!isNamedLevel(level)) {
    const [lat, lon] = cellToLatLng(name);
    return { key, level, name, within: [], lat, lon, subscribers };
  }
  const around = known?.named ?? named;
  const within = withinOf[level].flatMap((part) => around?.[part] ?? named?.[part] ?? []);
  const { lat, lon } = known ?? { lat: null, lon: null };
  return { key, level, name, within, lat, lon, subscribers };
}
