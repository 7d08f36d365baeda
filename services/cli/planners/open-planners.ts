// What planners ask for in one process: the database in a thread of its own, and the threads that fill it and that raise
// alerts. They come up beside the pipeline, which does not wait for them.
import { Worker, type MessagePort } from 'node:worker_threads';
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
import type { Targets } from '../../alert/deliver/targets.ts';
import type { AggregateThreadData } from './aggregate-thread.ts';
import type { AlertThreadData } from './alert-thread.ts';
import { targetsOf } from './alert-context.ts';

export interface Planners {
  /** What is asked before the tables are there is answered once they are. */
  readonly db: Db;
  /** A port to the database for another thread. */
  connect(): MessagePort;
  /** Resolves once the stages run; see `failed` otherwise. */
  readonly ready: Promise<void>;
  /** Rejects when the database or a stage failed beyond retrying; never resolves otherwise. */
  readonly failed: Promise<never>;
  metrics(): Promise<readonly (readonly MetricObject[])[]>;
  /** Lets the stages finish or give back its batch, then closes the database. The log is still open. */
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
  let workers: readonly Worker[] = [];
  let threads: ThreadGroup | undefined;
  let closing: Promise<void> | undefined;

  async function begin(): Promise<void> {
    // A file that names who is told is known to be good before anything is taken in.
    const targets = targetsOf(config);
    await store.ready;
    if (closing !== undefined) return;
    const data = (): AggregateThreadData => ({
      log: log.connect(),
      store: store.connect(),
      where: storeDirectory(directory),
      directory,
      config,
      departments: readDepartments(config.classify),
    });
    workers = [startAggregate(data()), startAlert(data(), targets)];
    threads = superviseThreads(workers);
    threads.failed.catch(reject);
    await Promise.race([Promise.all(workers.map(readinessOf)), threads.failed]);
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
    connect: () => store.connect(),
    ready,
    failed,
    metrics: () => Promise.all(workers.map(metricsOf)),
    close: () => (closing ??= end()),
  };
}

function startAggregate(data: AggregateThreadData): Worker {
  return new Worker(new URL('./aggregate-thread.ts', import.meta.url), {
    workerData: data,
    transferList: [data.log, data.store],
    name: 'signpost-aggregate',
  });
}

function startAlert(data: AggregateThreadData, targets: Targets | undefined): Worker {
  return new Worker(new URL('./alert-thread.ts', import.meta.url), {
    workerData: { ...data, targets } satisfies AlertThreadData,
    transferList: [data.log, data.store],
    name: 'signpost-alert',
  });
}

function readinessOf(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once('message', () => resolve());
  });
}
