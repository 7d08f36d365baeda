// What a batch amounts to: the records its verdicts write, and the count of its verdicts. Nothing of it stands before
// the commit, and a batch that comes again begins anew. What is too large for the log becomes a dead letter.
import type { DroppedRecord } from '#schemas/dropped-record.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { Codec } from './codec.ts';
import type { Batch, CommitOptions, OutgoingRecord, ReceivedRecord } from './log/port.ts';
import { isWithinSize, maxRecordBytes } from './log/record-size.ts';
import { about, deadLetter, dropNote } from './outcomes.ts';
import type { Output, Verdict } from './stage.ts';
import type { StageMetrics, Tally } from './telemetry.ts';
import { onTopic, toOutgoing, type Topic } from './topic.ts';

export interface Outcome {
  /** Adds to `into` the records to write for one verdict on `cause`, which was read as `record`. */
  settle(verdict: Verdict, cause: ReceivedRecord, record: unknown, into: OutgoingRecord[]): void;
  /** Counts records that nothing is to be written for. */
  had(records: number): void;
  /**
   * Commits `outputs` with the batch's offset, and counts the verdicts settled on the way once they stand.
   * @param nextOffset where the partition goes on, if not behind the batch
   */
  commit(batch: Batch, outputs: Iterable<OutgoingRecord>, nextOffset?: number): Promise<void>;
}

export interface OutcomeParts {
  readonly metrics: StageMetrics;
  readonly rejected: Topic<RejectedRecord>;
  readonly dropped: Topic<DroppedRecord>;
}

/** @param carried see `CommitOptions` of the log's port. */
export function createOutcome(
  stage: string,
  { metrics, rejected, dropped }: OutcomeParts,
  carried: CommitOptions['carried'] = [],
): Outcome {
  const own = emptyTally();
  /** In a chain, the stages that follow have tallies of their own. */
  const tallies = new Map([[stage, own]]);

  function tallyOf(name: string): Tally {
    let tally = tallies.get(name);
    if (tally === undefined) tallies.set(name, (tally = emptyTally()));
    return tally;
  }

  /** The records of a verdict; nothing of them when one is too large for the log. */
  function encodeAll(
    outputs: readonly Output[],
    cause: ReceivedRecord,
    read: unknown,
    into: OutgoingRecord[],
  ): TooLarge | undefined {
    const before = into.length;
    // A record sent to several topics of one codec is encoded once, and one that repeats another's fields copies them.
    let encoded = read;
    let bytes = cause.value;
    let codec: Codec<never> | undefined;
    let last: OutgoingRecord | undefined;
    for (const { topic, record, repeats, carriedTo } of outputs) {
      if (carriedTo?.isWritten === false) continue;
      // What it tells of itself is told already.
      const like = encoded === record || encoded === repeats ? last : undefined;
      if (encoded !== record || codec !== topic.codec || bytes === null) {
        const base = bytes !== null && encoded === repeats ? bytes : undefined;
        ({ codec } = topic);
        bytes = (base && codec.withLast(base, record as never)) ?? codec.encode(record as never);
        encoded = record;
      }
      last =
        like === undefined || carriedTo !== undefined
          ? toOutgoing(topic, record as never, { cause, carriedTo: carriedTo?.stage }, bytes)
          : onTopic(topic.name, like, bytes);
      if (!isWithinSize(last)) {
        into.length = before;
        return { topic: topic.name, bytes: bytes.length };
      }
      into.push(last);
    }
    return undefined;
  }

  function countEmitted(outputs: readonly Output[]): void {
    own.emitted += 1;
    for (const { by, carriedTo } of outputs) {
      (by === undefined ? own : tallyOf(by)).outputs += 1;
      if (carriedTo !== undefined) tallyOf(carriedTo.stage).emitted += 1;
    }
  }

  function rejectOne(
    reason: string,
    detail: string,
    cause: ReceivedRecord,
    into: OutgoingRecord[],
  ): void {
    own.rejected[reason] = (own.rejected[reason] ?? 0) + 1;
    into.push(about(rejected, (kept) => deadLetter(stage, reason, detail, kept), cause));
  }

  return {
    settle(verdict, cause, record, into) {
      switch (verdict.kind) {
        case 'emit': {
          const { outputs } = verdict;
          const tooLarge = encodeAll(outputs, cause, record, into);
          if (tooLarge === undefined) countEmitted(outputs);
          else rejectOne('output-too-large', detailOf(tooLarge), cause, into);
          break;
        }
        case 'drop': {
          const { reason } = verdict;
          own.dropped[reason] = (own.dropped[reason] ?? 0) + 1;
          into.push(about(dropped, (kept) => dropNote(stage, reason, kept), cause));
          break;
        }
        case 'reject':
          rejectOne(verdict.reason, verdict.detail, cause, into);
      }
    },
    had(records) {
      own.emitted += records;
    },
    async commit(batch, outputs, nextOffset) {
      const done = metrics.committing(batch.records.length);
      await batch.commit(outputs, { carried, ...(nextOffset !== undefined && { nextOffset }) });
      done();
      for (const [name, counted] of tallies) metrics.judged(counted, name);
    },
  };
}

interface TooLarge {
  readonly topic: string;
  /** Of its value. */
  readonly bytes: number;
}

function detailOf({ topic, bytes }: TooLarge): string {
  return `what came of it for ${topic} has ${bytes} bytes; with key and headers a record may have ${maxRecordBytes}`;
}

function emptyTally(): Tally {
  return { emitted: 0, outputs: 0, dropped: {}, rejected: {} };
}
