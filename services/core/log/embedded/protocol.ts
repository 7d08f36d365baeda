// What clients and the log's thread say to each other over a MessagePort. Bytes are transferred, not copied.
import type {
  CommitOptions,
  CommittedOffset,
  ReadLimits,
  TopicSpec,
  TopicStatus,
} from '../port.ts';
import type { PackedClaims, PackedOutcomes } from './claim-message.ts';
import type { ErrorData } from './sqlite-errors.ts';

/** A batch for one partition, encoded by the client. */
export interface Part {
  /** Row id of the partition, from `TopicLayout`. */
  readonly partitionId: number;
  readonly count: number;
  readonly maxTimestamp: number;
  readonly bytes: Uint8Array;
}

/** What a client must know of a topic to place records: row ids by partition number. */
export interface TopicLayout {
  readonly name: string;
  readonly partitionIds: readonly number[];
}

/** A stored batch and which of its records are meant. */
export interface Chunk {
  readonly baseOffset: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

export interface Requests {
  layout: { ask: { topic: string }; answer: TopicLayout | null };
  topics: { ask: object; answer: readonly TopicStatus[] };
  committed: { ask: object; answer: readonly CommittedOffset[] };
  checkpoint: { ask: { key: string }; answer: string | null };
  ensureTopics: { ask: { specs: readonly TopicSpec[] }; answer: null };
  read: {
    ask: { topic: string; partition: number; offset: number; limits: ReadLimits };
    answer: { chunks: readonly Chunk[]; nextOffset: number; endOffset: number };
  };
  append: {
    ask: { parts: readonly Part[]; checkpoints: Readonly<Record<string, string>> | undefined };
    /** Offset of the first record of each part. */
    answer: { baseOffsets: readonly number[] };
  };
  join: {
    ask: {
      group: string;
      topics: readonly string[];
      maxRecords: number;
      maxBytes: number;
      choosesStart: boolean;
    };
    answer: { member: number };
  };
  next: { ask: { member: number }; answer: NextAnswer };
  cancelNext: { ask: { member: number; next: number }; answer: null };
  start: {
    ask: {
      member: number;
      starts: readonly { partitionId: number; epoch: number; offset?: number }[];
    };
    answer: null;
  };
  claim: { ask: { lease: number; claims: PackedClaims }; answer: PackedOutcomes };
  commit: {
    ask: {
      lease: number;
      parts: readonly Part[];
      carried: CommitOptions['carried'];
      nextOffset: number | undefined;
    };
    answer: null;
  };
  release: { ask: { lease: number }; answer: null };
  leave: { ask: { member: number }; answer: null };
  /** Payloads of entities, whose hashed names are packed as those of claims. */
  entityPayloads: {
    ask: { entities: string };
    answer: readonly (readonly { readonly id: string; readonly payload: Uint8Array }[])[];
  };
  rewriteEntities: {
    ask: {
      changes: readonly {
        readonly entity: string;
        readonly payloads: ReadonlyMap<string, Uint8Array>;
      }[];
    };
    answer: null;
  };
  /** Deletes what is past its retention now, so that nothing of it is left in the files. */
  forget: { ask: object; answer: null };
}

export type Operation = keyof Requests;

/** A batch, a question where to start partitions just assigned, or nothing (cancelled or left). */
export type NextAnswer =
  | {
      readonly kind: 'batch';
      readonly lease: number;
      readonly topic: string;
      readonly partition: number;
      readonly nextOffset: number;
      readonly chunks: readonly Chunk[];
    }
  | {
      readonly kind: 'choose-start';
      readonly partitions: readonly {
        readonly partitionId: number;
        readonly epoch: number;
        readonly topic: string;
        readonly partition: number;
      }[];
    }
  | { readonly kind: 'none' };

export type Request = {
  [Op in Operation]: { readonly id: number; readonly op: Op; readonly ask: Requests[Op]['ask'] };
}[Operation];

export type Reply =
  | { readonly id: number; readonly answer: Requests[Operation]['answer'] }
  | { readonly id: number; readonly error: ErrorData };
