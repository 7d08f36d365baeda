// The settings that Kafka's topics are to have: one source for the log, which creates what is missing, and for
// `signpost topics apply`, which also tells what differs.
import { erasureDeadlineMs, type Topic } from '../../topic.ts';
import type { TopicSpec } from '../port.ts';
import { maxRecordBytes } from '../record-size.ts';

/** `words` as topics of records have it; absent counts as none. */
export interface KeptTopic extends TopicSpec {
  readonly words?: Topic<never>['words'];
}

export interface Copies {
  readonly replicationFactor: number;
  /** Absent: two from three copies on, so that the loss of one broker neither loses nor stops; else one. */
  readonly minInsyncReplicas?: number | undefined;
}

const hourMs = 3_600_000;
/** The active segment is closed after so long, so that retention, which forgets whole segments, is exact to a day. */
const segmentMs = 24 * hourMs;
/** Kafka looks for expired segments every 5 minutes and deletes their files a minute later, at its defaults. */
const deletionMs = hourMs;
/** What a batch adds to the one record in it: its header, lengths, and what compression costs where it does not help. */
const batchBytes = 64 * 1024;

/** By Kafka's own names of topic settings. */
export function topicConfig(
  spec: KeptTopic,
  { replicationFactor, minInsyncReplicas }: Copies,
): Readonly<Record<string, string>> {
  return {
    ...(spec.compacted === true
      ? { 'cleanup.policy': 'compact' }
      : {
          'cleanup.policy': 'delete',
          'retention.ms': String(retentionMsOf(spec)),
          'retention.bytes': String(spec.retentionBytes ?? -1),
        }),
    'compression.type': 'producer',
    'max.message.bytes': String(maxRecordBytes + batchBytes),
    // Times are those of acceptance and replays carry theirs along: what a clock ahead gave must not be refused.
    'message.timestamp.after.max.ms': String(2n ** 63n - 1n),
    'message.timestamp.type': 'CreateTime',
    'min.insync.replicas': String(minInsyncReplicas ?? (replicationFactor >= 3 ? 2 : 1)),
    'segment.ms': String(segmentMs),
  };
}

/** A record may outlive `retention.ms` by its segment and by the deletion: words are told so much less. */
function retentionMsOf({ retentionMs, words = 'none' }: KeptTopic): number {
  return words === 'none'
    ? retentionMs
    : Math.min(retentionMs, erasureDeadlineMs - segmentMs - deletionMs);
}
