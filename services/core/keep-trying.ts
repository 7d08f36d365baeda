// Work that goes on for as long as a process does: what fails outside is said and tried again, later each time.
import { SignpostError } from './errors.ts';
import type { Logger } from './logger.ts';

export interface KeepTrying {
  readonly logger: Logger;
  /** Waits, or returns early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

const pauseMs = { first: 500, most: 30_000 };

/**
 * Works until `signal` aborts.
 * @param work is told how often it failed since it last succeeded; returns in how many milliseconds to work again
 * @throws what is no SignpostError: a bug
 */
export async function keepTrying(
  work: (failures: number) => Promise<number>,
  { logger, sleep, signal }: KeepTrying,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const wait = await work(failures);
      failures = 0;
      if (wait > 0) await sleep(wait, signal);
    } catch (error) {
      if (!(error instanceof SignpostError)) throw error;
      const wait = Math.min(pauseMs.most, pauseMs.first * 2 ** Math.min(failures, 20));
      failures += 1;
      logger.warn({ code: error.code, pauseMs: wait }, `${error.message}; trying again`);
      await sleep(wait, signal);
    }
  }
}
