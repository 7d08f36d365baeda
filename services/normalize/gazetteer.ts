// Places through a gazetteer the user supplies (CSV: area, postcode, lat, lon, subscribers, technology, and optionally
// country, region, city, by these names or others). Fills what a source leaves open; what neither says stays unknown.
import { readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { latLngToCell } from 'h3-js';
import type { Place } from '#schemas/shared.ts';
import { SignpostError } from '#core/errors.ts';
import { tidyName } from '#core/place-name.ts';
import { createMeant } from './homonyms.ts';
import { readCells, type GazetteerColumns, type GazetteerField } from './gazetteer-columns.ts';

export interface GazetteerEntry {
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly area: string;
  readonly postcode: string | null;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly subscribers: number | null;
  readonly technology: string | null;
}

/** Completes a place, whose names come out tidy, and the technology where its area has only one. */
export type Locate = (
  place: Place,
  technology: string | null,
) => {
  readonly place: Place;
  readonly technology: string | null;
  /** Whether `place.area` is one of the gazetteer's, whoever named it. */
  readonly isKnownArea: boolean;
};

/** Resolution of `Place.h3`: cells of about 0.1 km²; coarser ones follow from it. */
const h3Resolution = 9;
/** A point farther than this from every entry belongs to none of them. */
const nearestWithinKm = 15;
const kmPerDegree = 111.2;

export function createLocate(entries: readonly GazetteerEntry[]): Locate {
  const byPostcode = grouped(entries, ({ postcode }) => postcode && postcodeKey(postcode));
  const byArea = grouped(entries, ({ area }) => area.toLowerCase());
  const nearest = nearestOf(entries);
  const meantOf = createMeant(nearestOf);

  const entryOf = (place: Place): readonly GazetteerEntry[] | undefined => {
    const { postcode, area, lat, lon } = place;
    if (area !== null) return byArea.get(area.toLowerCase());
    if (postcode !== null) return byPostcode.get(postcodeKey(postcode));
    return lat === null || lon === null ? undefined : nearest(lat, lon);
  };

  return (stated, technology) => {
    const given = tidied(stated);
    const named = entries.length === 0 ? undefined : entryOf(given);
    const meant = named && meantOf(named, given);
    const found = meant ?? named;
    const place = found === undefined ? given : completed(given, found, meant !== undefined);
    const { lat, lon } = place;
    const h3 = lat === null || lon === null ? place.h3 : latLngToCell(lat, lon, h3Resolution);
    return {
      place: { ...place, h3 },
      technology:
        technology ?? (found === undefined ? null : common(found, (entry) => entry.technology)),
      isKnownArea: found !== undefined,
    };
  };
}

/** Of entries of which it is not known which one is meant, what they have in common, and no point. */
function completed(given: Place, found: readonly GazetteerEntry[], isMeant: boolean): Place {
  const entry = isMeant ? found[0]! : inCommon(found);
  return {
    country: given.country ?? entry.country,
    region: given.region ?? entry.region,
    city: given.city ?? entry.city,
    // As the gazetteer spells it, in whatever case the source does.
    area: entry.area ?? given.area,
    postcode: given.postcode ?? common(found, ({ postcode }) => postcode),
    lat: given.lat ?? entry.lat,
    lon: given.lat === null ? entry.lon : given.lon,
    h3: null,
    site: given.site,
  };
}

function inCommon(found: readonly GazetteerEntry[]) {
  return {
    country: common(found, ({ country }) => country),
    region: common(found, ({ region }) => region),
    city: common(found, ({ city }) => city),
    area: common(found, ({ area }) => area),
    lat: null,
    lon: null,
  };
}

function tidied(place: Place): Place {
  const tidy = (name: string | null): string | null =>
    name === null ? null : tidyName(name) || null;
  return {
    ...place,
    country: tidy(place.country),
    region: tidy(place.region),
    city: tidy(place.city),
    area: tidy(place.area),
    postcode: tidy(place.postcode),
    site: tidy(place.site),
  };
}

/**
 * @param columns where the file's columns have other names
 * @throws SignpostError `gazetteer-invalid` naming file, line and column.
 */
export function readGazetteer(file: string, columns: GazetteerColumns = {}): GazetteerEntry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SignpostError('gazetteer-invalid', `Cannot read the gazetteer ${file}`, {
      cause,
      hint: 'Check normalize.gazetteer in the configuration: it names a CSV file.',
    });
  }
  const fail = (line: number, what: string): never => {
    throw new SignpostError('gazetteer-invalid', `${file}, line ${line}: ${what}`, {
      hint: 'The gazetteer is a CSV file with a header: area,postcode,lat,lon,subscribers,technology and optionally country,region,city; normalize.gazetteerColumns names columns that are called otherwise.',
    });
  };
  const { header, rows } = parseRows(text, fail);
  const cell = readCells(header, columns, (what) => fail(1, what));
  return rows.map(({ record, info: { lines: line } }) => {
    const value = (name: GazetteerField): string | null => cell(record, name);
    const number = (name: GazetteerField, least: number, most: number): number | null => {
      const stated = value(name);
      if (stated === null) return null;
      const parsed = Number(stated);
      if (!(parsed >= least && parsed <= most))
        fail(line, `${name} must be a number from ${least} to ${most}`);
      return parsed;
    };
    return {
      country: value('country'),
      region: value('region'),
      city: value('city'),
      area: value('area') ?? fail(line, 'area is empty'),
      postcode: value('postcode'),
      lat: number('lat', -90, 90),
      lon: number('lon', -180, 180),
      subscribers: number('subscribers', 0, 1e9),
      technology: value('technology'),
    };
  });
}

