// The database that a command works on: that of a cluster, or of a data directory that no other process has open.
import { existsSync } from 'node:fs';
import { SignpostError } from '#core/errors.ts';
import { logDirectory } from '#core/log/embedded/log-file.ts';
import { lockForWriting, type WriterLock } from '#core/log/embedded/writer-lock.ts';
import { makeDirectory } from '#core/make-directory.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Config } from './config.ts';
import { logAt } from './open-log.ts';
import type { LogPlace } from './options.ts';
import { storeDirectory } from './store-place.ts';
import { writeRefused } from './write-refused.ts';

export interface StoreNeeds {
  readonly place: LogPlace;
  readonly config: Config;
  /** What the database is told of who asks. */
  readonly applicationName: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Whether a data directory gets a database where it has none. */
  readonly mayMake?: boolean;
  /** What a statement may take on the server of a cluster; see `connectPostgres`. */
  readonly statementTimeoutMs?: number;
}

export type StoreUse<T> =
  | { readonly kind: 'used'; readonly value: T }
  /** A cluster whose database is not configured. */
  | { readonly kind: 'not-configured' }
  /** Nothing has run on the data directory yet. */
  | { readonly kind: 'not-made'; readonly directory: string }
  /** Another process has it to itself; the refusal says which. */
  | { readonly kind: 'in-use'; readonly directory: string; readonly refusal: SignpostError };

/** Runs `use` on the database and closes it. @throws SignpostError where it is not reached, or may not be written to */
export async function withStore<T>(
  { place, config, applicationName, clock, mayMake = false, statementTimeoutMs }: StoreNeeds,
  use: (db: Db) => Promise<T>,
): Promise<StoreUse<T>> {
  const at = logAt(place, () => config);
  if (at.kind === 'kafka') {
    if (config.database === undefined) return { kind: 'not-configured' };
    const { connectPostgres } = await import('#core/store/postgres.ts');
    const { url } = config.database;
    const limit = statementTimeoutMs === undefined ? {} : { statementTimeoutMs };
    return closing(connectPostgres({ url, applicationName, ...limit }), use);
  }
  const { directory } = at;
  const isMade = existsSync(storeDirectory(directory));
  if (!isMade && !mayMake) return { kind: 'not-made', directory };
  const lock = lockOf(directory, clock());
  if (lock instanceof SignpostError) return { kind: 'in-use', directory, refusal: lock };
  try {
    const { openPglite } = await import('#core/store/pglite.ts');
    const db = await openPglite(storeDirectory(directory));
    return await closing({ ...db, where: directory }, use);
  } finally {
    lock.release();
  }
}

/** The refusal when another process writes to the directory. */
function lockOf(directory: string, now: number): WriterLock | SignpostError {
  try {
    makeDirectory(logDirectory(directory), 0o700);
    return lockForWriting(directory, now);
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'log-in-use') return error;
    throw writeRefused(error, directory, 'with --data');
  }
}

async function closing<T>(db: Db, use: (db: Db) => Promise<T>): Promise<StoreUse<T>> {
  try {
    return { kind: 'used', value: await use(db) };
  } finally {
    await db.close();
  }
}
