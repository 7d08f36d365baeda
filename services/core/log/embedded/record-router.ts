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

/** Where a record went: index of its part, its partition, and its place within the part. */
export interface Place {
  readonly part: number;
  readonly partition: number;
  readonly index: number;
}

/**
 * Encodes records for a write as they come, asking for the layout of topics not seen before. `placed` is told where
 * each went, in an object that changes with the next.
 */
export type Encode = (
  records: Iterable<OutgoingRecord>,
  placed?: (place: Place) => void,
) => Promise<readonly Part[]>;

/** Records of one write, placed and encoded one after the other: none is kept. */
export interface Run {
  /** Its topic must have been handed over by `know`. */
  add(record: OutgoingRecord): void;
  /** Where the record added last went. */
  readonly last: Place;
  finish(): readonly Part[];
}

export interface RecordRouter {
  begin(): Run;
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

  function begin(): Run {
    const parts: (Part | undefined)[] = [];
    const targets = new Map<number, Target>();
    const last = { part: 0, partition: 0, index: 0 };
    let layout: TopicLayout | undefined;

    const close = (partitionId: number, { encoder, part }: Target): void => {
      parts[part] = { partitionId, ...encoder.finish() };
    };
    return {
      last,
      add(record) {
        const { topic, key } = record;
        if (layout?.name !== topic) layout = layouts.get(topic) as TopicLayout;
        const { partitionIds } = layout;
        last.partition =
          key === null
            ? keyless(topic, partitionIds.length)
            : partitionOfKey(key, partitionIds.length);
        const partitionId = partitionIds[last.partition] as number;
        let target = targets.get(partitionId);
        if (
          target !== undefined &&
          (target.encoder.count >= MAX_BATCH_RECORDS ||
            target.encoder.size + (record.value?.length ?? 0) > MAX_BATCH_BYTES)
        ) {
          close(partitionId, target);
          target = undefined;
        }
        if (target === undefined) {
          target = { encoder: createBatchEncoder(), part: parts.length };
          parts.push(undefined);
          targets.set(partitionId, target);
        }
        last.part = target.part;
        last.index = target.encoder.count;
        target.encoder.add(record);
      },
      finish() {
        for (const [partitionId, target] of targets) close(partitionId, target);
        return parts as Part[];
      },
    };
  }

  return {
    begin,
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
