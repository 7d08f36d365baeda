// Servers may come up in any order: what is not there yet is waited for, what is wrong ends the process.
import { SignpostError } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';

export interface Waiting {
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Waits, or returns early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told why it waits; null once it no longer does. */
  readonly onWaiting: (why: string | null) => void;
}

/** Between attempts: doubling from the first to the longest. */
export const pauseMs = { first: 250, most: 5000 };

/** What somebody else is about to mend, or another copy about to finish. */
const passing: ReadonlySet<string> = new Set([
  'registry-away',
  'schemas-not-announced',
  'store-busy',
  'topics-missing',
  'unknown-topic',
]);

/** Whether an error may pass by itself: a server that is away, starting, or not prepared yet. */
export function isPassing(error: unknown): error is SignpostError {
  return (
    error instanceof SignpostError &&
    (error.code.endsWith('-unavailable') || passing.has(error.code))
  );
}

/**
 * Does `attempt` until it succeeds. @returns undefined when `signal` aborts before.
 * @param discard gets what comes of an attempt that nobody waits for any more
 * @throws what does not pass by itself: wrong configuration, missing rights, bugs
 */
export async function untilReached<T>(
  attempt: () => Promise<T>,
  { logger, signal, sleep, onWaiting }: Waiting,
  discard: (late: T) => Promise<void> = () => Promise.resolve(),
): Promise<T | undefined> {
  let wait = pauseMs.first;
  let told = '';
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  while (!signal.aborted) {
    try {
      const trying = attempt();
      const result = await Promise.race([trying, aborted]);
      if (result !== undefined) onWaiting(null);
      else trying.then(discard).catch(() => {});
      return result;
    } catch (error) {
      if (!isPassing(error)) throw error;
      onWaiting(error.message);
      // Said again only when it is something else.
      if (error.message !== told) {
        const { code, hint } = error;
        logger.warn({ code, hint }, `${error.message}; waiting for it`);
        told = error.message;
      }
      await sleep(wait, signal);
      wait = Math.min(pauseMs.most, wait * 2);
    }
  }
  return undefined;
}
