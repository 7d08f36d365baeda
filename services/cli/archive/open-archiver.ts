// The archive of one process: a thread of its own beside the pipeline, which does not wait for it.
import { Worker } from 'node:worker_threads';
import type { MetricObject } from 'prom-client';
import type { EmbeddedLog } from '#core/log/embedded/open.ts';
import type { Config } from '../config.ts';
import type { ToStageThread } from '../stage-thread.ts';
import { superviseThreads, type ThreadGroup } from '../thread-group.ts';
import { metricsOf } from '../thread-metrics.ts';
import type { ArchiveThreadData } from './archive-thread.ts';

export interface Archiver {
  /** Rejects when it failed beyond retrying; never resolves otherwise. */
  readonly failed: Promise<never>;
  metrics(): Promise<readonly (readonly MetricObject[])[]>;
  /** Gives back what it holds. The log is still open. */
  close(): Promise<void>;
}

/** What gathers for minutes is in no hurry: the pipeline, the pages and the planners come up first. */
const beginAfterMs = 10_000;

/** @param directory the data directory, whose log this process has open */
export function openArchiver(
  directory: string,
  config: Config,
  log: Pick<EmbeddedLog, 'connect'>,
): Archiver {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  let worker: Worker | undefined;
  let threads: ThreadGroup | undefined;
  const begin = (): void => {
    const port = log.connect();
    worker = new Worker(new URL('./archive-thread.ts', import.meta.url), {
      workerData: { log: port, directory, config } satisfies ArchiveThreadData,
      transferList: [port],
      name: 'signpost-archive',
    });
    threads = superviseThreads([worker]);
    threads.failed.catch(reject);
  };
  const timer = config.archive.enabled
    ? setTimeout(begin, Math.min(beginAfterMs, config.archive.flushMs))
    : undefined;
  return {
    failed,
    metrics: async () => (worker === undefined ? [] : [await metricsOf(worker)]),
    async close() {
      clearTimeout(timer);
      await threads?.stop('stop' satisfies ToStageThread);
    },
  };
}
