// What the archive keeps: one dataset for each topic that it reads, named for people who query it.
import type { Alert } from '#schemas/alert.ts';
import type { DroppedRecord } from '#schemas/dropped-record.ts';
import type { Insight } from '#schemas/insight.ts';
import type { Judgement } from '#schemas/judgement.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { Signal } from '#schemas/signal.ts';
import type { Topic } from '#core/topic.ts';
import {
  alertsRaised,
  insightsJudged,
  insightsRevised,
  insightsShared,
  recordsDropped,
  recordsRejected,
  signalsNormalized,
} from '../topology.ts';

export const datasetNames = [
  'signals',
  'insights',
  'revisions',
  'judgements',
  'alerts',
  'rejected',
  'dropped',
] as const;
export type DatasetName = (typeof datasetNames)[number];

export interface Dataset<T> {
  readonly name: DatasetName;
  /** Of the layout of its files: another one only where old readers would read it wrong. */
  readonly version: 1;
  readonly topic: Topic<T>;
  /** The event time that its days are of, milliseconds since the epoch. */
  eventTime(record: T): number;
  /** Pseudonym of the customer whose words it holds; null where there is none. Undefined: such records hold nobody's words. */
  customer?(record: T): string | null;
}

const dataset = <T>(of: Omit<Dataset<T>, 'version'>): Dataset<T> => ({ version: 1, ...of });

export const signals = dataset<Signal>({
  name: 'signals',
  topic: signalsNormalized,
  eventTime: ({ occurredAt }) => occurredAt,
  customer: ({ customer }) => customer,
});

export const insights = dataset<Insight>({
  name: 'insights',
  topic: insightsShared,
  eventTime: ({ signal }) => signal.occurredAt,
  customer: ({ signal }) => signal.customer,
});

export const revisions = dataset<Insight>({
  name: 'revisions',
  topic: insightsRevised,
  eventTime: ({ signal }) => signal.occurredAt,
  customer: ({ signal }) => signal.customer,
});

export const judgements = dataset<Judgement>({
  name: 'judgements',
  topic: insightsJudged,
  eventTime: ({ judgedAt }) => judgedAt,
});

export const alerts = dataset<Alert>({
  name: 'alerts',
  topic: alertsRaised,
  eventTime: ({ at }) => at,
});

/** May hold unredacted words: it goes after the erasure deadline, as the topic does. */
export const rejected = dataset<RejectedRecord>({
  name: 'rejected',
  topic: recordsRejected,
  eventTime: ({ rejectedAt }) => rejectedAt,
});

export const dropped = dataset<DroppedRecord>({
  name: 'dropped',
  topic: recordsDropped,
  eventTime: ({ droppedAt }) => droppedAt,
});

export const datasets: readonly Dataset<unknown>[] = [
  signals,
  insights,
  revisions,
  judgements,
  alerts,
  rejected,
  dropped,
];
