// Proves from the topics themselves that accepted = insights + dropped + rejected. Reads headers as a stream, through
// the port of the log alone; what is accepted while it reads is left out, so that a running pipeline raises no alarm.
import type { Codec } from '#core/codec.ts';
import type { CommittedOffset, LogReader, ReceivedRecord, TopicStatus } from '#core/log/port.ts';
import { groupOf } from '#core/run-stage.ts';
import { header } from '#core/topic.ts';
import {
  insightsShared,
  intakeTopics,
  recordsDropped,
  recordsRejected,
  signalsNormalized,
} from '../../topology.ts';
import { readRange } from '../read-range.ts';
import { createIdSet, type IdSet } from './id-set.ts';
import { createLedger, type Ledger, type Reasons, type Totals, type Verdict } from './ledger.ts';

export interface Reconciliation extends Verdict {
  /** Every record accepted has exactly one outcome, all are published, and no id is there twice. */
  readonly balanced: boolean;
  readonly sources: Readonly<Record<string, Totals>>;
  /** Records dropped and rejected, by source and reason. */
  readonly reasons: Readonly<Record<string, Reasons>>;
  /** Insights still to be routed to departments. */
  readonly awaitingPublish: number;
  /** Insights whose id came before on the same topic. */
  readonly duplicates: number;
  /** The same by topic, where there are any. */
  readonly duplicatesIn: Readonly<Record<string, number>>;
  /** First offset held of each partition of the intake topics: what came before is history. */
  readonly retainedFrom: Readonly<Record<string, number>>;
  /** Records read. */
  readonly read: number;
}

