// Calls to a server that may be away or busy: each is tried again after pauses that grow and are drawn at random, so that
// many clients do not come back at once, until it answers, refuses, or patience ends.
import { setTimeout as sleep } from 'node:timers/promises';
import { judge } from './s3-errors.ts';

export interface CallOptions {
  /** The store, for messages. */
  readonly where: string;
  readonly signal: AbortSignal;
  /** From the first attempt of a call to the last; then `objects-unavailable`. */
  readonly patienceMs: number;
  /** 0 to 1. */
  readonly random: () => number;
}

export interface Attempt {
  readonly signal: AbortSignal;
  /** An earlier attempt failed without saying so for sure: it may have taken effect. */
  readonly again: boolean;
}

/**
 * @param doing for the sentence: `write a/b`
 * @throws SignpostError `objects-unavailable`, `objects-refused`; the signal's reason when it aborts
 */
export type Call = <T>(doing: string, attempt: (of: Attempt) => Promise<T>) => Promise<T>;

const pauseMs = { first: 100, most: 5000 };

export function createCall({ where, signal, patienceMs, random }: CallOptions): Call {
  return async (doing, attempt) => {
    const began = performance.now();
    for (let failures = 0; ; failures += 1) {
      signal.throwIfAborted();
      try {
        return await attempt({ signal, again: failures > 0 });
      } catch (error) {
        signal.throwIfAborted();
        const verdict = judge(where, doing, error);
        const wait = random() * Math.min(pauseMs.most, pauseMs.first * 2 ** failures);
        const isOver = performance.now() + wait - began > patienceMs;
        if (!verdict.again || isOver) throw verdict.error;
        await sleep(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  };
}
