// Bench: a store of two years of signals, whose weeks are packed.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../services/core/store/migrate.ts';
import { openPglite } from '../../services/core/store/pglite.ts';
import { connectPostgres, type Db } from '../../services/core/store/postgres.ts';
import { packChangedWeeks } from '../../services/aggregate/pack-weeks.ts';
import { startPostgres } from '../services/postgres.ts';
import { loadSignals } from './query-data.ts';

export const stores = ['postgres', 'pglite'] as const;
export type Store = (typeof stores)[number];

export interface LoadedStore {
  readonly db: Db;
  readonly directory: string;
  /** Ends the server and removes all of it. */
  readonly close: () => Promise<void>;
}

/** Says on stderr how long it took. */
export async function openLoadedStore(store: Store, signals: number): Promise<LoadedStore> {
  const directory = mkdtempSync(join(tmpdir(), 'signpost-bench-'));
  // PostgreSQL runs as a user of its own where this runs as root.
  chmodSync(directory, 0o711);
  const postgres =
    store === 'postgres' ? await startPostgres({ dir: directory, fsync: false }) : undefined;
  const db =
    postgres === undefined
      ? await openPglite(join(directory, 'pglite'))
      : connectPostgres({ url: postgres.url, statementTimeoutMs: 3_600_000 });
  const close = async (): Promise<void> => {
    await db.close();
    await postgres?.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await migrate(db);
    const loadMs = await timed(() => loadSignals(db, signals));
    const packMs = await timed(() => packChangedWeeks(db));
    console.error(
      `${signals} signals in ${store}: written in ${seconds(loadMs)}, packed in ${seconds(packMs)}`,
    );
    return { db, directory, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
