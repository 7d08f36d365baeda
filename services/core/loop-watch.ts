// Whether a stage's loop still turns: it is idle, or every batch it holds has made a step lately.
import type { BatchObserver } from './observed-log.ts';

export interface LoopWatch extends BatchObserver {
  /** A sentence why the loop is stuck, or null. */
  stuck(): string | null;
}

/** Far above the time of any batch: the commit's own timeouts and retries end well before. */
const stuckAfterMs = 120_000;

/** @param clock monotonic, in milliseconds */
export function createLoopWatch(clock: () => number, limitMs: number = stuckAfterMs): LoopWatch {
  const held = new Map<symbol, { readonly at: string; since: number }>();
  return {
    began({ topic, partition }) {
      const id = Symbol('batch');
      const entry = { at: `${topic}/${partition}`, since: clock() };
      held.set(id, entry);
      return {
        stepped() {
          entry.since = clock();
        },
        ended(how) {
          // A refused commit is followed by a pause and the release: the loop turns on.
          if (how === 'failed') entry.since = clock();
          else held.delete(id);
        },
      };
    },
    stuck() {
      const now = clock();
      for (const { at, since } of held.values()) {
        const ms = now - since;
        if (ms > limitMs)
          return `A batch of ${at} has made no step for ${Math.round(ms / 1000)} s.`;
      }
      return null;
    },
  };
}
