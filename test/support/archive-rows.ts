// Rows of the smallest dataset, for tests of how files are arranged rather than of what they hold.
import type { ArchivedRow } from '../../services/archive/row.ts';
import type { DroppedRecord } from '../../schemas/generated/dropped-record.ts';

export const dayMs = 86_400_000;
/** 2026-11-22 */
export const someDayMs = Date.UTC(2026, 10, 22);

/** The row at a place: another record for another place. @param at its event time, milliseconds since the epoch */
export function droppedRow(
  partition: number,
  offset: number,
  at: number = someDayMs + offset,
): ArchivedRow<DroppedRecord> {
  return {
    partition,
    offset,
    timestamp: at,
    origin: `tickets.reported.v1/${partition}/${offset}`,
    traceparent: null,
    replayOf: null,
    erasedAt: null,
    record: {
      source: 'helpdesk',
      stage: 'normalize',
      reason: 'duplicate',
      topic: 'tickets.reported.v1',
      partition,
      offset,
      eventId: `helpdesk/T-${partition}-${offset}`,
      droppedAt: at,
    },
  };
}
