// From records to handler calls: one insight at a time or many, and what happens to records that cannot be read.
import { SignpostError } from '#core/errors.ts';
import type { ReceivedRecord } from '#core/log/port.ts';
import type { Insight } from '#schemas/insight.ts';
import type {
  DecodeInsight,
  InsightBatchHandler,
  InsightHandler,
  InsightMeta,
  ProcessRecords,
  ReceivedInsight,
  UndecodableHandler,
} from './delivery.ts';

/** Calls `handler` once per insight; those before a failed one stay read. */
export function oneByOne(
  handler: InsightHandler,
  decode: DecodeInsight,
  undecodable: UndecodableHandler | undefined,
): ProcessRecords {
  return async (records, attempt, done) => {
    for (const record of records) {
      if (attempt.signal.aborted) return;
      const insight = await decoded(record, decode, undecodable);
      if (insight !== undefined) await handler(insight, metaOf(record), attempt);
      done(record.offset + 1);
    }
  };
}

/** Calls `handler` once with all insights; they are read together or not at all. */
export function allTogether(
  handler: InsightBatchHandler,
  decode: DecodeInsight,
  undecodable: UndecodableHandler | undefined,
): ProcessRecords {
  return async (records, attempt, done) => {
    const insights: ReceivedInsight[] = [];
    for (const record of records) {
      const insight = await decoded(record, decode, undecodable);
      if (insight !== undefined) insights.push({ insight, meta: metaOf(record) });
    }
    if (attempt.signal.aborted) return;
    if (insights.length > 0) await handler(insights, attempt);
    done(records.at(-1)!.offset + 1);
  };
}

async function decoded(
  record: ReceivedRecord,
  decode: DecodeInsight,
  undecodable: UndecodableHandler | undefined,
): Promise<Insight | undefined> {
  try {
    if (record.value === null) throw new SignpostError('undecodable', 'The record has no value.');
    return await decode(record.value);
  } catch (error) {
    const unreadable = error instanceof SignpostError && error.code === 'undecodable';
    if (!unreadable || undecodable === undefined) throw error;
    await undecodable(record, error);
    return undefined;
  }
}

function metaOf({
  topic,
  partition,
  offset,
  key,
  headers,
  timestamp,
}: ReceivedRecord): InsightMeta {
  return { topic, partition, offset, key, headers, timestamp };
}
