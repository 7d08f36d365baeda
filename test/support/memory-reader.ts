// A log in memory that can be read and appended to, for what works upon the port of the log alone.
import type {
  AppendOptions,
  CommittedOffset,
  LogReader,
  OutgoingRecord,
  Position,
  ReceivedRecord,
} from '#core/log/port.ts';

export interface MemoryReader extends LogReader {
  append(records: readonly OutgoingRecord[], options?: AppendOptions): Promise<readonly Position[]>;
  /** Puts a record on a partition of choice. */
  put(record: Partial<OutgoingRecord> & { readonly topic: string }, partition?: number): Position;
  commit(stage: string, topic: string, offset: number, partition?: number): void;
  /** Deletes what lies before `offset`, as retention does. */
  expire(topic: string, offset: number, partition?: number): void;
  /** Runs before each read. */
  beforeRead: () => void;
  /** Checkpoints of each append. */
  readonly remembered: readonly Readonly<Record<string, string>>[];
}

export function createMemoryReader(topics: readonly string[], partitions = 2): MemoryReader {
  const lanes = new Map<string, { start: number; records: ReceivedRecord[] }[]>();
  for (const topic of topics) {
    lanes.set(
      topic,
      Array.from({ length: partitions }, () => ({ start: 0, records: [] })),
    );
  }
  const committed: CommittedOffset[] = [];
  const checkpoints = new Map<string, string>();
  const remembered: Readonly<Record<string, string>>[] = [];
  const put: MemoryReader['put'] = (record, partition = 0) => {
    const { records } = lanes.get(record.topic)![partition]!;
    const offset = records.length;
    records.push({
      key: null,
      value: new Uint8Array(),
      headers: {},
      timestamp: 0,
      ...record,
      partition,
      offset,
    });
    return { topic: record.topic, partition, offset };
  };
  const log: MemoryReader = {
    remembered,
    beforeRead: () => {},
    put,
    commit(stage, topic, offset, partition = 0) {
      committed.push({ group: `signpost.${stage}`, topic, partition, offset });
    },
    expire(topic, offset, partition = 0) {
      lanes.get(topic)![partition]!.start = offset;
    },
    append(records, options) {
      remembered.push(options?.checkpoints ?? {});
      for (const [key, value] of Object.entries(options?.checkpoints ?? {}))
        checkpoints.set(key, value);
      return Promise.resolve(records.map((record) => put(record)));
    },
    topics: () =>
      Promise.resolve(
        [...lanes].map(([name, of]) => ({
          name,
          partitions: of.map(({ start, records }, partition) => ({
            partition,
            start,
            end: records.length,
            bytes: 0,
          })),
        })),
      ),
    committed: () => Promise.resolve([...committed]),
    read(topic, partition, offset, limits) {
      log.beforeRead();
      const { start, records } = lanes.get(topic)![partition]!;
      const from = Math.max(start, offset);
      const found = records.slice(from, from + (limits?.maxRecords ?? 3));
      return Promise.resolve({
        records: found,
        nextOffset: from + found.length,
        endOffset: records.length,
      });
    },
    checkpoint: (key) => Promise.resolve(checkpoints.get(key) ?? null),
    close: () => Promise.resolve(),
  };
  return log;
}
