// `signpost archive sync`: archives what the topics hold when it is called, and ends.
import { setTimeout as pause } from 'node:timers/promises';
import type { ArchiveMetrics } from '#core/archive-metrics.ts';
import { SignpostError } from '#core/errors.ts';
import { lagOf } from '#core/lag.ts';
import type { Log, LogReader } from '#core/log/port.ts';
import { createLogger } from '#core/logger.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { groupOf, runStage } from '#core/run-stage.ts';
import { listenForShutdown } from '#core/shutdown.ts';
import type { BulkDelivery } from '#core/stage.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { datasets } from '../../archive/datasets.ts';
import { createArchive } from '../../archive/stage.ts';
import { recordsDropped, recordsRejected } from '../../topology.ts';
import type { ArchiveSyncOptions } from '../commands/archive.ts';
import type { Config } from '../config.ts';
import { count } from '../count.ts';
import { configOf, logAt } from '../open-log.ts';
import { withReader } from '../open-reader.ts';
import { withWriter } from '../open-writer.ts';
import type { LogPlace } from '../options.ts';
import { createOutput } from '../output.ts';
import { createProgress } from '../progress.ts';
import { oneLine } from '../safe-text.ts';
import { openArchive } from './open-archive.ts';
import { sizeOf } from '../topics.ts';

export interface Synced {
  readonly datasets: Readonly<Record<string, { readonly rows: number; readonly bytes: number }>>;
}

export async function syncArchive(place: LogPlace, options: ArchiveSyncOptions): Promise<void> {
  const config = configOf(place);
  const at = logAt(place, () => config);
  // Where there is no log, none is to be made.
  await withReader(place, () => Promise.resolve());
  const shutdown = listenForShutdown();
  const progress = createProgress(process.stderr, () => performance.now());
  let where = '';
  let synced: Synced;
  try {
    const needs = {
      topics: datasets.map(({ topic }) => topic.name),
      whenInUse:
        'What runs there archives by itself, a few minutes later; to have it now, stop that first.',
    };
    synced = await withWriter(at, config, needs, async (log) => {
      const store = await openArchive(at, config, { signal: shutdown.signal });
      ({ where } = store);
      try {
        return await sync(log, store, config, {
          signal: shutdown.signal,
          onProgress: (done, all) =>
            progress.update(all === 0 ? 1 : done / all, `${count(done)} of ${count(all)} records`),
        });
      } finally {
        await store.close();
      }
    });
  } finally {
    progress.end();
    shutdown.dispose();
  }
  const output = createOutput();
  if (options.json) await output.json({ url: where, ...synced });
  else for (const line of syncedLines(synced, where)) await output.line(line);
}

interface SyncHooks {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, all: number) => void;
}

const lookMs = 200;

/** @throws SignpostError what the archive cannot be written for; `interrupted` when the signal aborts */
export async function sync(
  log: Log,
  store: ObjectStore,
  { archive, logLevel }: Pick<Config, 'archive' | 'logLevel'>,
  { signal, onProgress }: SyncHooks,
): Promise<Synced> {
  const written: Record<string, { rows: number; bytes: number }> = {};
  const metrics: ArchiveMetrics = {
    archived(dataset, { rows, bytes }) {
      const sum = (written[dataset] ??= { rows: 0, bytes: 0 });
      sum.rows += rows;
      sum.bytes += bytes;
    },
    waits() {},
  };
  const stage = createArchive({
    store,
    gather: { records: archive.chunkRecords, bytes: archive.chunkBytes, ms: 0 },
    metrics,
  });
  const done = new AbortController();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const engine = {
    log,
    logger: createLogger('signpost', logLevel),
    metrics: createTelemetry(() => performance.now() / 1000).stage(stage.name),
    rejected: recordsRejected,
    dropped: recordsDropped,
    sleep: async (ms: number, until: AbortSignal): Promise<void> => {
      await pause(ms, undefined, { signal: until }).catch(() => {});
    },
  };
  const running = runStage(
    failingAtOnce(stage, failed.reject),
    engine,
    AbortSignal.any([signal, done.signal]),
  );
  running.catch(failed.reject);
  try {
    await Promise.race([failed.promise, untilArchived(log, stage, signal, onProgress)]);
  } finally {
    done.abort();
    await running.catch(() => {});
  }
  if (signal.aborted)
    throw new SignpostError(
      'interrupted',
      'Interrupted; what is archived stays, run it again for the rest',
    );
  return { datasets: written };
}

/** A service tries again for ever; who waits for a command wants to know. */
function failingAtOnce(
  stage: BulkDelivery<unknown>,
  onFailure: (error: unknown) => void,
): BulkDelivery<unknown> {
  return {
    ...stage,
    deliver: async (stretch, signal) => {
      try {
        return await stage.deliver(stretch, signal);
      } catch (error) {
        onFailure(error);
        throw error;
      }
    },
  };
}

async function untilArchived(
  log: LogReader,
  { name, inputs }: BulkDelivery<unknown>,
  signal: AbortSignal,
  onProgress: SyncHooks['onProgress'],
): Promise<void> {
  const reads = { group: groupOf(name), topics: inputs.map((topic) => topic.name) };
  const topics = await log.topics();
  const ends = new Map(
    topics.flatMap((topic) =>
      topic.partitions.map(({ partition, end }) => [`${topic.name}/${partition}`, end] as const),
    ),
  );
  let all: number | undefined;
  while (!signal.aborted) {
    let left = 0;
    for (const { topic, partition, nextOffset, records } of await lagOf(log, [reads])) {
      const end = ends.get(`${topic}/${partition}`) ?? 0;
      if (records > 0 && nextOffset < end) left += Math.min(records, end - nextOffset);
    }
    all ??= left;
    onProgress(all - Math.min(all, left), all);
    if (left === 0) return;
    await pause(lookMs, undefined, { signal }).catch(() => {});
  }
}

function syncedLines({ datasets: written }: Synced, where: string): string[] {
  const lines = Object.entries(written)
    .filter(([, { rows }]) => rows > 0)
    .map(([name, { rows, bytes }]) => `  ${count(rows)} ${name}, ${sizeOf(bytes)}`);
  return lines.length === 0
    ? [`There was nothing to archive: ${oneLine(where)} has all that is on the topics.`]
    : [`Archived in ${oneLine(where)}:`, ...lines];
}
