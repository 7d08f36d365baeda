// Places outgoing records: partition by key, then batches as they will be stored, encoded in the caller's thread.
import type { OutgoingRecord } from '../port.ts';
import { createBatchEncoder } from './batch-codec.ts';
import type { BatchEncoder } from './batch-codec.ts';
import { partitionOfKey } from './partitioner.ts';
import type { Part, TopicLayout } from './protocol.ts';

/** A batch is closed at either; a single record may be larger. */
const MAX_BATCH_RECORDS = 1_000;
const MAX_BATCH_BYTES = 1024 * 1024;

/** Records without a key stay with a partition so long, which keeps batches large. */
const KEYLESS_RUN = 500;

export interface Route {
  readonly parts: readonly Part[];
  /** For each record: index of its part, its partition and its place within the part. */
  readonly partOf: Uint32Array;
  readonly partitionOf: Uint32Array;
  readonly indexOf: Uint32Array;
}

/** Encodes records for a write, having asked for the layout of topics not seen before. */
export type Encode = (records: readonly OutgoingRecord[]) => Promise<Route>;

export interface RecordRouter {
  /** Topics of the records must have been handed over by `know`. */
  route(records: readonly OutgoingRecord[]): Route;
  know(layout: TopicLayout): void;
  knows(topic: string): boolean;
}

interface Target {
  readonly encoder: BatchEncoder;
  readonly part: number;
}

interface Turn {
  partition: number;
  left: number;
}

/** `random` (0 ≤ x < 1) chooses where a topic's records without a key begin. */
export function createRecordRouter(random: () => number): RecordRouter {
  const layouts = new Map<string, TopicLayout>();
  const turns = new Map<string, Turn>();

  function keyless(topic: string, partitions: number): number {
    let turn = turns.get(topic);
    if (turn === undefined) {
      turn = { partition: Math.floor(random() * partitions), left: KEYLESS_RUN };
      turns.set(topic, turn);
    } else if (turn.left === 0) {
      turn.partition = (turn.partition + 1) % partitions;
      turn.left = KEYLESS_RUN;
    }
    turn.left -= 1;
    return turn.partition;
  }

  function route(records: readonly OutgoingRecord[]): Route {
    const parts: (Part | undefined)[] = [];
    const partOf = new Uint32Array(records.length);
    const partitionOf = new Uint32Array(records.length);
    const indexOf = new Uint32Array(records.length);
    const targets = new Map<number, Target>();
    let layout: TopicLayout | undefined;

    const finish = (partitionId: number, { encoder, part }: Target): void => {
      parts[part] = { partitionId, ...encoder.finish() };
    };
    for (let i = 0; i < records.length; i += 1) {
      const record = records[i] as OutgoingRecord;
      const { topic, key } = record;
      if (layout?.name !== topic) layout = layouts.get(topic) as TopicLayout;
      const { partitionIds } = layout;
      const partition =
        key === null
          ? keyless(topic, partitionIds.length)
          : partitionOfKey(key, partitionIds.length);
      const partitionId = partitionIds[partition] as number;
      let target = targets.get(partitionId);
      if (
        target !== undefined &&
        (target.encoder.count >= MAX_BATCH_RECORDS ||
          target.encoder.size + (record.value?.length ?? 0) > MAX_BATCH_BYTES)
      ) {
        finish(partitionId, target);
        target = undefined;
      }
      if (target === undefined) {
        const size = firstSize(record, records.length - i, partitionIds.length);
        target = { encoder: createBatchEncoder(size), part: parts.length };
        parts.push(undefined);
        targets.set(partitionId, target);
      }
      partOf[i] = target.part;
      partitionOf[i] = partition;
      indexOf[i] = target.encoder.count;
      target.encoder.add(record);
    }
    for (const [partitionId, target] of targets) finish(partitionId, target);
    return { parts: parts as Part[], partOf, partitionOf, indexOf };
  }

  return {
    route,
    know(layout) {
      layouts.set(layout.name, layout);
    },
    knows: (topic) => layouts.has(topic),
  };
}

/** The parts' buffers, to be transferred. */
export function buffersOfParts(parts: readonly Part[]): ArrayBuffer[] {
  return parts.map(({ bytes }) => bytes.buffer as ArrayBuffer);
}

/** A guess at a batch's bytes from its first record and how many may follow; wrong guesses only cost a copy. */
function firstSize(first: OutgoingRecord, left: number, partitions: number): number {
  const one = (first.value?.length ?? 0) + (first.key?.length ?? 0) + 200;
  const records = Math.min(MAX_BATCH_RECORDS, Math.ceil((left * 1.2) / partitions));
  return Math.min(MAX_BATCH_BYTES, one * records) + 1_000;
}
