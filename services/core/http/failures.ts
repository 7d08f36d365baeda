// A bound on guessing: who fails often must wait, longer each time.

export interface Failures {
  /** Milliseconds until the next attempt is looked at; 0 for at once. */
  waitMs(bucket: string): number;
  add(bucket: string): void;
  forget(bucket: string): void;
}

const freeFailures = 10;
const firstWaitMs = 1000;
const longestWaitMs = 60_000;
const forgetAfterMs = 10 * 60_000;
const maxBuckets = 4096;

/**
 * After 10 failures each further one doubles the wait, from 1 s to 60 s. At most 4,096 callers are remembered.
 * @param clock milliseconds since the epoch
 */
export function createFailures(clock: () => number): Failures {
  const buckets = new Map<string, { count: number; at: number }>();
  return {
    waitMs(bucket: string): number {
      const seen = buckets.get(bucket);
      if (seen === undefined || seen.count < freeFailures) return 0;
      const wait = Math.min(
        longestWaitMs,
        firstWaitMs * 2 ** Math.min(16, seen.count - freeFailures),
      );
      return Math.max(0, seen.at + wait - clock());
    },
    add(bucket: string): void {
      const now = clock();
      const seen = buckets.get(bucket);
      const count = seen === undefined || now - seen.at > forgetAfterMs ? 1 : seen.count + 1;
      buckets.delete(bucket);
      buckets.set(bucket, { count, at: now });
      const [oldest] = buckets.keys();
      if (buckets.size > maxBuckets && oldest !== undefined) buckets.delete(oldest);
    },
    forget(bucket: string): void {
      buckets.delete(bucket);
    },
  };
}
