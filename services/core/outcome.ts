// What a batch amounts to: the records its verdicts write, and the count of its verdicts. Nothing of it stands before
// the commit, and a batch that comes again begins anew.
import type { DroppedRecord } from '#schemas/dropped-record.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { Codec } from './codec.ts';
import type { Batch, CommitOptions, OutgoingRecord, ReceivedRecord } from './log/port.ts';
import { deadLetter, dropNote } from './outcomes.ts';
import type { Output, Verdict } from './stage.ts';
import type { StageMetrics, Tally } from './telemetry.ts';
import { onTopic, toOutgoing, type Topic } from './topic.ts';

export interface Outcome {
  /** Adds to `into` the records to write for one verdict on `cause`, which was read as `record`. */
  settle(verdict: Verdict, cause: ReceivedRecord, record: unknown, into: OutgoingRecord[]): void;
  /** Commits `outputs` with the batch's offset, and counts the verdicts settled on the way once they stand. */
  commit(batch: Batch, outputs: Iterable<OutgoingRecord>): Promise<void>;
}

interface OutcomeParts {
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

  function emitAll(
    outputs: readonly Output[],
    cause: ReceivedRecord,
    read: unknown,
    into: OutgoingRecord[],
  ): void {
    own.emitted += 1;
    // A record sent to several topics of one codec is encoded once, and one that repeats another's fields copies them.
    let encoded = read;
    let bytes = cause.value;
    let codec: Codec<never> | undefined;
    let last: OutgoingRecord | undefined;
    for (const { topic, record, repeats, by, carriedTo } of outputs) {
      (by === undefined ? own : tallyOf(by)).outputs += 1;
      if (carriedTo !== undefined) {
        tallyOf(carriedTo.stage).emitted += 1;
        if (!carriedTo.isWritten) continue;
      }
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
      into.push(last);
    }
  }

  return {
    settle(verdict, cause, record, into) {
      switch (verdict.kind) {
        case 'emit':
          emitAll(verdict.outputs, cause, record, into);
          break;
        case 'drop':
          own.dropped[verdict.reason] = (own.dropped[verdict.reason] ?? 0) + 1;
          into.push(toOutgoing(dropped, dropNote(stage, verdict.reason, cause), { cause }));
          break;
        case 'reject': {
          const { reason, detail } = verdict;
          own.rejected[reason] = (own.rejected[reason] ?? 0) + 1;
          into.push(toOutgoing(rejected, deadLetter(stage, reason, detail, cause), { cause }));
        }
      }
    },
    async commit(batch, outputs) {
      const done = metrics.committing(batch.records.length);
      await batch.commit(outputs, { carried });
      done();
      for (const [name, counted] of tallies) metrics.judged(counted, name);
    },
  };
}

function emptyTally(): Tally {
  return { emitted: 0, outputs: 0, dropped: {}, rejected: {} };
}
