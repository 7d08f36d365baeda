// The two ends of a record that is not passed on: a dead letter that keeps it, or a note that it was dropped.
import type { DroppedRecord } from '#schemas/dropped-record.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { ReceivedRecord } from './log/port.ts';
import { sourceOf } from './topic.ts';

/** Source of a record that does not say where it came from. */
const unknownSource = 'unknown';

/** A dead letter for a record read from a topic. Its id follows from where it was read, so that a replay cannot double it. */
export function deadLetter(
  stage: string,
  reason: string,
  detail: string,
  record: ReceivedRecord,
): RejectedRecord {
  const { topic, partition, offset, key, headers, timestamp } = record;
  return {
    id: `${topic}-${partition}-${offset}-${stage}`,
    source: sourceOf(headers) ?? unknownSource,
    stage,
    reason,
    detail,
    topic,
    partition,
    offset,
    file: null,
    line: null,
    mapping: null,
    key,
    headers: { ...headers },
    payload: record.value ?? new Uint8Array(0),
    payloadCut: false,
    rejectedAt: timestamp,
  };
}

/** A note that a record was dropped: no words of it, only what it was and why. */
export function dropNote(stage: string, reason: string, record: ReceivedRecord): DroppedRecord {
  const { topic, partition, offset, headers, timestamp } = record;
  return {
    source: sourceOf(headers) ?? unknownSource,
    stage,
    reason,
    topic,
    partition,
    offset,
    eventId: headers['ce_id'] ?? null,
    droppedAt: timestamp,
  };
}
