// A thread that runs the `aggregate` stage of one process, on the log and the database that other threads host.
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { connectEmbeddedLog } from '#core/log/embedded/client.ts';
import { createLogger } from '#core/logger.ts';
import { announcedSchemas } from '#core/registry/announced.ts';
import { learningLog } from '#core/registry/learning-log.ts';
import { runStage } from '#core/run-stage.ts';
import { connectPglite } from '#core/store/pglite-client.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { createLiveErasures } from '../../archive/live-erasures.ts';
import type { DepartmentsConfig } from '../../classify/departments.ts';
import { recordsDropped, recordsRejected, schemasAnnounced } from '../../topology.ts';
import { openArchive } from '../archive/open-archive.ts';
import type { Config } from '../config.ts';
import { openLiveJudging } from '../live-judging.ts';
import type { ToStageThread } from '../stage-thread.ts';
import { buildAggregate, runBesideAggregate } from './aggregate-work.ts';

export interface AggregateThreadData {
  readonly log: MessagePort;
  readonly store: MessagePort;
  /** Of the database, for messages. */
  readonly where: string;
  /** The data directory. */
  readonly directory: string;
  readonly config: Config;
  readonly departments: DepartmentsConfig;
}

const data = workerData as AggregateThreadData;
const { config, departments } = data;
const stop = new AbortController();
/** Each commit waits for the disk: larger than those of stages that write to the log alone. */
const maxRecords = 1_000;
const telemetry = createTelemetry(() => performance.now() / 1000);

parentPort!.on('message', (message: ToStageThread) => {
  if (message === 'stop') stop.abort();
  else void telemetry.snapshot().then((metrics) => parentPort!.postMessage({ metrics }));
});

const logger = createLogger('aggregate', config.logLevel);
const plain = connectEmbeddedLog(data.log);
const log = learningLog(plain, {
  source: announcedSchemas(plain, schemasAnnounced.name),
  logger,
  clock: Date.now,
});
const db = connectPglite(data.store, data.where);
const { classify } = config;
// The threads of the stages tell what becomes of a changed file.
const silent = createLogger('aggregate', 'silent');
const routing = openLiveJudging({
  classify,
  departments,
  judges: false,
  routes: true,
  logger: silent,
  sleep,
});
const parts = {
  db,
  config,
  erased: createLiveErasures({
    open: () => openArchive({ kind: 'embedded', directory: data.directory }, config),
    logger,
    clock: () => performance.now(),
  }),
  departments: () => routing.current().departments,
  now: Date.now,
};
const engine = {
  log,
  logger,
  metrics: telemetry.stage('aggregate'),
  rejected: recordsRejected,
  dropped: recordsDropped,
  sleep,
  maxRecords,
};
parentPort!.postMessage({ ready: true });
const tasks = [
  routing.watch(stop.signal),
  runStage(buildAggregate(parts), engine, stop.signal),
  runBesideAggregate({ ...parts, log, logger, sleep, vacuums: true }, stop.signal),
];
try {
  await Promise.all(tasks);
} finally {
  stop.abort();
  await Promise.allSettled(tasks);
  await db.close();
  await log.close();
  parentPort!.close();
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {});
}
