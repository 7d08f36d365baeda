// A row of the archive as a record of its topic again: its key, headers, time and place of origin.
import type { OutgoingRecord } from '#core/log/port.ts';
import { earlierOrigin, header, toOutgoing, type Topic } from '#core/topic.ts';
import type { ArchivedRow } from '../../../archive/row.ts';

export interface Frame<T> {
  readonly topic: Topic<T>;
  /** Counts the topics of the name that the row was on. */
  readonly generation: number;
  /** Name of the stage that has had it already, for it to be passed over there. */
  readonly carried?: string | undefined;
  /** Milliseconds since the epoch; the row's own by default. */
  readonly timestamp?: number | undefined;
}

export function framed<T>(
  { record, timestamp: said, origin, traceparent, replayOf }: ArchivedRow<T>,
  { topic, generation, carried, timestamp = said }: Frame<T>,
): OutgoingRecord {
  const plain = toOutgoing(topic, record, { timestamp, traceparent: traceparent ?? undefined });
  return {
    ...plain,
    headers: {
      ...plain.headers,
      ...(origin === null ? {} : { [header.origin]: earlierOrigin(origin, generation) }),
      ...(replayOf === null ? {} : { [header.replayOf]: replayOf }),
      ...(carried === undefined ? {} : { [header.carried]: carried }),
    },
  };
}
