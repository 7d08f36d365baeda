// Looks at the log every few seconds: whether it answers, and how much waits behind the gateway.
import { SignpostError } from '#core/errors.ts';
import { roughLag } from '#core/lag.ts';
import type { Log } from '#core/log/port.ts';
import type { Logger } from '#core/logger.ts';
import { createReachWatch } from './reach-watch.ts';
import { behindGateway } from './services.ts';

export interface LogWatch {
  /** A sentence why the log cannot be used at present, or null. */
  away(): string | null;
  /** Records that wait to be normalized, as of the last look. */
  backlog(): number;
  /** Whoever met an error of the log tells it here; it counts until the log is seen to answer again. */
  met(error: unknown): void;
  /** Looks until `signal` aborts; the first time at once. */
  run(signal: AbortSignal): Promise<void>;
}

export interface LogWatchParts {
  readonly log: () => Log | undefined;
  readonly logger: Logger;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Whether to count what waits behind the gateway. */
  readonly countsBacklog: boolean;
}

export function createLogWatch(parts: LogWatchParts): LogWatch {
  const { log: current, logger, sleep, countsBacklog } = parts;
  let backlog = 0;
  let isBlind = false;

  async function count(log: Log): Promise<void> {
    try {
      backlog = await roughLag(log, behindGateway);
      isBlind = false;
    } catch (error) {
      if (!(error instanceof SignpostError)) throw error;
      // Without the right to see how far normalize is, records are taken in all the same.
      backlog = 0;
      if (!isBlind)
        logger.warn(
          { code: error.code },
          `Cannot see how much waits to be normalized: ${error.message}`,
        );
      isBlind = true;
    }
  }

  const reach = createReachWatch({
    name: 'The log',
    ask() {
      const log = current();
      if (log === undefined) return undefined;
      return log.topics().then(() => (countsBacklog ? count(log) : undefined));
    },
    logger,
    sleep,
  });
  return {
    away: () => reach.away(),
    backlog: () => backlog,
    met(error) {
      if (error instanceof SignpostError && error.code === 'log-unavailable') reach.met(error);
    },
    run: (signal) => reach.run(signal),
  };
}
