// Reads the store as a reader may: in one snapshot, as the role that the database's row-level rules bind.
import { sql, type Transaction } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import type { Tables } from '#core/store/tables.ts';
import type { Reader } from '../reader.ts';

/** A transaction that sees a reader's rows alone, all as of one moment. */
export interface Reading {
  readonly tx: Transaction<Tables>;
  /** The database that the transaction is of, for what is remembered of it. */
  readonly db: Db;
  /** Departments the reader sees, by bit; for a reader of all departments every one there is. */
  readonly departments: ReadonlyMap<number, string>;
  /** Whether it sees what no department received, too. */
  readonly seesAll: boolean;
  /** Counts from 1 to one less than this are suppressed. */
  readonly suppressBelow: number;
}

/**
 * Runs `work` in one read-only transaction. Departments the store does not know give no rows, so that a reader of
 * unknown departments sees none.
 * @throws SignpostError as `Db` does
 */
export async function asReader<T>(
  db: Db,
  reader: Reader,
  work: (reading: Reading) => Promise<T>,
): Promise<T> {
  const { departments: names, suppressBelow } = reader;
  const seesAll = names === null;
  return db.query
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => {
      const { rows } = await sql<{ bit: number; name: string }>`
        SELECT bit, name FROM signpost.departments
        WHERE ${seesAll} OR name = ANY (${names ?? []}::text[]) ORDER BY bit`.execute(tx);
      const mask = seesAll ? -1n : rows.reduce((bits, { bit }) => bits | (1n << BigInt(bit)), 0n);
      // As SET LOCAL ROLE: until the end of the transaction.
      await sql`
        SELECT set_config('signpost.departments', ${String(mask)}, true),
          set_config('role', 'signpost_reader', true)`.execute(tx);
      const departments = new Map(rows.map(({ bit, name }) => [bit, name]));
      return work({ tx, db, departments, seesAll, suppressBelow });
    });
}
