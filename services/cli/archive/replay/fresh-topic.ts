// Writes the insights of the archive to a topic of their own beside the live one: as they were judged, or as another model
// judges their signals. The live topic is not touched, for who reads it has read it.
import type { Insight } from '#schemas/insight.ts';
import { SignpostError } from '#core/errors.ts';
import type { Log } from '#core/log/port.ts';
import { isWithinSize } from '#core/log/record-size.ts';
import { insights } from '../../../archive/datasets.ts';
import { generationOf } from '../../../archive/generations.ts';
import { readPartition } from '../../../archive/read-partition.ts';
import type { ArchivedRow } from '../../../archive/row.ts';
import { createStripNow } from '../../../archive/strip-now.ts';
import { insightsReplayed, type Retention } from '../../../topology.ts';
import { framed } from './framed.ts';
import { holdingsOf } from './holdings.ts';
import type { Span } from './plan.ts';
import { createPortions, leftOf } from './portions.ts';
import type { RestoreParts } from './restore.ts';

export interface FreshTopic {
  readonly topic: string;
  readonly records: number;
  /** Judged otherwise than they were. */
  readonly rejudged: number;
  /** Kept as they were judged, since the words were erased. */
  readonly erased: number;
  readonly passedOver: number;
  readonly isResumed: boolean;
}

export interface FreshTopicParts extends Omit<RestoreParts, 'log' | 'keptMs'> {
  readonly log: Pick<Log, 'append' | 'checkpoint' | 'ensureTopics'>;
  readonly span: Span;
  /** As topics are kept here. */
  readonly retention?: Retention | undefined;
  /** Part of the topic's name, see `freshName`. */
  readonly name: string;
  readonly judge?: ((insight: Insight) => Insight) | undefined;
}

const done = 'done';
const everyGeneration = Infinity;

/**
 * Of what was said within the span. Readers are told of the topic when this returns: then it is complete.
 * @throws SignpostError `interrupted`, with what was written kept; `already-replayed` where it is complete
 */
export async function fillFreshTopic(parts: FreshTopicParts): Promise<FreshTopic> {
  const { access, log, pace, dryRun, judge, span, signal, onProgress, now } = parts;
  const topic = insightsReplayed(parts.name, parts.retention);
  const key = `archive-replay/${topic.name}`;
  const before = await log.checkpoint(key);
  if (before === done) throw complete(topic.name);
  if (!dryRun) await log.ensureTopics([topic]);
  const portions = createPortions({ log, key, pace, dryRun, signal });
  const counts = { rejudged: 0, erased: 0, passedOver: 0 };
  const anew = (row: ArchivedRow<Insight>): ArchivedRow<Insight> => {
    if (judge === undefined) return row;
    if (row.erasedAt !== null) {
      counts.erased += 1;
      return row;
    }
    counts.rejudged += 1;
    return { ...row, record: judge(row.record) };
  };
  const stripNow = createStripNow(access.store);
  const { ranges } = await holdingsOf(access.store, insights);
  for (const { range, after } of leftOf(ranges, everyGeneration, before)) {
    const { generation } = generationOf(range.topic);
    for await (const rows of readPartition(access, insights, { ...range, after })) {
      // Asked again and again: who is erased while this runs may be in files that are read still.
      const strip = await stripNow();
      for (const read of rows) {
        if (!isWithin(read.record, span)) continue;
        const row = strip(insights.name, read) as ArchivedRow<Insight>;
        // Kept for as long as words may be from now on, not from when they were said.
        const record = framed(anew(row), { topic, generation, timestamp: now() });
        if (isWithinSize(record)) await portions.add(record, range, read.offset);
        else counts.passedOver += 1;
      }
      onProgress(rows.length);
    }
    await portions.flush();
  }
  if (!dryRun) await log.append([], { checkpoints: { [key]: done } });
  return { topic: topic.name, records: portions.written(), ...counts, isResumed: before !== null };
}

/** The same for the same work, so that the same command finds it again. */
export function freshName(model: string | null, { from, to }: Span): string {
  const day = (at: number | null): string =>
    at === null ? '' : new Date(at).toISOString().replace(/\D/g, '').slice(0, 14);
  const by = (model ?? 'as-archived')
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '-')
    .slice(0, 80);
  return from === null && to === null ? by : `${by}.${day(from)}-${day(to)}`;
}

function isWithin({ signal: { occurredAt } }: Insight, { from, to }: Span): boolean {
  return occurredAt >= (from ?? -Infinity) && occurredAt < (to ?? Infinity);
}

function complete(name: string): SignpostError {
  return new SignpostError('already-replayed', `${name} is there, and complete`, {
    hint: 'Read it, or delete the topic and name another span or model: what was written once is not written again.',
  });
}