interface Row {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

function parseRows(
  text: string,
  fail: (line: number, what: string) => never,
): { readonly header: readonly string[]; readonly rows: readonly Row[] } {
  let header: readonly string[] = [];
  const columns = (names: string[]): string[] => {
    const lower = names.map((name) => name.trim().toLowerCase());
    header = lower;
    return lower;
  };
  try {
    const rows = parse(text, { bom: true, columns, info: true, skip_empty_lines: true });
    return { header, rows: rows as unknown as readonly Row[] };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return fail(Number(error['lines'] ?? 1), error.message);
  }
}

function postcodeKey(postcode: string): string {
  return postcode.replaceAll(' ', '').toUpperCase();
}

function grouped<T>(
  items: readonly T[],
  keyOf: (item: T) => string | null,
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** The value all entries share; null when they differ. */
function common<T>(entries: readonly T[], valueOf: (entry: T) => string | null): string | null {
  const value = valueOf(entries[0]!);
  return entries.every((entry) => valueOf(entry) === value) ? value : null;
}

/** Nearest entry by great-circle distance (equirectangular approximation, exact enough within 15 km), through a grid. */
function nearestOf(
  entries: readonly GazetteerEntry[],
): (lat: number, lon: number) => readonly GazetteerEntry[] | undefined {
  const cellDegrees = 0.25;
  const cellOf = (degrees: number): number => Math.floor(degrees / cellDegrees);
  const grid = grouped(entries, ({ lat, lon }) =>
    lat === null || lon === null ? null : `${cellOf(lat)},${cellOf(lon)}`,
  );
  return (lat, lon) => {
    const kmPerLon = kmPerDegree * Math.cos((lat * Math.PI) / 180);
    // Towards the poles a cell is narrow: as many are searched as the distance spans.
    const reach = Math.min(40, Math.ceil(nearestWithinKm / Math.max(kmPerLon * cellDegrees, 1)));
    let best: GazetteerEntry | undefined;
    let bestKm = nearestWithinKm;
    for (let y = cellOf(lat) - 1; y <= cellOf(lat) + 1; y++) {
      for (let x = cellOf(lon) - reach; x <= cellOf(lon) + reach; x++) {
        for (const entry of grid.get(`${y},${x}`) ?? []) {
          const km = Math.hypot((entry.lat! - lat) * kmPerDegree, (entry.lon! - lon) * kmPerLon);
          if (km <= bestKm) {
            bestKm = km;
            best = entry;
          }
        }
      }
    }
    return best === undefined ? undefined : [best];
  };
}
