// The database that a command may look into: that of a cluster, or of a data directory that no other process has open.
import { existsSync } from 'node:fs';
import { SignpostError } from '#core/errors.ts';
import { lockForWriting, type WriterLock } from '#core/log/embedded/writer-lock.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Config } from '../config.ts';
import { logAt } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { storeDirectory } from '../store-place.ts';

export type StoreUse<T> =
  | { readonly kind: 'used'; readonly value: T }
  /** There is none, for the reason that is given. */
  | { readonly kind: 'none'; readonly why: string }
  /** Another process has it to itself. */
  | { readonly kind: 'in-use'; readonly directory: string };

/** Runs `use` on the database and closes it. @throws SignpostError where a database is not reached */
export async function withStore<T>(
  place: LogPlace,
  config: Config,
  use: (db: Db) => Promise<T>,
): Promise<StoreUse<T>> {
  const at = logAt(place, () => config);
  if (at.kind === 'kafka') {
    if (config.database === undefined)
      return none('no database is configured: set database.url or DATABASE_URL');
    const { connectPostgres } = await import('#core/store/postgres.ts');
    const { url } = config.database;
    return used(connectPostgres({ url, applicationName: 'signpost alerts' }), use);
  }
  const { directory } = at;
  if (!existsSync(storeDirectory(directory)))
    return none(`nothing has run on the data directory ${directory}`);
  const lock = lockOf(directory);
  if (lock === undefined) return { kind: 'in-use', directory };
  try {
    const { openPglite } = await import('#core/store/pglite.ts');
    return await used(await openPglite(storeDirectory(directory)), use);
  } finally {
    lock.release();
  }
}

const none = (why: string): StoreUse<never> => ({ kind: 'none', why });

/** Undefined where another process has it. */
function lockOf(directory: string): WriterLock | undefined {
  try {
    return lockForWriting(directory, Date.now());
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'log-in-use') return undefined;
    throw error;
  }
}

async function used<T>(db: Db, use: (db: Db) => Promise<T>): Promise<StoreUse<T>> {
  try {
    return { kind: 'used', value: await use(db) };
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'store-outdated')
      return none('no alert was raised yet');
    throw error;
  } finally {
    await db.close();
  }
}
