// One stage as a service: the engine's loop, begun anew when the log could not be reached, with its health.
import type { Log } from '#core/log/port.ts';
import type { Logger } from '#core/logger.ts';
import { createLoopWatch } from '#core/loop-watch.ts';
import { observeBatches, type BatchObserver } from '#core/observed-log.ts';
import { runStage } from '#core/run-stage.ts';
import type { Stage } from '#core/stage.ts';
import type { StageMetrics } from '#core/telemetry.ts';
import { recordsDropped, recordsRejected } from '../../topology.ts';
import { isPassing, pauseMs } from './until-reached.ts';

export interface StageServiceParts {
  readonly stage: Stage<never>;
  readonly logger: Logger;
  readonly metrics: StageMetrics;
  /** A sentence why what it needs cannot be used at present, or null. */
  readonly amiss: () => string | null;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Monotonic, milliseconds. */
  readonly clock: () => number;
  readonly tracing?: BatchObserver;
  /** Of one batch; as the engine does when it is absent. */
  readonly maxRecords?: number;
}

const turnMs = 30 * 60_000;

export interface StageService {
  /** Runs until `signal` aborts and its batches are finished or given back. @throws what trying again cannot mend. */
  run(log: Log, signal: AbortSignal): Promise<void>;
  /** Sentences why not, or null. */
  live(): string | null;
  ready(): string | null;
}

export function createStageService(parts: StageServiceParts): StageService {
  const { stage, logger, metrics, amiss, sleep, clock, tracing, maxRecords } = parts;
  // What gathers is held for as long, and may wait for its turn behind all that came due with it.
  const loop =
    stage.kind === 'bulk-delivery'
      ? createLoopWatch(clock, stage.gather.ms + turnMs)
      : createLoopWatch(clock);
  let why: string | null = 'It has not joined its group yet.';
  return {
    async run(log, signal) {
      const observed = observeBatches(log, [loop, ...(tracing === undefined ? [] : [tracing])]);
      const joined: Log = {
        ...observed,
        async subscribe(options) {
          const subscription = await observed.subscribe(options);
          why = null;
          return subscription;
        },
      };
      const engine = {
        log: joined,
        logger,
        metrics,
        rejected: recordsRejected,
        dropped: recordsDropped,
        sleep,
        ...(maxRecords === undefined ? {} : { maxRecords }),
      };
      for (let failures = 0; !signal.aborted; failures += 1) {
        try {
          await runStage(stage, engine, signal);
        } catch (error) {
          if (!isPassing(error)) throw error;
          why = error.message;
          const { code, hint } = error;
          if (!signal.aborted)
            logger.warn({ stage: stage.name, code, hint }, `${error.message}; beginning anew`);
          await sleep(Math.min(pauseMs.most, pauseMs.first * 2 ** failures), signal);
        }
      }
      why = 'It has ended.';
    },
    live: () => loop.stuck(),
    ready: () => why ?? amiss(),
  };
}
