// The way of a message: every topic and every stage, in flow order. Topic creation, access rights, the event catalogue,
// the AsyncAPI document and the check that every topic has a writer and a reader are derived from this file.
import { alertCodec, type Alert } from '#schemas/alert.ts';
import { communityPostCodec, type CommunityPost } from '#schemas/community-post.ts';
import { droppedRecordCodec, type DroppedRecord } from '#schemas/dropped-record.ts';
import { insightCodec, type Insight } from '#schemas/insight.ts';
import { judgementCodec, type Judgement } from '#schemas/judgement.ts';
import { rejectedRecordCodec, type RejectedRecord } from '#schemas/rejected-record.ts';
import { signalCodec, type Signal } from '#schemas/signal.ts';
import { surveyAnswerCodec, type SurveyAnswer } from '#schemas/survey-answer.ts';
import { ticketAggregateCodec, type TicketAggregate } from '#schemas/ticket-aggregate.ts';
import { troubleTicketCodec, type TroubleTicket } from '#schemas/trouble-ticket.ts';
import type { TopicSpec } from '#core/log/port.ts';
import { erasureDeadlineMs, eventSource, type Facts, type Topic } from '#core/topic.ts';

export { erasureDeadlineMs };

const day = 86_400_000;
const intakeRetentionMs = 7 * day;
const partitions = 4;

const sourceKey = 'source and id within the source, joined by a slash';

export const ticketsReported: Topic<TroubleTicket> = {
  name: 'tickets.reported.v1',
  codec: troubleTicketCodec,
  description: 'Trouble tickets and their updates as they came in. Readable by normalize alone.',
  keyedBy: sourceKey,
  partitions,
  retentionMs: intakeRetentionMs,
  words: 'raw',
  facts: (record) => intakeFacts('tickets', record),
};

export const postsPublished: Topic<CommunityPost> = {
  name: 'posts.published.v1',
  codec: communityPostCodec,
  description:
    'Posts of communities, forums and networks as they came in. Readable by normalize alone.',
  keyedBy: sourceKey,
  partitions,
  retentionMs: intakeRetentionMs,
  words: 'raw',
  facts: (record) => intakeFacts('posts', record),
};

export const surveysAnswered: Topic<SurveyAnswer> = {
  name: 'surveys.answered.v1',
  codec: surveyAnswerCodec,
  description: 'Survey answers as they came in. Readable by normalize alone.',
  keyedBy: sourceKey,
  partitions,
  retentionMs: intakeRetentionMs,
  words: 'raw',
  facts: (record) => intakeFacts('surveys', record),
};

export const signalsNormalized: Topic<Signal> = {
  name: 'signals.normalized.v1',
  codec: signalCodec,
  description: 'What was said, once each, safe to share: redacted, customers as pseudonyms.',
  keyedBy: sourceKey,
  partitions,
  retentionMs: erasureDeadlineMs,
  words: 'redacted',
  facts: signalFacts,
};

export const insightsShared: Topic<Insight> = {
  name: 'insights.shared.v1',
  codec: insightCodec,
  description: 'Every classified signal, also those that concern no department.',
  keyedBy: sourceKey,
  partitions,
  retentionMs: erasureDeadlineMs,
  words: 'redacted',
  facts: insightFacts,
};

export const insightsJudged: Topic<Judgement> = {
  name: 'insights.judged.v1',
  codec: judgementCodec,
  description:
    'What readers said of insights: right, wrong or missing. Of one reader the last word on an insight and department counts.',
  keyedBy: 'id of the insight, so that what is said of one keeps its order',
  partitions,
  retentionMs: erasureDeadlineMs,
  words: 'redacted',
  facts: ({ id, insightId, department, judgedAt }) => ({
    id,
    key: insightId,
    source: eventSource('judgements', department),
    time: judgedAt,
  }),
};

