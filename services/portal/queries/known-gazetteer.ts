// The gazetteer as questions use it: where places of each level are and how many subscribers they have.
import { cellToLatLng, latLngToCell } from 'h3-js';
import type { GazetteerRow } from '#core/store/tables.ts';
import type { Db } from '#core/store/postgres.ts';
import { placeLevels, type PlaceLevel } from '../api/questions.ts';
import type { Reading } from './as-reader.ts';
import {
  hexResolutions,
  isNamedLevel,
  keyAt,
  keyOf,
  noHomonyms,
  type Homonyms,
  type Named,
  type PlaceKey,
} from './place-keys.ts';

export interface GazetteerPlace {
  /** Sum over its lines; null when none says. */
  readonly subscribers: number | null;
  /** Middle of its lines; of a cell, its own. */
  readonly lat: number | null;
  readonly lon: number | null;
  /** Its first line. */
  readonly named: Named;
}

export interface Gazetteer {
  /** By key, in any case. */
  place(level: PlaceLevel, key: string): GazetteerPlace | undefined;
  /** Areas of the lines in a place. */
  areasAt(key: PlaceKey): readonly string[];
  /** Whether any place of the level has subscribers. */
  countsSubscribers(level: PlaceLevel): boolean;
  /** Sum over all lines. */
  readonly subscribers: number | null;
  readonly homonyms: Homonyms;
}

interface Remembered {
  readonly digest: string;
  readonly gazetteer: Gazetteer;
}
const remembered = new WeakMap<Db, Remembered>();

/** Read anew when it was read anew into the store. */
export async function gazetteerOf({ tx, db }: Reading): Promise<Gazetteer> {
  const read = await tx
    .selectFrom('signpost.gazetteer_read')
    .select(['digest', 'read_at'])
    .executeTakeFirst();
  const digest = read === undefined ? '' : `${read.digest} ${read.read_at.toISOString()}`;
  const known = remembered.get(db);
  if (known?.digest === digest) return known.gazetteer;
  const rows = await tx.selectFrom('signpost.gazetteer').selectAll().orderBy('row').execute();
  const gazetteer = createGazetteer(rows);
  remembered.set(db, { digest, gazetteer });
  return gazetteer;
}

interface Sum {
  subscribers: number | null;
  lat: number;
  lon: number;
  located: number;
  readonly named: Named;
}

export function createGazetteer(rows: readonly GazetteerRow[]): Gazetteer {
  const homonyms = homonymsIn(rows);
  const levels = new Map(placeLevels.map((level) => [level, byKey(level, rows, homonyms)]));
  return {
    homonyms,
    place: (level, key) => levels.get(level)?.get(key.toLowerCase()),
    areasAt: ({ level, parts }) => {
      const wanted = keyOf(level, parts).toLowerCase();
      return rows
        .filter((row) => keyOfRow(level, row, homonyms)?.toLowerCase() === wanted)
        .map(({ area }) => area);
    },
    countsSubscribers: (level) =>
      [...levels.get(level)!.values()].some(({ subscribers }) => subscribers !== null),
    subscribers: rows.reduce<number | null>(
      (sum, row) => (row.subscribers === null ? sum : (sum ?? 0) + row.subscribers),
      null,
    ),
  };
}

/** As normalize tells areas of one name apart: by country and region. */
function homonymsIn(rows: readonly GazetteerRow[]): Homonyms {
  const first = new Map<string, string>();
  const found = new Set<string>();
  for (const { area, country, region } of rows) {
    const name = area.toLowerCase();
    const where = `${country ?? ''}\n${region ?? ''}`.toLowerCase();
    if ((first.get(name) ?? where) === where) first.set(name, where);
    else found.add(name);
  }
  // One set for all gazetteers without any, so that what is known of their places is known on.
  return found.size === 0 ? noHomonyms : found;
}

function byKey(
  level: PlaceLevel,
  rows: readonly GazetteerRow[],
  homonyms: Homonyms,
): Map<string, GazetteerPlace> {
  const sums = new Map<string, Sum>();
  for (const row of rows) {
    const key = keyOfRow(level, row, homonyms);
    if (key === null) continue;
    const folded = key.toLowerCase();
    let sum = sums.get(folded);
    if (sum === undefined) {
      sum = { subscribers: null, lat: 0, lon: 0, located: 0, named: namedIn(row) };
      sums.set(folded, sum);
    }
    if (row.subscribers !== null) sum.subscribers = (sum.subscribers ?? 0) + row.subscribers;
    if (row.lat === null || row.lon === null) continue;
    sum.lat += row.lat;
    sum.lon += row.lon;
    sum.located += 1;
  }
  return new Map(
    [...sums].map(([key, { subscribers, lat, lon, located, named }]) => {
      const middle = located === 0 ? [null, null] : [lat / located, lon / located];
      const [latitude, longitude] = isNamedLevel(level)
        ? middle
        : cellToLatLng(key.slice(key.indexOf(':') + 1));
      return [key, { subscribers, lat: latitude ?? null, lon: longitude ?? null, named }];
    }),
  );
}

function namedIn(row: GazetteerRow): Named {
  return Object.assign({ site: null }, row);
}

function keyOfRow(level: PlaceLevel, row: GazetteerRow, homonyms: Homonyms): string | null {
  return isNamedLevel(level) ? keyAt(level, namedIn(row), homonyms) : cellKey(level, row);
}

function cellKey(level: PlaceLevel, { lat, lon }: GazetteerRow): string | null {
  if (lat === null || lon === null) return null;
  return keyOf(level, [latLngToCell(lat, lon, hexResolutions[level]!)]);
}
