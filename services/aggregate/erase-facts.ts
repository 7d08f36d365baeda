// Erases what customers said from the planners' store: words at once; facts stay, of a customer whom nothing leads back to.
import { sql, type Transaction } from 'kysely';
import { byForm, plainArray, uuidOf, type ErasedCustomer } from '#core/store/erased-customers.ts';
import type { Db } from '#core/store/postgres.ts';
import { kindNumbers, type Tables } from '#core/store/tables.ts';
import { unnested, type Column } from '#core/store/unnest.ts';

type Tx = Transaction<Tables>;

export interface ErasedFacts {
  readonly facts: number;
  readonly words: number;
}

/** A fact of an erased customer. */
export interface FoundFact {
  /** Of the erasure that takes its words. */
  readonly id: string;
  readonly entity: string;
  readonly customer: string;
  readonly another: string | null;
  /** Only if it was received until then, milliseconds since the epoch; Infinity for whenever. */
  readonly until: number;
}

interface StoredFact {
  readonly entity: string;
  readonly customer: string;
  readonly received: number;
  readonly is_update: boolean;
}

/** @throws SignpostError as `Db` does */
export async function findFacts(
  db: Db,
  customers: readonly ErasedCustomer[],
): Promise<readonly FoundFact[]> {
  const known = byForm(customers, uuidOf);
  const { rows } = await sql<StoredFact>`
    SELECT entity, customer, date_part('epoch', received_at) * 1000 AS received,
      kind = ${kindNumbers.ticket} AND revision > 1 AS is_update
    FROM signpost.signals WHERE customer = ANY (${plainArray(known.keys())}::uuid[]) ORDER BY entity`.execute(
    db.query,
  );
  return rows.flatMap(({ entity, customer, received, is_update: isUpdate }) => {
    for (const { id, token, until, ticketsUntil } of known.get(customer) ?? []) {
      const last = isUpdate ? Math.max(until, ticketsUntil) : until;
      if (received > last) continue;
      const another = token === null ? null : uuidOf(token);
      return [{ id, entity, customer, another, until: last }];
    }
    return [];
  });
}

/** How many of them have words. */
export async function countWords(db: Db, found: readonly FoundFact[]): Promise<number> {
  const { rows } = await sql<{ words: number }>`
    SELECT count(*)::int AS words FROM signpost.words
    WHERE entity = ANY (${plainArray(found.map(({ entity }) => entity))}::uuid[])`.execute(
    db.query,
  );
  return rows[0]!.words;
}

export interface FoundTicket {
  /** Of the erasure. */
  readonly id: string;
  readonly source: string;
  /** Cut at 200 characters. */
  readonly sourceId: string;
}

/** Tickets of these customers, or of what stands for them by now. */
export async function ticketsOf(
  db: Db,
  customers: readonly ErasedCustomer[],
): Promise<readonly FoundTicket[]> {
  const ids = new Map(
    customers.flatMap(({ id, hash, token }) =>
      [hash, ...(token === null ? [] : [token])].map((of) => [uuidOf(of), id] as const),
    ),
  );
  const { rows } = await sql<{ customer: string; source: string; sourceId: string }>`
    SELECT s.customer, source.name AS source, s.source_id AS "sourceId" FROM signpost.signals s
    JOIN signpost.labels source ON source.id = s.source
    WHERE s.kind = ${kindNumbers.ticket} AND s.customer = ANY (${plainArray(ids.keys())}::uuid[])`.execute(
    db.query,
  );
  return rows.map(({ customer, ...ticket }) => ({ ...ticket, id: ids.get(customer)! }));
}

const columns: readonly Column<FoundFact>[] = [
  { name: 'entity', type: 'uuid', of: ({ entity }) => entity },
  { name: 'customer', type: 'uuid', of: ({ customer }) => customer },
  { name: 'another', type: 'uuid', of: ({ another }) => another },
  // The double of PostgreSQL knows infinity, and so do its moments.
  { name: 'until', type: 'moment', of: ({ until }) => until },
];

const stepFacts = 500;

/**
 * Erases in transactions of a few hundred facts. Done again it finds nothing, unless words came back meanwhile.
 * @param beside is told of the things in each transaction, before their words are gone; what it returns is called after
 */
export async function eraseFacts(
  db: Db,
  found: readonly FoundFact[],
  beside: (tx: Tx, entities: readonly string[]) => Promise<() => Promise<void>>,
): Promise<ErasedFacts> {
  let facts = 0;
  let words = 0;
  for (let at = 0; at < found.length; at += stepFacts) {
    const some = found.slice(at, at + stepFacts);
    const entities = some.map(({ entity }) => entity);
    await db.query.transaction().execute(async (tx) => {
      const after = await beside(tx, entities);
      const literal = plainArray(entities);
      // In one order, as those who write facts lock them.
      await sql`SELECT FROM signpost.signals WHERE entity = ANY (${literal}::uuid[])
        ORDER BY entity FOR UPDATE`.execute(tx);
      const { rows } = await sql<{ entity: string }>`
        UPDATE signpost.signals s SET customer = f.another, changed = pg_current_xact_id()
        FROM ${unnested(columns, some)} AS f
        WHERE s.entity = f.entity AND s.customer = f.customer AND s.received_at <= f.until
        RETURNING s.entity`.execute(tx);
      facts += rows.length;
      const gone = await sql`
        DELETE FROM signpost.words
        WHERE entity = ANY (${plainArray(rows.map(({ entity }) => entity))}::uuid[])`.execute(tx);
      words += Number(gone.numAffectedRows ?? 0n);
      await after();
    });
  }
  return { facts, words };
}
