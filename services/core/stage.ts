// The three kinds of stage, deliveries one by one and in bulk. All business code is one of these; the engine (`run-stage.ts`) does the rest.
import type { Claim, ClaimOutcome, ReceivedRecord } from './log/port.ts';
import type { Stretch } from './stretch.ts';
import type { Topic } from './topic.ts';

/** One decoded record with where it came from. */
export interface Input<In> {
  readonly record: In;
  readonly received: ReceivedRecord;
  /** Position in the batch given to `load`. */
  readonly index: number;
}

/** A record to write, with the topic that knows how. */
export interface Output {
  readonly topic: Topic<never>;
  readonly record: unknown;
  /** The record it repeats but for its last field, which is null there: what is encoded of that one need not be again. */
  readonly repeats?: unknown;
  /** In a chain: the stage that wrote it, where that is not the first. */
  readonly by?: string | undefined;
  /** In a chain: the stage that has had it by now, and whether it is written all the same. */
  readonly carriedTo?: { readonly stage: string; readonly isWritten: boolean } | undefined;
}

/** What becomes of one record. Exactly one of: written on, dropped with a reason, rejected as a dead letter. */
export type Verdict<Reason extends string = string> =
  | { readonly kind: 'emit'; readonly outputs: readonly Output[] }
  | { readonly kind: 'drop'; readonly reason: Reason }
  | { readonly kind: 'reject'; readonly reason: Reason; readonly detail: string };

export function to<T>(topic: Topic<T>, record: T, repeats?: T): Output {
  const plain = topic as unknown as Topic<never>;
  return repeats === undefined ? { topic: plain, record } : { topic: plain, record, repeats };
}

export function emit(outputs: readonly Output[]): Verdict<never> {
  return { kind: 'emit', outputs };
}

export function drop<Reason extends string>(reason: Reason): Verdict<Reason> {
  return { kind: 'drop', reason };
}

/** `detail` is a sentence that names the field; it must not quote the customer. */
export function reject<Reason extends string>(reason: Reason, detail: string): Verdict<Reason> {
  return { kind: 'reject', reason, detail };
}

/** What `load` may reach besides its batch. */
export interface LoadContext {
  /** See `Batch.claim` of the log's port. */
  claim(claims: readonly Claim[]): Promise<readonly ClaimOutcome[]>;
}

/** What judges the records of one batch. */
export interface Work<In, Loaded = undefined, Reason extends string = string> {
  /** Pure and synchronous. What it throws is a bug: the stage stops and the batch is replayed at the next start. */
  decide(input: Input<In>, loaded: Loaded): Verdict<Reason>;
  /** The batch stands, with all that was decided. Not called for one that was given back, which begins anew. */
  committed?(): void;
}

/** Records in, records out, in one transaction with the input's offset. */
export interface Transform<In, Loaded = undefined, Reason extends string = string> extends Work<
  In,
  Loaded,
  Reason
> {
  readonly kind: 'transform';
  readonly name: string;
  readonly inputs: readonly Topic<In>[];
  /** Stages that have had the outputs on a topic by the time these are committed; see `chain.ts`. */
  readonly carries?: readonly { readonly stage: string; readonly topic: string }[];
  /** Reads in bulk what `decide` needs: the only impure part. */
  load?(batch: readonly Input<In>[], context: LoadContext): Promise<Loaded>;
  /**
   * Asked as a batch begins: what it returns judges all of that batch, whatever is taken up meanwhile. Batches overlap,
   * so that each has one of its own. Absent where a stage never changes: then the stage itself judges.
   */
  begin?(): Work<In, Loaded, Reason>;
}

/** What judges a batch of `stage` that begins now. */
export function beginWork<In, Loaded, Reason extends string>(
  stage: Transform<In, Loaded, Reason>,
): Work<In, Loaded, Reason> {
  return stage.begin?.() ?? stage;
}

/** A database that keeps a projection's rows and its offsets in one transaction, guarded by an ownership epoch. */
export interface ProjectionStore<Tx> {
  /** Offset to read next, as committed with the rows; undefined before the first. Takes ownership: older owners are fenced. */
  acquire(
    stage: string,
    topic: string,
    partition: number,
  ): Promise<{ offset: number | undefined; epoch: number }>;
  /** Runs `apply` and saves `nextOffset` in one transaction. @throws SignpostError `fenced` when `epoch` is not the latest. */
  commit(
    at: { stage: string; topic: string; partition: number; epoch: number; nextOffset: number },
    apply: (tx: Tx) => Promise<void>,
  ): Promise<void>;
}

/** Records in, rows out; offsets live with the rows. */
export interface Projection<In, Tx> {
  readonly kind: 'projection';
  readonly name: string;
  readonly inputs: readonly Topic<In>[];
  readonly store: ProjectionStore<Tx>;
  apply(batch: readonly Input<In>[], tx: Tx): Promise<void>;
}

/** Records in, an effect outside with a deterministic key: retried until acknowledged, never skipped. */
export interface Delivery<In> {
  readonly kind: 'delivery';
  readonly name: string;
  readonly inputs: readonly Topic<In>[];
  /** Resolves once the outside has acknowledged the whole batch; may be called again with the same batch. */
  deliver(batch: readonly Input<In>[], signal: AbortSignal): Promise<void>;
}

/** How much gathers in a partition before it is delivered; what has waited for `ms` is delivered however little it is. */
export interface Gather {
  readonly records: number;
  readonly bytes: number;
  readonly ms: number;
}

/** What came of a stretch. */
export interface Delivered {
  /** Where the partition goes on: behind all that the outside has acknowledged, and not before `Stretch.atLeast`. */
  readonly nextOffset: number;
  readonly records: number;
  /** Those that the codec cannot read: they become dead letters. */
  readonly unreadable: readonly { readonly received: ReceivedRecord; readonly detail: string }[];
}

/**
 * A delivery of many records at once. They are let gather on the log, so that the group's offset says what is
 * delivered, and the stage reads on as far as it wants to go.
 */
export interface BulkDelivery<In> {
  readonly kind: 'bulk-delivery';
  readonly name: string;
  readonly inputs: readonly Topic<In>[];
  readonly gather: Gather;
  /** As `deliver` of a `Delivery`: may be called again with a stretch that begins where this one does. */
  deliver(stretch: Stretch<In>, signal: AbortSignal): Promise<Delivered>;
  /** Told of a partition: the time of its oldest record that is not delivered; null once none is known of. */
  waits?(topic: Topic<In>, partition: number, timestamp: number | null): void;
}

export type Stage<In> =
  // oxlint-disable-next-line typescript/no-explicit-any -- what a stage loads is its own affair
  Transform<In, any> | Projection<In, any> | Delivery<In> | BulkDelivery<In>;
