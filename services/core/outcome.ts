// What a batch amounts to: the records its verdicts write, and the count of its verdicts. Nothing of it stands before
// the commit, and a batch that comes again begins anew.
import type { DroppedRecord } from '#schemas/dropped-record.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { Batch, OutgoingRecord, ReceivedRecord } from './log/port.ts';
import { deadLetter, dropNote } from './outcomes.ts';
import type { Output, Verdict } from './stage.ts';
import type { StageMetrics, Tally } from './telemetry.ts';
import { toOutgoing, type Topic } from './topic.ts';

export interface Outcome {
  /** Adds to `into` the records to write for one verdict. */
  settle(verdict: Verdict, cause: ReceivedRecord, into: OutgoingRecord[]): void;
  /** Commits `outputs` with the batch's offset, and counts the verdicts settled on the way once they stand. */
  commit(batch: Batch, outputs: Iterable<OutgoingRecord>): Promise<void>;
}

interface OutcomeParts {
  readonly metrics: StageMetrics;
  readonly rejected: Topic<RejectedRecord>;
  readonly dropped: Topic<DroppedRecord>;
}

export function createOutcome(
  stage: string,
  { metrics, rejected, dropped }: OutcomeParts,
): Outcome {
  const tally: Tally = { emitted: 0, outputs: 0, dropped: {}, rejected: {} };

  function emitAll(
    outputs: readonly Output[],
    cause: ReceivedRecord,
    into: OutgoingRecord[],
  ): void {
    tally.emitted += 1;
    tally.outputs += outputs.length;
    // A record sent to several topics of one codec is encoded once.
    let encoded: unknown;
    let codec: unknown;
    let bytes: Uint8Array | undefined;
    for (const { topic, record } of outputs) {
      if (bytes === undefined || encoded !== record || codec !== topic.codec) {
        encoded = record;
        ({ codec } = topic);
        bytes = topic.codec.encode(record as never);
      }
      into.push(toOutgoing(topic, record as never, { cause }, bytes));
    }
  }

  return {
    settle(verdict, cause, into) {
      switch (verdict.kind) {
        case 'emit':
          emitAll(verdict.outputs, cause, into);
          break;
        case 'drop':
          tally.dropped[verdict.reason] = (tally.dropped[verdict.reason] ?? 0) + 1;
          into.push(toOutgoing(dropped, dropNote(stage, verdict.reason, cause), { cause }));
          break;
        case 'reject': {
          const { reason, detail } = verdict;
          tally.rejected[reason] = (tally.rejected[reason] ?? 0) + 1;
          into.push(toOutgoing(rejected, deadLetter(stage, reason, detail, cause), { cause }));
        }
      }
    },
    async commit(batch, outputs) {
      const done = metrics.committing(batch.records.length);
      await batch.commit(outputs);
      done();
      metrics.judged(tally);
    },
  };
}
