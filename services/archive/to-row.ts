// What the archive keeps of a record as it was received.
import type { ReceivedRecord } from '#core/log/port.ts';
import { header } from '#core/topic.ts';
import type { ArchivedRow } from './row.ts';

/** @param record decoded from `received` */
export function rowOf<T>(received: ReceivedRecord, record: T): ArchivedRow<T> {
  const { partition, offset, timestamp, headers } = received;
  return {
    partition,
    offset,
    timestamp,
    origin: headers[header.origin] ?? null,
    traceparent: headers[header.traceparent] ?? null,
    replayOf: headers[header.replayOf] ?? null,
    erasedAt: null,
    record,
  };
}