interface Range {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

const intakeNames: ReadonlySet<string> = new Set(intakeTopics.map(({ name }) => name));

export async function reconcile(log: LogReader): Promise<Reconciliation> {
  let read = 0;
  async function each(
    ranges: readonly Range[],
    see: (record: ReceivedRecord) => void,
  ): Promise<void> {
    for (const { topic, partition, start, end } of ranges) {
      for await (const records of readRange(log, topic, partition, start, end)) {
        for (const record of records) see(record);
        read += records.length;
      }
    }
  }

  // The order proves: accepted first, then how far stages are, then outcomes up to where they end after that. So what
  // a stage had committed by the second step must be among the outcomes of the third.
  const before = rangesByTopic(await log.topics());
  const intake = [...intakeNames].flatMap((name) => before.get(name) ?? []);
  const ledger = createLedger(intake.map((range) => ({ ...range, bytes: 0 })));
  await each(intake, ({ topic, partition, offset, headers, value }) => {
    // A tombstone says nothing, and no stage passes it on.
    if (value !== null) ledger.accepted(topic, partition, offset, headers);
  });
  const committed = await log.committed();
  const after = rangesByTopic(await log.topics());
  // Read once more: what the outcomes up to `after` stem from had been accepted by now.
  const accepted = rangesByTopic(await log.topics());
  for (const name of intakeNames)
    for (const { topic, partition, end } of accepted.get(name) ?? [])
      ledger.extendTo(topic, partition, end);
  const rangesOf = (name: string): readonly Range[] => after.get(name) ?? [];

  const ids = createIdSet(sizeOf(rangesOf(insightsShared.name)));
  const duplicatesIn: Record<string, number> = {};
  await each(rangesOf(insightsShared.name), ({ headers, topic }) => {
    ledger.outcome('insights', headers);
    // A replayed insight is one that nobody could read before.
    if (headers[header.replayOf] === undefined) countDuplicate(ids, headers, topic, duplicatesIn);
    else ledger.replayed(headers);
  });
  await each(rangesOf(recordsDropped.name), (record) =>
    settle(ledger, 'dropped', record, recordsDropped.codec),
  );
  let hasReplays = false;
  await each(rangesOf(recordsRejected.name), (record) => {
    const from = settle(ledger, 'rejected', record, recordsRejected.codec);
    if (from === signalsNormalized.name) hasReplays = true;
  });
  const signals = rangesOf(signalsNormalized.name);
  if (hasReplays) {
    await each(signals, ({ headers }) => {
      if (headers[header.replayOf] !== undefined) ledger.replayed(headers);
    });
  }
  const classified = offsetsOf(committed, 'classify');
  const unclassified = signals.map((range) => ({
    ...range,
    start: classified.get(nameOf(range)) ?? range.start,
  }));
  await each(unclassified, ({ headers }) => ledger.waiting(headers));

  for (const [topic, ranges] of after) {
    if (!isDepartmentStream(topic)) continue;
    ids.clear();
    await each(ranges, ({ headers }) => {
      ledger.published(headers);
      countDuplicate(ids, headers, topic, duplicatesIn);
    });
  }

  const verdict = ledger.close(offsetsOf(committed, 'normalize'));
  const published = offsetsOf(committed, 'publish');
  const awaitingPublish = (before.get(insightsShared.name) ?? []).reduce(
    (sum, range) => sum + Math.max(0, range.end - (published.get(nameOf(range)) ?? range.start)),
    0,
  );
  const accounts = [...ledger.accounts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const adds = accounts.every(
    ([, { totals }]) => totals.accepted === totals.insights + totals.dropped + totals.rejected,
  );
  const { inFlight, missing, doubled, unexplained } = verdict;
  const duplicates = Object.values(duplicatesIn).reduce((sum, count) => sum + count, 0);
  return {
    balanced:
      adds && inFlight + awaitingPublish + missing + doubled + unexplained + duplicates === 0,
    sources: Object.fromEntries(accounts.map(([name, { totals }]) => [name, totals])),
    reasons: Object.fromEntries(accounts.map(([name, { reasons }]) => [name, reasons])),
    ...verdict,
    awaitingPublish,
    duplicates,
    duplicatesIn,
    retainedFrom: Object.fromEntries(intake.map((range) => [nameOf(range), range.start])),
    read,
  };
}

/** Enters a dead letter or a note of a drop. Returns the topic that the record was read from, null for none. */
function settle(
  ledger: Ledger,
  kind: 'dropped' | 'rejected',
  { headers, value }: ReceivedRecord,
  codec: Codec<{ readonly topic: string | null; readonly stage: string; readonly reason: string }>,
): string | null {
  if (value === null) return null;
  let from: string | null = null;
  let stage = '';
  let reason = 'unreadable';
  try {
    ({ topic: from, stage, reason } = codec.decode(value));
  } catch {
    // Its headers still say what it stands for.
  }
  const isBeforeSharing =
    from === null ||
    headers[header.origin] === undefined ||
    intakeNames.has(from) ||
    from === signalsNormalized.name;
  if (isBeforeSharing) ledger.outcome(kind, headers, reason);
  // Other readers of insights settle their own accounts.
  else if (from === insightsShared.name && stage === 'publish')
    ledger.turned(kind, headers, reason);
  return from;
}

function countDuplicate(
  ids: IdSet,
  headers: ReceivedRecord['headers'],
  topic: string,
  counts: Record<string, number>,
): void {
  const id = headers['ce_id'];
  if (id !== undefined && !ids.add(id)) counts[topic] = (counts[topic] ?? 0) + 1;
}

function isDepartmentStream(topic: string): boolean {
  return (
    topic.startsWith('insights.') && topic !== insightsShared.name && topic !== 'insights.judged.v1'
  );
}

function rangesByTopic(topics: readonly TopicStatus[]): ReadonlyMap<string, readonly Range[]> {
  return new Map(
    topics.map(({ name, partitions }) => [
      name,
      partitions.map(({ partition, start, end }) => ({ topic: name, partition, start, end })),
    ]),
  );
}

function offsetsOf(
  committed: readonly CommittedOffset[],
  stage: string,
): ReadonlyMap<string, number> {
  const group = groupOf(stage);
  return new Map(committed.filter((at) => at.group === group).map((at) => [nameOf(at), at.offset]));
}

function nameOf({
  topic,
  partition,
}: {
  readonly topic: string;
  readonly partition: number;
}): string {
  return `${topic}/${partition}`;
}

function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
