// A log that tells an observer what becomes of every batch, for liveness and traces; the engine sees no difference.
import type { Batch, CommitOptions, Log, OutgoingRecord } from './log/port.ts';

export interface BatchObserver {
  /** A batch was handed to a stage. The result is told of its way. */
  began(batch: Batch): BatchObservation;
}

export interface BatchObservation {
  /** A step of the batch is done: its claims are answered. */
  stepped(): void;
  /** `released`: given back, to come again. `failed`: its commit was refused. Called once, or `failed` then `released`. */
  ended(how: 'committed' | 'released' | 'failed', error?: unknown): void;
}

export function observeBatches(log: Log, observers: readonly BatchObserver[]): Log {
  if (observers.length === 0) return log;
  return {
    ...bound(log),
    async subscribe(options) {
      const subscription = await log.subscribe(options);
      return {
        async next(signal) {
          const batch = await subscription.next(signal);
          return batch === null ? null : observed(batch, observers);
        },
        close: () => subscription.close(),
      };
    },
  };
}

function bound(log: Log): Log {
  return {
    topics: () => log.topics(),
    committed: () => log.committed(),
    read: (topic, partition, offset, limits) => log.read(topic, partition, offset, limits),
    checkpoint: (key) => log.checkpoint(key),
    close: () => log.close(),
    ensureTopics: (specs) => log.ensureTopics(specs),
    append: (records, options) => log.append(records, options),
    subscribe: (options) => log.subscribe(options),
  };
}

/** Whatever else a log's batches can do stays theirs. */
function observed(batch: Batch, observers: readonly BatchObserver[]): Batch {
  const observations = observers.map((observer) => observer.began(batch));
  const ended = (how: 'committed' | 'released' | 'failed', error?: unknown): void => {
    for (const observation of observations) observation.ended(how, error);
  };
  const watched: Partial<Batch> = {
    async claim(claims) {
      const outcomes = await batch.claim(claims);
      for (const observation of observations) observation.stepped();
      return outcomes;
    },
    async commit(outputs: Iterable<OutgoingRecord>, options?: CommitOptions) {
      try {
        await batch.commit(outputs, options);
      } catch (error) {
        ended('failed', error);
        throw error;
      }
      ended('committed');
    },
    async release() {
      try {
        await batch.release();
      } finally {
        ended('released');
      }
    },
  };
  return new Proxy(batch, {
    get: (target, name) => {
      const own: unknown = Reflect.get(watched, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
