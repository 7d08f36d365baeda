// The log as the engine sees it: topics of partitions of records, consumer groups, and one atomic commit
// of outputs with the offset of their input. Two logs implement it; no stage knows which.

/** Kafka-style headers: UTF-8 strings by name. */
export type Headers = Readonly<Record<string, string>>;

/** A place in a topic. Offsets grow from 0 within a partition, may leave gaps, and never repeat. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface LogRecord {
  /** Records of one key keep their order; null spreads freely. */
  readonly key: string | null;
  /** Null is a tombstone. */
  readonly value: Uint8Array | null;
  readonly headers: Headers;
  /** Milliseconds since the epoch, UTC. */
  readonly timestamp: number;
}

/** A record to be written; its partition follows from its key (murmur2, as Kafka's default partitioner). */
export interface OutgoingRecord extends LogRecord {
  readonly topic: string;
}

export interface ReceivedRecord extends LogRecord, Position {}

/** What a topic should be; see `services/topology.ts`. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** Records older than this may be deleted. */
  readonly retentionMs: number;
  /** A partition larger than this loses its oldest records; absent means no limit. */
  readonly retentionBytes?: number;
  /** On Kafka the newest record of each key is kept for ever, whatever its age; an embedded log goes by age. */
  readonly compacted?: true;
}

export interface PartitionStatus {
  readonly partition: number;
  /** First offset still held; equal to `end` when empty. */
  readonly start: number;
  /** Offset the next record will get. */
  readonly end: number;
  /**
   * End of what was written but cannot be read yet, since a transaction before it is still open; absent when there is
   * none. What others committed may lie there.
   */
  readonly hiddenTo?: number;
  readonly bytes: number;
}

export interface TopicStatus {
  readonly name: string;
  readonly partitions: readonly PartitionStatus[];
}

export interface CommittedOffset {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** Offset of the next record the group will read. */
  readonly offset: number;
}

export interface ReadLimits {
  readonly maxRecords?: number;
  readonly maxBytes?: number;
}

export interface ReadResult {
  readonly records: readonly ReceivedRecord[];
  /** Where to read on. */
  readonly nextOffset: number;
  /** End of the partition at the time of the read. */
  readonly endOffset: number;
}

/**
 * First sight of something a sender may send twice. `id` is the deduplication key; `content` a short hash of what
 * was said, so that the same id with other content can be told apart. Claims of one `entity` (a ticket) keep their
 * `payload`s, so that partial updates can be merged in order of arrival.
 */
export interface Claim {
  readonly id: string;
  readonly content: string;
  readonly offset: number;
  readonly entity?: string;
  readonly payload?: Uint8Array;
}

export interface ClaimOutcome {
  /** Who claimed the id first: this very record (first sight or redelivery) or an earlier one (a duplicate). */
  readonly owner: Position;
  readonly ownerContent: string;
  /** Payloads of the entity's claims that arrived before this one, oldest first, this batch's own included. */
  readonly history: readonly Uint8Array[];
}

export interface CommitOptions {
  /**
   * Groups that need not read the outputs on a topic: a log may move their offsets past them, in the same transaction,
   * where they had read all that came before. It may also leave them be: the records say so themselves.
   */
  readonly carried?: readonly { readonly group: string; readonly topic: string }[];
  /**
   * Where the partition goes on instead of behind the batch, never before it: whoever has had what follows, by reading
   * on, need not be given it.
   */
  readonly nextOffset?: number;
}

/** Records of one partition, delivered together and committed together. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ReceivedRecord[];
  /** Where the partition goes on after the last record; offsets may leave gaps. */
  readonly nextOffset: number;
  /**
   * Claims ids on behalf of this batch; one outcome per claim, same order. Idempotent: asked again for the same
   * records, after a crash too, it answers the same. At most once per batch. A log keeps claims either with the commit
   * or, in a store beside it, before: then a claim whose commit fails stays with its record, which comes again.
   */
  claim(claims: readonly Claim[]): Promise<readonly ClaimOutcome[]>;
  /**
   * Writes outputs and `nextOffset` atomically and durably, with the claims where they are kept with it. Outputs are taken one at a time, so
   * that a generator may make each as it is written; what it throws is thrown here, with nothing written.
   * @throws SignpostError `fenced` when the partition belongs to somebody else by now (nothing was written);
   *   `claim-conflict` when another partition claimed one of the ids meanwhile (nothing was written; the batch may be
   *   released and will come again).
   */
  commit(outputs: Iterable<OutgoingRecord>, options?: CommitOptions): Promise<void>;
  /** Gives the batch back uncommitted: its records will be delivered again, to this member or another. */
  release(): Promise<void>;
}

/** A header that must be there, with this value. */
export interface PassOver {
  readonly header: string;
  readonly value: string;
}

export interface SubscribeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  readonly maxRecords?: number;
  readonly maxBytes?: number;
  /**
   * Records with this header need not be delivered: a log may leave them out, and commit the offset past them rarely,
   * since nothing comes of reading them again.
   */
  readonly passOver?: PassOver;
  /**
   * Where to start a partition on assignment instead of the group's committed offset: projections keep their offsets
   * with their rows. Undefined falls back to the committed offset, and that to the partition's start.
   */
  readonly startAt?: (topic: string, partition: number) => Promise<number | undefined>;
}

/** Membership of a consumer group. Partitions are spread over the group's members and move when members come and go. */
export interface Subscription {
  /**
   * The next batch of any partition held, waiting until there is one; null once `signal` aborts or the subscription is
   * closed. A partition has at most one batch out at a time; `next` may be called again before that one is committed.
   */
  next(signal: AbortSignal): Promise<Batch | null>;
  /** Leaves the group; batches still out are fenced. */
  close(): Promise<void>;
}

/** Reading alone: what other processes may do while one writes. */
export interface LogReader {
  topics(): Promise<readonly TopicStatus[]>;
  /**
   * Where groups stand; those without an offset in a partition are left out.
   * @param groups ask for these by name: one that this client may not look at is then an error. Without names, such a
   *   group is not there to be seen.
   * @throws SignpostError `log-refused` naming the right.
   */
  committed(groups?: readonly string[]): Promise<readonly CommittedOffset[]>;
  /** Reads from `offset`, or from the partition's start when that was deleted; empty at the end, never waiting. */
  read(topic: string, partition: number, offset: number, limits?: ReadLimits): Promise<ReadResult>;
  /** A value stored by `append`, see there; null when there is none. */
  checkpoint(key: string): Promise<string | null>;
  close(): Promise<void>;
}

export interface AppendOptions {
  /** Small values stored in the same transaction as the records: where an import stands, what was replayed. */
  readonly checkpoints?: Readonly<Record<string, string>>;
}

export interface Log extends LogReader {
  /** Creates what is missing; never deletes, never shrinks. @throws SignpostError `topic-mismatch` when partitions differ. */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  /** Writes all records atomically; durable once resolved. Positions come in the order of the records. */
  append(records: readonly OutgoingRecord[], options?: AppendOptions): Promise<readonly Position[]>;
  subscribe(options: SubscribeOptions): Promise<Subscription>;
}