export const ticketsAggregated: Topic<TicketAggregate> = {
  name: 'tickets.aggregated.v1',
  codec: ticketAggregateCodec,
  description:
    'What stands in each cell of area, theme, technology, department and bucket, whenever it has changed: per cell, the last one counts.',
  keyedBy:
    'the cell: area, theme, technology, department, bucket and its start, each percent-encoded, joined by slashes',
  partitions,
  compacted: true,
  // Kafka keeps the last of each cell for ever; a data directory, which has the facts beside it, what changed in a year.
  retentionMs: 366 * day,
  words: 'none',
  facts(cell) {
    const { area, theme, technology, department, bucket, bucketStart, updatedAt } = cell;
    const key = [area, theme, technology, department, bucket, bucketStart]
      .map(encodeURIComponent)
      .join('/');
    const source = eventSource('aggregates', department);
    return { id: `${key}/${updatedAt}`, key, source, time: updatedAt };
  },
};

export const alertsRaised: Topic<Alert> = {
  name: 'alerts.raised.v1',
  codec: alertCodec,
  description:
    'Transitions of incidents: what rose where, since when, and how many it concerns. Of one incident the last one stands.',
  keyedBy: 'id of the incident, so that its transitions keep their order',
  partitions,
  retentionMs: erasureDeadlineMs,
  // Those that several customers used.
  words: 'redacted',
  facts: ({ id, incidentId, at }) => ({
    id,
    key: incidentId,
    source: eventSource('alerts', 'detector'),
    time: at,
  }),
};

export const insightsUnsure: Topic<Insight> = {
  name: 'insights.unsure.v1',
  codec: insightCodec,
  description:
    'Insights for review: each names the departments it may matter to, too uncertainly to be sent to their streams.',
  keyedBy: sourceKey,
  partitions,
  retentionMs: erasureDeadlineMs,
  words: 'redacted',
  facts: insightFacts,
};

export const insightsRevised: Topic<Insight> = {
  name: 'insights.revised.v1',
  codec: insightCodec,
  description:
    'Past insights judged anew, by another model or other departments: per id, the last one stands. Not routed.',
  keyedBy: sourceKey,
  partitions,
  retentionMs: erasureDeadlineMs,
  words: 'redacted',
  facts: insightFacts,
};

export const recordsRejected: Topic<RejectedRecord> = {
  name: 'records.rejected.v1',
  codec: rejectedRecordCodec,
  description:
    'Dead letters: records that were accepted but cannot be processed, with reason, origin and payload.',
  keyedBy: 'id of the dead letter',
  partitions,
  retentionMs: erasureDeadlineMs,
  words: 'raw',
  facts: (letter) => ({
    id: letter.id,
    key: letter.id,
    source: eventSource('rejected', letter.source),
    time: letter.rejectedAt,
  }),
};

export const recordsDropped: Topic<DroppedRecord> = {
  name: 'records.dropped.v1',
  codec: droppedRecordCodec,
  description:
    'A note for every record that was accepted and deliberately not passed on, with its reason.',
  keyedBy: 'topic, partition and offset of the record, joined by slashes',
  partitions,
  retentionMs: erasureDeadlineMs,
  words: 'none',
  facts(note) {
    const key = `${note.topic}/${note.partition}/${note.offset}`;
    const source = eventSource('dropped', note.source);
    return { id: key, key, source, time: note.droppedAt };
  },
};

/** The stream of one department. */
export function insightsOf(department: string): Topic<Insight> {
  return {
    name: `insights.${department}.v1`,
    codec: insightCodec,
    description: `Insights that matter to ${department}, each saying who else received it.`,
    keyedBy: sourceKey,
    partitions,
    retentionMs: erasureDeadlineMs,
    words: 'redacted',
    facts: insightFacts,
  };
}

export const intakeTopics = [ticketsReported, postsPublished, surveysAnswered] as const;

