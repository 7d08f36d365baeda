// Erases customers from what alerts are made of: sightings count for somebody whom nothing leads back to, and words of
// incidents that too few others used go.
import { sql, type Transaction } from 'kysely';
import { byForm, plainArray, shortOf, type ErasedCustomer } from '#core/store/erased-customers.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Tables } from '#core/store/tables.ts';
import { unnested, type Column } from '#core/store/unnest.ts';
import { fewestCustomers } from './lifecycle/words.ts';
import { lockAlerts } from './write-step.ts';

type Tx = Transaction<Tables>;

export interface FoundSighting {
  /** Of the erasure. */
  readonly by: string;
  readonly id: string;
  readonly another: string | null;
}

/** @throws SignpostError as `Db` does */
export async function findSightings(
  db: Db,
  customers: readonly ErasedCustomer[],
): Promise<readonly FoundSighting[]> {
  const known = byForm(customers, shortOf);
  const { rows } = await sql<{ id: string; customer: string; received: number }>`
    SELECT id, customer, date_part('epoch', received_at) * 1000 AS received FROM signpost.sightings
    WHERE customer = ANY (${plainArray(known.keys())}::text[])`.execute(db.query);
  return rows.flatMap(({ id, customer, received }) => {
    const taken = known.get(customer)?.find(({ until }) => received <= until);
    if (taken === undefined) return [];
    return [{ by: taken.id, id, another: taken.token === null ? null : shortOf(taken.token) }];
  });
}

const columns: readonly Column<FoundSighting>[] = [
  { name: 'id', type: 'text', of: ({ id }) => id },
  { name: 'another', type: 'text', of: ({ another }) => another },
];
const stepSightings = 1000;

/** @returns how many */
export async function eraseSightings(db: Db, found: readonly FoundSighting[]): Promise<number> {
  let erased = 0;
  for (let at = 0; at < found.length; at += stepSightings) {
    const { numAffectedRows } = await sql`
      UPDATE signpost.sightings s SET customer = f.another
      FROM ${unnested(columns, found.slice(at, at + stepSightings))} AS f
      WHERE s.id = f.id AND s.customer IS DISTINCT FROM f.another`.execute(db.query);
    erased += Number(numAffectedRows ?? 0n);
  }
  return erased;
}

export interface LostWords {
  /** Incidents, and transitions of them, that lost words. */
  incidents: number;
  transitions: number;
}

interface UsedWord {
  readonly id: string;
  readonly word: string;
}

/**
 * Looks which words of incidents the things in question used; to be called while these have their words.
 * @returns to be called once they have none: takes away the words that fewer than three others used
 */
export async function loseWords(
  tx: Tx,
  entities: readonly string[],
  lost: LostWords,
): Promise<() => Promise<void>> {
  // Before any row is locked, as whoever writes incidents does.
  await lockAlerts(tx);
  const { rows: used } = await sql<UsedWord>`
    WITH told AS (
      SELECT id, unnest(words) AS word FROM signpost.incidents
      UNION
      SELECT incident_id, jsonb_array_elements_text(record->'words') FROM signpost.transitions
      WHERE record->'words' <> '[]'
    )
    SELECT DISTINCT t.id, t.word FROM told t
    JOIN signpost.incidents i ON i.id = t.id
    JOIN signpost.sightings s ON s.at >= i.started_at AND s.at < COALESCE(i.resolved_at, 'infinity')
    JOIN signpost.words w ON w.entity = s.entity
    WHERE s.entity = ANY (${plainArray(entities)}::uuid[])
      AND w.search @@ plainto_tsquery('simple', t.word)`.execute(tx);
  return async () => {
    for (const { id, word } of used) {
      const { rows } = await sql<{ customers: number }>`
        SELECT count(DISTINCT COALESCE(s.customer, s.id))::int AS customers FROM signpost.incidents i
        JOIN signpost.sightings s ON s.at >= i.started_at AND s.at < COALESCE(i.resolved_at, 'infinity')
        JOIN signpost.words w ON w.entity = s.entity
        WHERE i.id = ${id} AND w.search @@ plainto_tsquery('simple', ${word})`.execute(tx);
      if (rows[0]!.customers >= fewestCustomers) continue;
      const incidents = await sql`
        UPDATE signpost.incidents SET words = array_remove(words, ${word})
        WHERE id = ${id} AND ${word} = ANY (words)`.execute(tx);
      const transitions = await sql`
        UPDATE signpost.transitions
        SET record = jsonb_set(record, '{words}', (record->'words') - ${word}::text)
        WHERE incident_id = ${id} AND record->'words' ? ${word}`.execute(tx);
      lost.incidents += Number(incidents.numAffectedRows ?? 0n);
      lost.transitions += Number(transitions.numAffectedRows ?? 0n);
    }
  };
}
