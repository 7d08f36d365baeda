// The archive's stage and what goes on beside it, as `signpost run archive` and `signpost up` run them.
import { hostname } from 'node:os';
import type { ArchiveMetrics } from '#core/archive-metrics.ts';
import type { Logger } from '#core/logger.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import type { BulkDelivery } from '#core/stage.ts';
import { keepArchive } from '../../archive/keeper.ts';
import { parquetFiles } from '../../archive/parquet-files.ts';
import { createArchive } from '../../archive/stage.ts';
import type { Config } from '../config.ts';

export interface ArchiveWork {
  readonly store: ObjectStore;
  readonly config: Pick<Config, 'archive'>;
  readonly metrics: ArchiveMetrics;
}

export function buildArchive({ store, config, metrics }: ArchiveWork): BulkDelivery<unknown> {
  const { chunkRecords, chunkBytes, flushMs } = config.archive;
  const gather = { records: chunkRecords, bytes: chunkBytes, ms: flushMs };
  return createArchive({ store, gather, metrics });
}

export interface BesideArchive extends Omit<ArchiveWork, 'metrics'> {
  readonly logger: Logger;
  /** A pass of the erasures that are under way; not where another thread makes it. */
  readonly erase?: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** How often small files are looked for, and what is to be deleted. */
const keepEveryMs = 10 * 60_000;

/** Until `signal` aborts. @throws bugs alone. */
export async function runBesideArchive(
  { store, config, logger, erase, sleep }: BesideArchive,
  signal: AbortSignal,
): Promise<void> {
  const { graceMs } = config.archive;
  const owner = `${hostname()}/${process.pid}`;
  const parts = {
    store,
    format: parquetFiles,
    graceMs,
    owner,
    logger,
    sleep,
    signal,
    now: Date.now,
  };
  try {
    const first = erase === undefined ? {} : { first: erase };
    await keepArchive({ ...parts, ...first, everyMs: keepEveryMs });
  } catch (error) {
    // The store gives up its calls with the signal's reason.
    if (!signal.aborted) throw error;
  }
}