/** Topics that every deployment has, in flow order; department streams come beside them, see `topicsFor`. */
export const fixedTopics = [
  ...intakeTopics,
  signalsNormalized,
  insightsShared,
  insightsJudged,
  insightsUnsure,
  insightsRevised,
  ticketsAggregated,
  alertsRaised,
  recordsRejected,
  recordsDropped,
] as const;

/** Bounds on how much is kept, where less is wanted than the topology says. */
export interface Retention {
  readonly days?: number | undefined;
  /** Of each partition; the oldest records beyond it are forgotten. */
  readonly bytesPerPartition?: number | undefined;
}

/** What is past its retention is deleted a little later, and words are to be gone by the deadline. */
const forgettingMs = 3_600_000;

/** Every topic of a deployment with these departments. */
export function topicsFor(
  departments: readonly string[],
  retention: Retention = {},
): readonly Topic<never>[] {
  const topics = [...fixedTopics, ...departments.map(insightsOf)];
  return topics.map((topic) => keptWithin<never>(topic as unknown as Topic<never>, retention));
}

function keptWithin<T>(
  topic: Topic<T>,
  { days = Infinity, bytesPerPartition }: Retention = {},
): Topic<T> {
  return {
    ...topic,
    retentionMs: Math.min(
      topic.retentionMs,
      days * day,
      topic.words === 'none' ? Infinity : erasureDeadlineMs - forgettingMs,
    ),
    ...(bytesPerPartition === undefined ? {} : { retentionBytes: bytesPerPartition }),
  };
}

/** Beginning of the names of topics that a replay of the archive made; no department's stream begins so. */
export const replayedPrefix = 'insights-replayed.';

/** A topic of its own for insights of the archive; that of a deployment which is kept no longer than others there. */
export function insightsReplayed(name: string, retention: Retention = {}): Topic<Insight> {
  const topic = {
    ...insightsShared,
    name: `${replayedPrefix}${name}.v1`,
    description: 'Insights of the archive, as another model judges them or as they were judged.',
  };
  // What is beyond a size would be lost the moment it is written.
  return keptWithin(topic, { days: retention.days });
}

/** A topic of Signpost's own bookkeeping: the newest value of each key is kept for ever, and none holds words. */
export interface InternalTopic extends TopicSpec {
  readonly description: string;
  readonly compacted: true;
}

/** Every schema that records on this log were written with, by id: a release reads here what it does not know yet. */
export const schemasAnnounced: InternalTopic = {
  name: 'signpost.schemas.v1',
  description: 'The Avro schema of every id that is written on this log, before its first record.',
  partitions: 1,
  compacted: true,
  retentionMs: 36_500 * day,
};

/** Kafka only: the embedded log keeps checkpoints in its own file. */
export const checkpointsKept: InternalTopic = {
  name: 'signpost.checkpoints.v1',
  description: 'Where imports and replays stand, written with the records they stand at.',
  partitions: 1,
  compacted: true,
  retentionMs: 36_500 * day,
};

/** What Signpost itself writes down beside the records. */
export const internalTopics = [schemasAnnounced, checkpointsKept] as const;

/** A stage, service or reader by what it reads and writes; access rights on Kafka are these and no more. */
export interface Flow {
  readonly name: string;
  readonly kind: 'source' | 'transform' | 'projection' | 'delivery' | 'reader';
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly does: string;
}

export const departmentStreams = 'insights.<department>.v1';
const outcomes = [recordsRejected.name, recordsDropped.name];

