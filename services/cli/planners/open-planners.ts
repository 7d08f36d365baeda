// What planners ask for in one process: the database in a thread of its own, and the thread that fills it. Both come up
// beside the pipeline, which does not wait for them.
import { Worker } from 'node:worker_threads';
import type { MetricObject } from 'prom-client';
import type { EmbeddedLog } from '#core/log/embedded/open.ts';
import { openPgliteThread } from '#core/store/open-pglite-thread.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Config } from '../config.ts';
import { readDepartments } from '../departments.ts';
import type { ToStageThread } from '../stage-thread.ts';
import { storeDirectory } from '../store-place.ts';
import { superviseThreads, type ThreadGroup } from '../thread-group.ts';
import { metricsOf } from '../thread-metrics.ts';
import type { AggregateThreadData } from './aggregate-thread.ts';

export interface Planners {
  /** What is asked before the tables are there is answered once they are. */
  readonly db: Db;
  /** Resolves once the stage runs; see `failed` otherwise. */
  readonly ready: Promise<void>;
  /** Rejects when the database or the stage failed beyond retrying; never resolves otherwise. */
  readonly failed: Promise<never>;
  metrics(): Promise<readonly MetricObject[]>;
  /** Lets the stage finish or give back its batch, then closes the database. The log is still open. */
  close(): Promise<void>;
}

/**
 * @param directory the data directory, whose log this process has open: so nobody else has this database
 * @param after what comes first, since opening a database takes a processor to itself for a while
 */
export function openPlanners(
  directory: string,
  config: Config,
  log: Pick<EmbeddedLog, 'connect'>,
  after: Promise<unknown>,
): Planners {
  const store = openPgliteThread(storeDirectory(directory), after);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  store.failed.catch(reject);
  let worker: Worker | undefined;
  let threads: ThreadGroup | undefined;
  let closing: Promise<void> | undefined;

  async function begin(): Promise<void> {
    await store.ready;
    if (closing !== undefined) return;
    worker = startThread(log, store.connect(), directory, config);
    threads = superviseThreads([worker]);
    threads.failed.catch(reject);
    await Promise.race([readinessOf(worker), threads.failed]);
  }
  const ready = begin();
  ready.catch(reject);

  async function end(): Promise<void> {
    try {
      await threads?.stop('stop' satisfies ToStageThread);
    } finally {
      await store.close();
    }
  }

  return {
    db: store.db,
    ready,
    failed,
    metrics: () => (worker === undefined ? Promise.resolve([]) : metricsOf(worker)),
    close: () => (closing ??= end()),
  };
}

function startThread(
  log: Pick<EmbeddedLog, 'connect'>,
  store: AggregateThreadData['store'],
  directory: string,
  config: Config,
): Worker {
  const data: AggregateThreadData = {
    log: log.connect(),
    store,
    where: storeDirectory(directory),
    config,
    departments: readDepartments(config.classify),
  };
  return new Worker(new URL('./aggregate-thread.ts', import.meta.url), {
    workerData: data,
    transferList: [data.log, data.store],
    name: 'signpost-aggregate',
  });
}

function readinessOf(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once('message', () => resolve());
  });
}
