// The place that customer service asks about, as the gazetteer has it, else as signals name it.
import { gridDisk, latLngToCell } from 'h3-js';
import { sql } from 'kysely';
import type { AreaStatusAnswer } from '../api/answers.ts';
import type { AreaStatusQuestion } from '../api/questions.ts';
import type { Reading } from './as-reader.ts';
import { childrenOf, type Condition } from './where.ts';

export interface StatusPlace {
  readonly place: AreaStatusAnswer['place'];
  /** In small letters; several where a postcode lies in several. */
  readonly areas: readonly string[];
  /** Of the gazetteer's lines there. */
  readonly technologies: readonly string[];
  /** Whether a row of `signpost.signals s` is of the place. */
  readonly isHere: Condition;
  /** False where there is nothing but coordinates. */
  readonly isKnown: boolean;
}

/** As normalize places points. */
const nearestWithinKm = 15;
const kmPerDegree = 111.2;
/** A cell of resolution 7 and those around it: 36 km², 3 to 4 km each way. */
const aroundResolution = 7;

interface Line {
  readonly area: string | null;
  readonly city: string | null;
  readonly region: string | null;
  readonly country: string | null;
  readonly technology: string | null;
}

/** Null when nothing knows such a place. */
export async function statusPlace(
  reading: Reading,
  question: AreaStatusQuestion,
): Promise<StatusPlace | null> {
  const lines = await linesOf(reading, question);
  const { lat, lon } = question;
  const isPoint = lat !== undefined && lon !== undefined;
  if (lines.length === 0 && !isPoint) return null;
  const areas = [...new Set(lines.flatMap(({ area }) => area?.toLowerCase() ?? []))];
  return {
    place: {
      area: common(lines, 'area') ?? (areas.length === 1 ? lines[0]!.area : null),
      city: common(lines, 'city'),
      region: common(lines, 'region'),
      country: common(lines, 'country'),
    },
    areas,
    technologies: [...new Set(lines.flatMap(({ technology }) => technology ?? []))].toSorted(),
    isHere: sql`(${sql.join([liesInAreas(areas), ...(isPoint ? [liesAround(lat, lon)] : [])], sql` OR `)})`,
    isKnown: lines.length > 0,
  };
}

/** What is said first counts: area, then postcode, then coordinates. */
async function linesOf(reading: Reading, question: AreaStatusQuestion): Promise<readonly Line[]> {
  const { area, postcode, country, lat, lon } = question;
  const inCountry = country === undefined ? sql`true` : sql`lower(country) = lower(${country})`;
  if (area !== undefined) return named(reading, sql`lower(area) = lower(${area}) AND ${inCountry}`);
  if (postcode !== undefined) {
    const key = postcode.replaceAll(' ', '').toUpperCase();
    return named(reading, sql`upper(replace(postcode, ' ', '')) = ${key} AND ${inCountry}`);
  }
  return lat === undefined || lon === undefined ? [] : nearest(reading, lat, lon);
}

async function named({ tx }: Reading, condition: Condition): Promise<readonly Line[]> {
  const columns = sql`area, city, region, country`;
  const known = await sql<Line>`
    SELECT ${columns}, technology FROM signpost.gazetteer WHERE ${condition} ORDER BY row`.execute(
    tx,
  );
  if (known.rows.length > 0) return known.rows;
  const told = await sql<Line>`
    SELECT DISTINCT ${columns}, NULL AS technology FROM signpost.places WHERE ${condition}`.execute(
    tx,
  );
  return told.rows;
}

/** By great-circle distance, near enough on a plane within 15 km. */
async function nearest({ tx }: Reading, lat: number, lon: number): Promise<readonly Line[]> {
  const kmPerLon = kmPerDegree * Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  const { rows } = await sql<Line & { km: number }>`
    SELECT area, city, region, country, technology,
      sqrt(((lat - ${lat}) * ${kmPerDegree}) ^ 2 + ((lon - ${lon}) * ${kmPerLon}) ^ 2) AS km
    FROM signpost.gazetteer
    WHERE lat BETWEEN ${lat - nearestWithinKm / kmPerDegree} AND ${lat + nearestWithinKm / kmPerDegree}
      AND lon BETWEEN ${lon - nearestWithinKm / kmPerLon} AND ${lon + nearestWithinKm / kmPerLon}
    ORDER BY km LIMIT 1`.execute(tx);
  return rows.filter(({ km }) => km <= nearestWithinKm);
}

function liesInAreas(areas: readonly string[]): Condition {
  return sql`s.place = ANY (ARRAY(
    SELECT p.id FROM signpost.places p WHERE lower(p.area) = ANY (${areas}::text[])))`;
}

function liesAround(lat: number, lon: number): Condition {
  const cells = gridDisk(latLngToCell(lat, lon, aroundResolution), 1);
  const ranges = cells.map((cell) => {
    const { first, last } = childrenOf(cell);
    return sql<boolean>`s.h3 BETWEEN ${String(first)}::bigint AND ${String(last)}::bigint`;
  });
  return sql`(${sql.join(ranges, sql` OR `)})`;
}

/** What all lines say alike; null when they differ. */
function common(lines: readonly Line[], column: keyof AreaStatusAnswer['place']): string | null {
  const value = lines[0]?.[column] ?? null;
  return lines.every((line) => line[column] === value) ? value : null;
}