export const flows: readonly Flow[] = [
  {
    name: 'gateway',
    kind: 'source',
    reads: [],
    writes: [...intakeTopics.map(({ name }) => name), insightsJudged.name, ...outcomes],
    does: 'takes in tickets, posts and survey answers over HTTP and from files, and what readers judge by program',
  },
  {
    name: 'normalize',
    kind: 'transform',
    reads: intakeTopics.map(({ name }) => name),
    writes: [signalsNormalized.name, ...outcomes],
    does: 'makes one signal of each thing said: redacted, deduplicated, located',
  },
  {
    name: 'classify',
    kind: 'transform',
    reads: [signalsNormalized.name],
    writes: [insightsShared.name, ...outcomes],
    does: 'judges which departments a signal matters to, and why',
  },
  {
    name: 'publish',
    kind: 'transform',
    reads: [insightsShared.name],
    writes: [departmentStreams, insightsUnsure.name, ...outcomes],
    does: 'routes each insight to the departments it matters to, and for review where that is unsure',
  },
  {
    name: 'aggregate',
    kind: 'projection',
    reads: [insightsShared.name, insightsRevised.name],
    writes: [ticketsAggregated.name, ...outcomes],
    does: 'keeps the facts that planners count, and tells which counts have changed',
  },
  {
    name: 'alert',
    kind: 'projection',
    reads: [insightsShared.name],
    writes: [alertsRaised.name, ...outcomes],
    does: 'counts what customers say against what is usual, and tells of what rises',
  },
  {
    name: 'archive',
    kind: 'delivery',
    reads: [
      signalsNormalized.name,
      insightsShared.name,
      insightsRevised.name,
      insightsJudged.name,
      alertsRaised.name,
      ...outcomes,
    ],
    writes: [recordsRejected.name],
    does: 'keeps what was said and judged, in Parquet files that any engine reads',
  },
  {
    name: 'portal',
    kind: 'source',
    reads: [],
    writes: [insightsJudged.name],
    does: 'answers planners and readers from the facts, and takes in what readers judge of insights',
  },
  {
    name: 'departments',
    kind: 'reader',
    reads: [departmentStreams],
    writes: [],
    does: 'read their own stream',
  },
  {
    name: 'planners',
    kind: 'reader',
    reads: [ticketsAggregated.name],
    writes: [],
    does: 'planning tools, which follow what stands in each cell',
  },
  {
    name: 'responders',
    kind: 'reader',
    reads: [alertsRaised.name],
    writes: [],
    does: 'tools of operations, which follow incidents',
  },
  {
    name: 'data',
    kind: 'reader',
    reads: [
      insightsShared.name,
      departmentStreams,
      insightsUnsure.name,
      insightsRevised.name,
      insightsJudged.name,
      ticketsAggregated.name,
      alertsRaised.name,
      recordsDropped.name,
    ],
    writes: [],
    does: 'data teams, who read everything that is safe to share',
  },
  {
    name: 'trainer',
    kind: 'reader',
    reads: [insightsShared.name, insightsJudged.name],
    writes: [],
    does: 'makes labelled texts of insights and what was judged of them, for the next model',
  },
  {
    name: 'operator',
    kind: 'reader',
    reads: [
      insightsShared.name,
      departmentStreams,
      insightsUnsure.name,
      insightsRevised.name,
      insightsJudged.name,
      ticketsAggregated.name,
      alertsRaised.name,
      ...outcomes,
    ],
    writes: [
      ...intakeTopics.map(({ name }) => name),
      signalsNormalized.name,
      insightsShared.name,
      insightsJudged.name,
      insightsRevised.name,
      alertsRaised.name,
      ...outcomes,
    ],
    does: 'looks after dead letters (rejected), puts them back where they came from, judges by command and judges anew, and brings lost topics back from the archive',
  },
];

function intakeFacts(events: string, record: TroubleTicket | CommunityPost | SurveyAnswer): Facts {
  const key = `${record.source}/${record.id}`;
  return {
    id: record.version === null ? key : `${key}/${record.version}`,
    key,
    source: eventSource(events, record.source),
    time: record.occurredAt,
  };
}

function signalFacts(signal: Signal, events = 'signals'): Facts {
  const { id, source, sourceId, occurredAt } = signal;
  return {
    id,
    key: `${source}/${sourceId}`,
    source: eventSource(events, source),
    time: occurredAt,
  };
}

function insightFacts(insight: Insight): Facts {
  return signalFacts(insight.signal, 'insights');
}
