// A record as the archive keeps it: what was said on the topic, and where on the topic it was said.

export interface ArchivedRow<T> {
  readonly partition: number;
  readonly offset: number;
  /** The record's own, milliseconds since the epoch. */
  readonly timestamp: number;
  /** `header.origin`; null where the record began on this topic. */
  readonly origin: string | null;
  readonly traceparent: string | null;
  /** `header.replayOf`. */
  readonly replayOf: string | null;
  /** When its words were erased, milliseconds since the epoch: then `record` is what is left of it. Null otherwise. */
  readonly erasedAt: number | null;
  readonly record: T;
}
