// The two ends of a record that is not passed on: a dead letter that keeps it, or a note that it was dropped.
import type { DroppedRecord } from '#schemas/dropped-record.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { OutgoingRecord, ReceivedRecord } from './log/port.ts';
import { isWithinSize, maxRecordBytes } from './log/record-size.ts';
import { filePlaceOf, header, sourceOf, toOutgoing, type Topic } from './topic.ts';

/** Source of a record that does not say where it came from. */
const unknownSource = 'unknown';

/** A record that was read, or what is kept of it. */
export interface Kept extends ReceivedRecord {
  readonly isCut?: true;
}

/** What is kept of a record too large to be told of whole: characters, headers, and bytes of its value. */
const most = { textLength: 1_000, headers: 50, bytes: maxRecordBytes - 1024 * 1024 };

/** Frames what `tell` says about `cause`; where that is too large for the log, what it says about the cause cut. */
export function about<T>(
  topic: Topic<T>,
  tell: (cause: Kept) => T,
  cause: ReceivedRecord,
): OutgoingRecord {
  const whole = toOutgoing(topic, tell(cause), { cause });
  if (isWithinSize(whole)) return whole;
  const kept = cut(cause);
  return toOutgoing(topic, tell(kept), { cause: kept });
}

function cut(record: ReceivedRecord): Kept {
  const short = (text: string): string => text.slice(0, most.textLength);
  const headers = Object.entries(record.headers).slice(0, most.headers);
  const origin = record.headers[header.origin];
  // Whatever is left out: what it all began with is counted.
  if (origin !== undefined) headers.push([header.origin, origin]);
  return {
    ...record,
    key: record.key === null ? null : short(record.key),
    headers: Object.fromEntries(headers.map(([name, value]) => [short(name), short(value)])),
    value: record.value?.subarray(0, most.bytes) ?? null,
    isCut: true,
  };
}

/** A dead letter for a record read from a topic. Its id follows from where it was read, so that a replay cannot double it. */
export function deadLetter(
  stage: string,
  reason: string,
  detail: string,
  record: Kept,
): RejectedRecord {
  const { topic, partition, offset, key, headers, timestamp } = record;
  const place = filePlaceOf(headers);
  return {
    id: `${topic}-${partition}-${offset}-${stage}`,
    source: sourceOf(headers) ?? unknownSource,
    stage,
    reason,
    detail,
    topic,
    partition,
    offset,
    file: place?.file ?? null,
    line: place?.line ?? null,
    mapping: null,
    key,
    headers: { ...headers },
    payload: record.value ?? new Uint8Array(0),
    payloadCut: record.isCut === true,
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
