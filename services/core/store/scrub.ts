// Makes deleted words leave the files of the database. A row that was deleted or changed lies there until its place is used
// again, and an index of words keeps those that no row has any more: tables and indexes are written anew.
import { sql } from 'kysely';
import { SignpostError } from '../errors.ts';
import type { Db } from './postgres.ts';
import type { Tables } from './tables.ts';

/** Those with words. */
export const wordTables = [
  'signpost.words',
  'signpost.entity_updates',
  'signpost.incidents',
  'signpost.transitions',
] as const satisfies readonly (keyof Tables)[];

export interface ScrubOptions {
  readonly tables: readonly (typeof wordTables)[number][];
  /** Whether the database is this process's own, as PGlite is: then its write-ahead log is emptied too. */
  readonly isOwn: boolean;
  /** Gives up where others hold a table for longer. */
  readonly lockTimeoutMs?: number;
}

/**
 * Whoever reads or writes a table waits while it is written anew, some seconds for each gigabyte. Server's own files of its
 * write-ahead log, its backups and replicas are its administrator's; see docs/erasure.md.
 * @throws SignpostError `store-busy` where others hold a table all the time; those of `Db`
 */
export async function scrubWords(
  db: Db,
  { tables, isOwn, lockTimeoutMs = 10_000 }: ScrubOptions,
): Promise<void> {
  await db.query.connection().execute(async (connection) => {
    await sql`SELECT set_config('lock_timeout', ${String(lockTimeoutMs)}, false)`.execute(
      connection,
    );
    try {
      for (const table of tables)
        await sql`VACUUM (FULL, ANALYZE) ${sql.table(table)}`.execute(connection);
    } catch (error) {
      throw isLockTimeout(error) ? busy(db.where, error) : error;
    } finally {
      await sql`RESET lock_timeout`.execute(connection);
    }
  });
  if (!isOwn) return;
  // What lies before the second checkpoint in the log is needed no more, and its files go; see `durableParams`.
  for (let i = 0; i < 2; i += 1) {
    await sql`SELECT pg_switch_wal()`.execute(db.query);
    await sql`CHECKPOINT`.execute(db.query);
  }
}

const lockNotAvailable = '55P03';

function isLockTimeout(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if ('code' in at && at.code === lockNotAvailable) return true;
  return false;
}

function busy(where: string, cause: unknown): SignpostError {
  return new SignpostError(
    'store-busy',
    `Tables of the database ${where} are in use all the time: deleted words stay in its files for now`,
    { cause, hint: 'It is tried again; a long transaction that is open there stands in the way.' },
  );
}
