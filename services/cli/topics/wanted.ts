// Topics as Kafka should have them: names, partitions, copies and settings, from services/topology.ts. Pure.
import type { TopicSpec } from '#core/log/port.ts';
import { erasureDeadlineMs, internalTopics, topicsFor } from '../../topology.ts';

export interface WantedTopic {
  /** On the cluster: with the prefix. */
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** By Kafka's own names of topic settings. */
  readonly config: Readonly<Record<string, string>>;
}

export interface WantedOptions {
  readonly departments: readonly string[];
  readonly topicPrefix: string;
  readonly replicationFactor: number;
  /** Absent: two from three copies on, so that the loss of one broker neither loses nor stops; else one. */
  readonly minInsyncReplicas?: number;
}

const hourMs = 3_600_000;
/** The active segment is closed after so long, so that retention, which forgets whole segments, is exact to a day. */
const segmentMs = 24 * hourMs;
/** Kafka looks for expired segments every 5 minutes and deletes their files a minute later, at its defaults. */
const deletionMs = hourMs;
/** kafkajs sends what goes to one partition as one batch, and that of a transaction may be large. */
const maxBatchBytes = 8 * 1024 * 1024;

/** Every topic of a deployment, in flow order, those of Signpost's own bookkeeping last. */
export function wantedTopics(options: WantedOptions): readonly WantedTopic[] {
  const { departments, topicPrefix, replicationFactor } = options;
  const inSync = String(options.minInsyncReplicas ?? (replicationFactor >= 3 ? 2 : 1));
  const wanted = (spec: TopicSpec, keeping: Readonly<Record<string, string>>): WantedTopic => ({
    name: topicPrefix + spec.name,
    partitions: spec.partitions,
    replicationFactor,
    config: {
      ...keeping,
      'compression.type': 'producer',
      'max.message.bytes': String(maxBatchBytes),
      // Times are those of acceptance and replays carry theirs along: what a clock ahead gave must not be refused.
      'message.timestamp.after.max.ms': String(2n ** 63n - 1n),
      'message.timestamp.type': 'CreateTime',
      'min.insync.replicas': inSync,
      'segment.ms': String(segmentMs),
    },
  });
  return [
    ...topicsFor(departments).map((topic) =>
      wanted(topic, {
        'cleanup.policy': 'delete',
        'retention.ms': String(retentionMsOf(topic)),
        'retention.bytes': String(topic.retentionBytes ?? -1),
      }),
    ),
    ...internalTopics.map((topic) => wanted(topic, { 'cleanup.policy': 'compact' })),
  ];
}

/** A record may outlive `retention.ms` by its segment and by the deletion: words are told so much less. */
function retentionMsOf(topic: TopicSpec & { readonly words: 'raw' | 'redacted' | 'none' }): number {
  return topic.words === 'none'
    ? topic.retentionMs
    : Math.min(topic.retentionMs, erasureDeadlineMs - segmentMs - deletionMs);
}
