// A thread that runs the pipeline's stages: a copy beside others, sharing their partitions as processes would.
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { connectEmbeddedLog } from '#core/log/embedded/client.ts';
import { createLogger } from '#core/logger.ts';
import { announcedSchemas } from '#core/registry/announced.ts';
import { learningLog } from '#core/registry/learning-log.ts';
import { runStage } from '#core/run-stage.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { recordsDropped, recordsRejected, schemasAnnounced } from '../topology.ts';
import type { StageName } from './stage-names.ts';
import { openLiveJudging, tellExpected } from './live-judging.ts';
import { buildStages, judgingParts, type StageParts } from './stages.ts';

export interface StageThreadData extends StageParts {
  readonly log: MessagePort;
  readonly stages: readonly StageName[];
  /** Whether it tells what becomes of changed files: each thread sees them, and one line is enough. */
  readonly tells: boolean;
}

/** Messages to the thread. */
export type ToStageThread = 'stop' | 'metrics';

const { log: port, stages: names, tells, ...parts } = workerData as StageThreadData;
const stop = new AbortController();
/** Small: what a batch holds is then gone before the collector of young objects comes by twice, and keeps it. */
const maxRecords = 250;
const telemetry = createTelemetry(() => performance.now() / 1000);

parentPort!.on('message', (message: ToStageThread) => {
  if (message === 'stop') stop.abort();
  else void telemetry.snapshot().then((metrics) => parentPort!.postMessage({ metrics }));
});

const logger = createLogger('stages', parts.config.logLevel);
const plain = connectEmbeddedLog(port);
const log = learningLog(plain, {
  source: announcedSchemas(plain, schemasAnnounced.name),
  logger,
  clock: Date.now,
});
const judging = openLiveJudging({
  ...judgingParts(names, parts),
  logger: tells ? logger : createLogger('stages', 'silent'),
  sleep,
  onJudging: (by) => tellExpected(telemetry.drift, by),
});
const stages = buildStages(names, parts, judging, telemetry.drift);
parentPort!.postMessage({ ready: true });
const watching = judging.watch(stop.signal);
try {
  await Promise.all(
    stages.map(async (stage) => {
      const metrics = telemetry.stage(stage.name);
      try {
        await runStage(
          stage,
          {
            log,
            logger,
            metrics,
            rejected: recordsRejected,
            dropped: recordsDropped,
            sleep,
            maxRecords,
          },
          stop.signal,
        );
      } catch (error) {
        stop.abort();
        throw error;
      }
    }),
  );
} finally {
  stop.abort();
  await watching;
  await log.close();
  parentPort!.close();
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {});
}
