// What a subscriber sees: an insight with the place it stood at, and the handlers that take it.
import type { SignpostError } from '#core/errors.ts';
import type { Headers, Position, ReceivedRecord } from '#core/log/port.ts';
import type { Insight } from '#schemas/insight.ts';

/** Where an insight stood in its topic, and what came with it. */
export interface InsightMeta extends Position {
  /** `source/sourceId`: records of one key, such as the updates of a ticket, come in order. */
  readonly key: string | null;
  /** CloudEvents (`ce_id`, `ce_source`, …), `traceparent`, `signpost_origin`. */
  readonly headers: Headers;
  /** When its intake record was accepted, milliseconds since the epoch. */
  readonly timestamp: number;
}

/** One call of a handler. */
export interface Attempt {
  /** 1 the first time, 2 after the handler threw once, and so on. */
  readonly attempt: number;
  /** Aborts when the subscription closes or the partition goes to another member: what is done from then on is done again. */
  readonly signal: AbortSignal;
}

export interface ReceivedInsight {
  readonly insight: Insight;
  readonly meta: InsightMeta;
}

/** Takes one insight. Once it resolves, the insight counts as read; when it throws, it is called again. */
export type InsightHandler = (
  insight: Insight,
  meta: InsightMeta,
  attempt: Attempt,
) => void | Promise<void>;

/** Takes consecutive insights of one partition, all or none: when it throws, the same ones come again. */
export type InsightBatchHandler = (
  insights: readonly ReceivedInsight[],
  attempt: Attempt,
) => void | Promise<void>;

/** Takes a record that no schema known here can read. Once it resolves, the record counts as read. */
export type UndecodableHandler = (
  record: ReceivedRecord,
  error: SignpostError,
) => void | Promise<void>;

/** How values become insights; asynchronous, since a schema may have to be fetched first. */
export type DecodeInsight = (value: Uint8Array) => Insight | Promise<Insight>;

/**
 * Handles consecutive records of one partition in order, calling `done` with the offset to read on from whenever some
 * are through. Throws when one is not.
 */
export type ProcessRecords = (
  records: readonly ReceivedRecord[],
  attempt: Attempt,
  done: (nextOffset: number) => void,
) => Promise<void>;
