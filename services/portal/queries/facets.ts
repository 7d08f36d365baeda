// What there is to ask for: names that occur in what the reader sees.
import { cellToParent } from 'h3-js';
import { sql } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import type { FacetsAnswer } from '../api/answers.ts';
import { placeLevels, type PlaceLevel } from '../api/questions.ts';
import type { Reader } from '../reader.ts';
import { asReader, type Reading } from './as-reader.ts';
import { gazetteerOf } from './known-gazetteer.ts';
import {
  hexResolutions,
  isNamedLevel,
  keyAt,
  keyOf,
  type Homonyms,
  type Named,
  type NamedLevel,
} from './place-keys.ts';

/** @throws SignpostError as `Db` does */
export function facets(store: Db, reader: Reader): Promise<FacetsAnswer> {
  return asReader(store, reader, async (reading) => {
    const gazetteer = await gazetteerOf(reading);
    const levels: FacetsAnswer['levels'] = [];
    const { homonyms } = gazetteer;
    // Names of all places are fetched only where there is something to look up; else the database counts them.
    const looksUp = gazetteer.subscribers !== null || homonyms.size > 0;
    const named = looksUp ? undefined : await namedPlaces(reading);
    const seen = looksUp ? await seenPlaces(reading) : [];
    for (const level of placeLevels) {
      const found = isNamedLevel(level) ? [] : await cells(reading, level);
      const keys = isNamedLevel(level) ? keysAt(level, seen, homonyms) : found.slice(0, mostCells);
      levels.push({
        level,
        places: (isNamedLevel(level) ? named?.[level] : undefined) ?? keys.length,
        truncated: found.length > mostCells,
        withSubscribers: gazetteer.countsSubscribers(level),
        placesWithSubscribers: keys.filter(
          (key) => (gazetteer.place(level, key)?.subscribers ?? 0) > 0,
        ).length,
      });
    }
    const waves = await reading.tx
      .selectFrom('signpost.waves')
      .select('wave')
      .distinct()
      .orderBy('wave')
      .execute();
    return {
      range: await wholeRange(reading),
      departments: [...reading.departments.values()].toSorted(),
      themes: await labels(reading, 'theme'),
      technologies: await labels(reading, 'technology'),
      levels,
      waves: waves.map(({ wave }) => wave),
    };
  });
}

async function wholeRange({ tx }: Reading): Promise<FacetsAnswer['range']> {
  const { rows } = await sql<{ first: Date | null; last: Date | null }>`
    SELECT (SELECT at FROM signpost.signals ORDER BY at LIMIT 1) AS first,
      (SELECT at FROM signpost.signals ORDER BY at DESC LIMIT 1) AS last`.execute(tx);
  const { first, last } = rows[0]!;
  return first === null || last === null
    ? null
    : { from: first.toISOString(), to: last.toISOString() };
}

/** Labels of signals that the reader sees, by name. */
async function labels({ tx }: Reading, kind: 'theme' | 'technology'): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT l.name FROM signpost.labels l WHERE l.kind = ${kind}
      AND (SELECT true FROM signpost.signals s WHERE s.${sql.ref(kind)} = l.id LIMIT 1)
    ORDER BY l.name`.execute(tx);
  return rows.map(({ name }) => name);
}

/** One look by the index for each place: EXISTS would go through all signals. */
async function namedPlaces({ tx }: Reading): Promise<Readonly<Record<NamedLevel, number>>> {
  const { rows } = await sql<Record<NamedLevel, number>>`
    SELECT count(DISTINCT country)::int AS country,
      count(DISTINCT (country, region)) FILTER (WHERE region IS NOT NULL)::int AS region,
      count(DISTINCT (country, region, city)) FILTER (WHERE city IS NOT NULL)::int AS city,
      count(DISTINCT area)::int AS area,
      count(DISTINCT (country, postcode)) FILTER (WHERE postcode IS NOT NULL)::int AS postcode,
      count(DISTINCT site)::int AS site
    FROM signpost.places p
    WHERE (SELECT true FROM signpost.signals s WHERE s.place = p.id LIMIT 1)`.execute(tx);
  return rows[0]!;
}

/** Places of which the reader sees a signal. */
async function seenPlaces({ tx }: Reading): Promise<readonly Named[]> {
  const { rows } = await sql<Named>`
    SELECT country, region, city, area, postcode, site FROM signpost.places p
    WHERE (SELECT true FROM signpost.signals s WHERE s.place = p.id LIMIT 1)`.execute(tx);
  return rows;
}

function keysAt(
  level: NamedLevel,
  places: readonly Named[],
  homonyms: Homonyms,
): readonly string[] {
  const keys = places.map((place) => keyAt(level, place, homonyms)).filter((key) => key !== null);
  return [...new Set(keys)];
}

/** More need not be counted to know that there are many. */
const mostCells = 1000;

/**
 * Keys of distinct cells, from one to the next by the index, as far as one more than `mostCells`. Where the next one begins is a
 * column: under row-level rules an index is asked with operators alone that are leakproof, as `>` is and `|` is not.
 */
async function cells({ tx }: Reading, level: PlaceLevel): Promise<readonly string[]> {
  const within = String((1n << BigInt(3 * (15 - hexResolutions[level]!))) - 1n);
  const { rows } = await sql<{ cell: string }>`
    WITH RECURSIVE cells (last) AS (
      (SELECT h3 | ${within}::bigint FROM signpost.signals WHERE h3 IS NOT NULL ORDER BY h3 LIMIT 1)
      UNION ALL
      SELECT (SELECT s.h3 FROM signpost.signals s
        WHERE s.h3 IS NOT NULL AND s.h3 > cells.last ORDER BY s.h3 LIMIT 1) | ${within}::bigint
      FROM cells WHERE cells.last IS NOT NULL)
    SELECT to_hex(last) AS cell FROM (SELECT last FROM cells LIMIT ${mostCells + 1}) AS found
    WHERE last IS NOT NULL`.execute(tx);
  const resolution = hexResolutions[level]!;
  // Kept finer than asked for, with the digits below the level all ones: the parent's has the level's number.
  return rows.map(({ cell }) => keyOf(level, [cellToParent(cell, resolution)]));
}
