// A thread that runs the `archive` stage of one process and what goes on beside it, on the log that another thread hosts.
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { connectEmbeddedLog } from '#core/log/embedded/client.ts';
import { createLogger } from '#core/logger.ts';
import { announcedSchemas } from '#core/registry/announced.ts';
import { learningLog } from '#core/registry/learning-log.ts';
import { runStage } from '#core/run-stage.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { recordsDropped, recordsRejected, schemasAnnounced } from '../../topology.ts';
import type { Config } from '../config.ts';
import { untilReached } from '../run/until-reached.ts';
import type { ToStageThread } from '../stage-thread.ts';
import { buildArchive, runBesideArchive } from './archive-work.ts';
import { openArchive } from './open-archive.ts';

export interface ArchiveThreadData {
  readonly log: MessagePort;
  /** The data directory. */
  readonly directory: string;
  readonly config: Config;
}

const { log: port, directory, config } = workerData as ArchiveThreadData;
const stop = new AbortController();
const telemetry = createTelemetry(() => performance.now() / 1000);
const metrics = telemetry.archive();

parentPort!.on('message', (message: ToStageThread) => {
  if (message === 'stop') stop.abort('stop');
  else void telemetry.snapshot().then((told) => parentPort!.postMessage({ metrics: told }));
});

const logger = createLogger('archive', config.logLevel);
const plain = connectEmbeddedLog(port);
const log = learningLog(plain, {
  source: announcedSchemas(plain, schemasAnnounced.name),
  logger,
  clock: Date.now,
});
parentPort!.postMessage({ ready: true });
const { signal } = stop;
try {
  const store = await untilReached(
    () => openArchive({ kind: 'embedded', directory }, config, { signal }),
    { logger, signal, sleep, onWaiting: () => {} },
    (late) => late.close(),
  );
  if (store !== undefined) {
    const engine = {
      log,
      logger,
      metrics: telemetry.stage('archive'),
      rejected: recordsRejected,
      dropped: recordsDropped,
      sleep,
    };
    const tasks = [
      runStage(buildArchive({ store, config, metrics }), engine, signal),
      runBesideArchive({ store, config, logger, sleep }, signal),
    ];
    try {
      await Promise.all(tasks);
    } finally {
      stop.abort('stop');
      await Promise.allSettled(tasks);
      await store.close();
    }
  }
} finally {
  await log.close();
  parentPort!.close();
}

async function sleep(ms: number, until: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal: until }).catch(() => {});
}
