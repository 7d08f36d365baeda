// What is left of a record when its words are erased: all that is counted, nothing that was said, and another pseudonym.
// Pure; once stripped, a record is not changed by it again.
import type { Insight } from '#schemas/insight.ts';
import type { Judgement } from '#schemas/judgement.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { Signal } from '#schemas/signal.ts';
import type { DatasetName } from './datasets.ts';
import type { Erased, Taken } from './erasures.ts';
import type { ArchivedRow } from './row.ts';

/** @param customer who it is from now on; see `Taken.token` */
function stripSignal(signal: Signal, customer: string | null): Signal {
  return {
    ...signal,
    customer: signal.customer === null ? null : customer,
    text: null,
    question: null,
    // Counts are made by the cell; the exact spot is where somebody lives.
    place: { ...signal.place, lat: null, lon: null },
    ticket: signal.ticket === null ? null : { ...signal.ticket, statusChangeReason: null },
    // With whom they spoke. Nothing is counted by it, as tickets are by `sourceId`.
    inReplyTo: null,
    threadId: null,
    attributes: {},
  };
}

/** What was judged stays, without the words that spoke for it. */
export function stripInsight(insight: Insight, customer: string | null): Insight {
  return {
    ...insight,
    signal: stripSignal(insight.signal, customer),
    departments: insight.departments.map((department) => ({ ...department, evidence: [] })),
  };
}

/** A reader's comment may quote what it is about. */
export function stripJudgement(judgement: Judgement): Judgement {
  return { ...judgement, comment: null };
}

/** That it was rejected, where and why stays: accepted is insights, drops and dead letters. */
export function stripLetter(letter: RejectedRecord): RejectedRecord {
  return { ...letter, detail: '', key: null, headers: {}, payload: new Uint8Array() };
}

/** An insight as stages may keep it: without its words where these were erased. */
export function erasedInsight(insight: Insight, erased: Erased): Insight {
  const taken = erased.of(insight.signal);
  return taken === undefined ? insight : stripInsight(insight, taken.token);
}

type Row = ArchivedRow<unknown>;

/** The row as the archive may keep it, which is a function of the row and the erasures. */
export function stripRow(dataset: DatasetName, row: Row, erased: Erased): Row {
  const signal = signalIn(dataset, row);
  if (signal === undefined || row.erasedAt !== null || erased.erasures.length === 0) return row;
  const taken = erased.of(signal);
  return taken === undefined ? row : strippedRow(dataset, row, taken);
}

/** Whose words a row holds; undefined in datasets that name no customer. */
export function signalIn(dataset: DatasetName, { record }: Row): Signal | undefined {
  if (dataset === 'signals') return record as Signal;
  return dataset === 'insights' || dataset === 'revisions' ? (record as Insight).signal : undefined;
}

/** A row of signals, insights or revisions. */
export function strippedRow(dataset: DatasetName, row: Row, { erasure, token }: Taken): Row {
  const { record } = row;
  return {
    ...row,
    erasedAt: erasure.requestedAt,
    record:
      dataset === 'signals'
        ? stripSignal(record as Signal, token)
        : stripInsight(record as Insight, token),
  };
}
