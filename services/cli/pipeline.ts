// The whole pipeline in one process: the embedded log, its topics, and the stages in threads of their own.
import { Worker } from 'node:worker_threads';
import type { MetricObject } from 'prom-client';
import {
  openEmbeddedLog,
  type EmbeddedLog,
  type EmbeddedLogOptions,
} from '#core/log/embedded/open.ts';
import { announceSchemas } from '#core/registry/announced.ts';
import { groupOf } from '#core/run-stage.ts';
import { flows, schemasAnnounced, topicsFor } from '../topology.ts';
import type { Config } from './config.ts';
import { readDepartments } from './departments.ts';
import { readPseudonymKeys } from './pseudonym-keys.ts';
import type { StageThreadData, ToStageThread } from './stage-thread.ts';
import { stagesByThread } from './stage-names.ts';
import { superviseThreads } from './thread-group.ts';
import { metricsOf } from './thread-metrics.ts';

export interface Pipeline {
  readonly log: EmbeddedLog;
  /** Names of the departments that have a stream. */
  readonly departments: readonly string[];
  /** Rejects when a stage or the log failed beyond retrying; never resolves otherwise. */
  readonly failed: Promise<never>;
  /** Resolves once every stage has all that the configuration names: what is wrong with it shows in `failed` before. */
  readonly ready: Promise<unknown>;
  /** Records accepted but not through the last stage yet. */
  backlog(): Promise<number>;
  metrics(): Promise<readonly (readonly MetricObject[])[]>;
  /** Lets every stage finish or give back its batch, then closes the log whatever befell them. */
  close(): Promise<void>;
}

/**
 * @param directory the data directory; made when missing.
 * @param logOptions of the embedded log, where not as usual
 * @throws SignpostError `log-in-use` when another process writes to it.
 */
export async function openPipeline(
  directory: string,
  config: Config,
  logOptions: Omit<EmbeddedLogOptions, 'directory'> = {},
): Promise<Pipeline> {
  const departments = readDepartments(config.classify);
  const names = departments.departments.map(({ name }) => name);
  const log = await openEmbeddedLog({ ...logOptions, directory });
  const workers: Worker[] = [];
  try {
    await log.ensureTopics([...topicsFor(names, config.retention), schemasAnnounced]);
    // Another release that opens this directory later can then read what this one wrote.
    await announceSchemas(log, schemasAnnounced.name, Date.now);
    const pseudonymKeys = readPseudonymKeys(directory);
    const byThread = stagesByThread(config.threads, config.fusion.enabled);
    const teller = byThread.findIndex((stages) => stages.includes('classify'));
    for (const [at, stages] of byThread.entries()) {
      const tells = at === teller;
      workers.push(startThread(log, { config, departments, pseudonymKeys, stages, tells }));
    }
  } catch (error) {
    await log.close();
    throw error;
  }

  const ready = Promise.all(workers.map(readinessOf));
  const threads = superviseThreads(workers);
  // A stage whose log is gone knows only that; why it is gone, the log knows.
  const failed = Promise.race([
    log.failed,
    threads.failed.catch((error: unknown) => (isLogClosed(error) ? log.failed : throwAgain(error))),
  ]);
  failed.catch(() => {});
  return {
    log,
    departments: names,
    failed,
    ready,
    backlog: () => backlogOf(log),
    metrics: () => Promise.all(workers.map(metricsOf)),
    async close() {
      try {
        await threads.stop('stop' satisfies ToStageThread);
      } catch (error) {
        // Why the log is gone is for the log to tell: by `failed`, or by its close.
        if (!isLogClosed(error)) throw error;
      } finally {
        await log.close();
      }
    },
  };
}

function startThread(log: EmbeddedLog, data: Omit<StageThreadData, 'log'>): Worker {
  const port = log.connect();
  return new Worker(new URL('./stage-thread.ts', import.meta.url), {
    workerData: { ...data, log: port } satisfies StageThreadData,
    transferList: [port],
  });
}

function readinessOf(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once('message', () => resolve());
  });
}

/** Stages whose lag counts: every transform of the topology. */
const stageGroups = flows.filter(({ kind }) => kind === 'transform');

/**
 * Committed offsets are read before the ends of topics: when they meet, nothing was under way in between.
 */
async function backlogOf(log: EmbeddedLog): Promise<number> {
  const committed = new Map(
    (await log.committed()).map(({ group, topic, partition, offset }) => [
      `${group} ${topic}/${partition}`,
      offset,
    ]),
  );
  const topics = new Map((await log.topics()).map((topic) => [topic.name, topic.partitions]));
  let backlog = 0;
  for (const { name, reads } of stageGroups) {
    for (const topic of reads) {
      for (const { partition, start, end } of topics.get(topic) ?? []) {
        backlog += end - (committed.get(`${groupOf(name)} ${topic}/${partition}`) ?? start);
      }
    }
  }
  return backlog;
}

/** By shape: an error that crossed threads has lost its class. */
function isLogClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'log-closed';
}

function throwAgain(error: unknown): never {
  throw error;
}
