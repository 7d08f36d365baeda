// The writing end of a log in memory, for tests of what appends to it: it can be slow, and it can fail.
import type { Log, OutgoingRecord, Position } from '#core/log/port.ts';

export interface MemoryLog extends Pick<Log, 'append'> {
  /** What was appended, one entry per append. */
  readonly appends: readonly (readonly OutgoingRecord[])[];
  readonly records: () => readonly OutgoingRecord[];
  /** The next appends fail with this; null ends it. */
  failWith(error: Error | null): void;
  /** Appends wait until the result is called. */
  hold(): () => void;
}

export function createMemoryLog(): MemoryLog {
  const appends: (readonly OutgoingRecord[])[] = [];
  const ends = new Map<string, number>();
  let failure: Error | null = null;
  let held: Promise<void> = Promise.resolve();
  return {
    appends,
    records: () => appends.flat(),
    failWith(error) {
      failure = error;
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
    async append(records) {
      await held;
      if (failure !== null) throw failure;
      appends.push(records);
      return records.map(({ topic }): Position => {
        const offset = ends.get(topic) ?? 0;
        ends.set(topic, offset + 1);
        return { topic, partition: 0, offset };
      });
    },
  };
}
