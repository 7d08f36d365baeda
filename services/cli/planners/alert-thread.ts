// A thread that runs the `alert` stage of one process and what goes on beside it, on the log and the database that other
// threads host: a large evaluation must not keep the counts of planners waiting.
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { connectEmbeddedLog } from '#core/log/embedded/client.ts';
import { createLogger } from '#core/logger.ts';
import { announcedSchemas } from '#core/registry/announced.ts';
import { learningLog } from '#core/registry/learning-log.ts';
import { runStage } from '#core/run-stage.ts';
import { connectPglite } from '#core/store/pglite-client.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { createDeliveryMetrics } from '../../alert/deliver/delivery-metrics.ts';
import type { Targets } from '../../alert/deliver/targets.ts';
import { recordsDropped, recordsRejected, schemasAnnounced } from '../../topology.ts';
import { createLiveErasures } from '../../archive/live-erasures.ts';
import { openArchive } from '../archive/open-archive.ts';
import { openLiveJudging } from '../live-judging.ts';
import type { ToStageThread } from '../stage-thread.ts';
import type { AggregateThreadData } from './aggregate-thread.ts';
import { buildAlert, runBesideAlert } from './alert-work.ts';

export interface AlertThreadData extends AggregateThreadData {
  readonly targets: Targets | undefined;
}

const data = workerData as AlertThreadData;
const { config, departments, targets } = data;
const stop = new AbortController();
/** Each commit waits for the disk: larger than those of stages that write to the log alone. */
const maxRecords = 1_000;
const telemetry = createTelemetry(() => performance.now() / 1000);
const metrics = telemetry.alerts();
const deliveryMetrics = createDeliveryMetrics((targets?.targets ?? []).map(({ name }) => name));

parentPort!.on('message', (message: ToStageThread) => {
  if (message === 'stop') stop.abort();
  else void tellMetrics();
});

async function tellMetrics(): Promise<void> {
  const snapshots = await Promise.all([telemetry.snapshot(), deliveryMetrics.snapshot()]);
  parentPort!.postMessage({ metrics: snapshots.flat() });
}

const logger = createLogger('alert', config.logLevel);
const plain = connectEmbeddedLog(data.log);
const log = learningLog(plain, {
  source: announcedSchemas(plain, schemasAnnounced.name),
  logger,
  clock: Date.now,
});
const db = connectPglite(data.store, data.where);
// The threads of the stages tell what becomes of a changed file.
const silent = createLogger('alert', 'silent');
const routing = openLiveJudging({
  classify: config.classify,
  departments,
  judges: false,
  routes: true,
  logger: silent,
  sleep,
});
const engine = {
  log,
  logger,
  metrics: telemetry.stage('alert'),
  rejected: recordsRejected,
  dropped: recordsDropped,
  sleep,
  maxRecords,
};
parentPort!.postMessage({ ready: true });
const current = () => routing.current().departments;
const erased = createLiveErasures({
  open: () => openArchive({ kind: 'embedded', directory: data.directory }, config),
  logger,
  clock: () => performance.now(),
});
const beside = { db, config, log, targets, metrics, deliveryMetrics, logger, isAlone: true, sleep };
const tasks = [
  routing.watch(stop.signal),
  runStage(buildAlert({ db, config, departments: current, erased, metrics }), engine, stop.signal),
  runBesideAlert(beside, stop.signal),
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
