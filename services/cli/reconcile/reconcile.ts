// Proves from the topics themselves that accepted = insights + dropped + rejected. Reads headers as a stream, through
// the port of the log alone; what is accepted after it began is left out, so that a running pipeline raises no alarm.
import { setTimeout as pause } from 'node:timers/promises';
import type { Codec } from '#core/codec.ts';
import { SignpostError } from '#core/errors.ts';
import type { LogReader, ReceivedRecord } from '#core/log/port.ts';
import { groupOf } from '#core/run-stage.ts';
import { header } from '#core/topic.ts';
import {
  insightsJudged,
  insightsRevised,
  insightsShared,
  intakeTopics,
  recordsDropped,
  recordsRejected,
  signalsNormalized,
} from '../../topology.ts';
import { readRange } from '../read-range.ts';
import { stageNames } from '../stage-names.ts';
import { underWay } from '../under-way.ts';
import {
  createDepartmentLedger,
  departmentOf,
  heldByAllSince,
  type Agreement,
} from './departments.ts';
import { createIdSet, type IdSet } from './id-set.ts';
import { createLedger, type Ledger, type Reasons, type Totals, type Verdict } from './ledger.ts';
import { endsOf, nameOf, offsetsOf, rangesByTopic, sizeOf, type Range } from './ranges.ts';

export interface Reconciliation extends Verdict {
  /**
   * Every record accepted has exactly one outcome, all are published, no id is there twice, and what department streams
   * say of each other is so.
   */
  readonly balanced: boolean;
  readonly sources: Readonly<Record<string, Totals>>;
  /** Records dropped and rejected, by source and reason. */
  readonly reasons: Readonly<Record<string, Reasons>>;
  /** Insights still to be routed to departments. */
  readonly awaitingPublish: number;
  /** What was accepted and is not decided yet, and what is decided and not routed yet: `inFlight + awaitingPublish`. */
  readonly pending: number;
  /** Insights whose id came before on the same topic. */
  readonly duplicates: number;
  /** The same by topic, where there are any. */
  readonly duplicatesIn: Readonly<Record<string, number>>;
  /** By department; `unsure` is the review list. */
  readonly departments: Agreement['departments'];
  /** First offset held of each partition of the intake topics: what came before is history. */
  readonly retainedFrom: Readonly<Record<string, number>>;
  /** Records read. */
  readonly read: number;
}

export interface ReconcileSettings {
  /** How long to wait for what was under way when it began. Default: not at all. */
  readonly waitMs?: number;
  /** Told how many records are still under way. */
  readonly onWaiting?: (records: number) => void;
  /** Monotonic, milliseconds. */
  readonly clock?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What is open longer than this was left open by a broken client: brokers end transactions long before. */
const openTransactionMs = 120_000;
const lookMs = 200;

const intakeNames: ReadonlySet<string> = new Set(intakeTopics.map(({ name }) => name));

/**
 * What had been accepted when it is called is what is accounted for.
 * @throws SignpostError `log-hidden` when an open transaction hides what was committed.
 */
export async function reconcile(
  log: LogReader,
  settings: ReconcileSettings = {},
): Promise<Reconciliation> {
  const { waitMs = 0, onWaiting, clock = () => performance.now(), sleep = pause } = settings;
  const { now = Date.now } = settings;
  let read = 0;
  let hiddenSince: number | undefined;
  async function untilShown(): Promise<boolean> {
    hiddenSince ??= clock();
    if (clock() - hiddenSince > openTransactionMs) throw hidden();
    await sleep(lookMs / 4);
    return true;
  }
  async function each(
    ranges: readonly Range[],
    see: (record: ReceivedRecord) => void,
  ): Promise<void> {
    for (const { topic, partition, start, end } of ranges) {
      for await (const records of readRange(log, topic, partition, start, end, untilShown)) {
        hiddenSince = undefined;
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
  const left = underWay(log);
  const waitsUntil = clock() + waitMs;
  while (clock() < waitsUntil) {
    const records = await left();
    if (records === 0) break;
    onWaiting?.(records);
    await sleep(lookMs);
  }
  const committed = await log.committed(stageNames.map(groupOf));
  const after = rangesByTopic(await log.topics());
  // Read once more: what the outcomes up to `after` stem from had been accepted by now.
  const accepted = rangesByTopic(await log.topics());
  for (const name of intakeNames)
    for (const { topic, partition, end } of accepted.get(name) ?? [])
      ledger.extendTo(topic, partition, end);
  const rangesOf = (name: string): readonly Range[] => after.get(name) ?? [];

  const ids = createIdSet(sizeOf(rangesOf(insightsShared.name)));
  const duplicatesIn: Record<string, number> = {};
  const published = offsetsOf(committed, 'publish');
  const sharedBefore = endsOf(before.get(insightsShared.name) ?? []);
  let awaitingPublish = 0;
  await each(rangesOf(insightsShared.name), ({ headers, topic, partition, offset }) => {
    ledger.outcome('insights', headers);
    const place = nameOf({ topic, partition });
    // Counted one by one: on Kafka there are offsets without records.
    if (
      headers[header.carried] !== 'publish' &&
      offset >= (published.get(place) ?? 0) &&
      (offset < (sharedBefore.get(place) ?? 0) || ledger.isOfAccepted(headers))
    )
      awaitingPublish += 1;
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

  // Of what was not routed for sure by `after`, some streams may have their copy and others not yet.
  const unsettled = createIdSet(0);
  const sharedNow = rangesByTopic(await log.topics()).get(insightsShared.name) ?? [];
  await each(
    sharedNow.map((range) => ({ ...range, start: published.get(nameOf(range)) ?? range.start })),
    ({ headers }) => unsettled.add(headers['ce_id'] ?? ''),
  );
  const streams = [...after].filter(([topic]) => isDepartmentStream(topic));
  const heldSince = await heldByAllSince(
    log,
    streams.flatMap(([, ranges]) => ranges),
    now(),
  );
  const departments = createDepartmentLedger();
  for (const [topic, ranges] of streams) {
    ids.clear();
    await each(ranges, (record) => {
      const { headers, timestamp } = record;
      ledger.published(headers);
      const isFirst = countDuplicate(ids, headers, topic, duplicatesIn);
      if (isFirst && timestamp >= heldSince && !unsettled.has(headers['ce_id'] ?? ''))
        departments.copy(departmentOf(topic), record);
    });
  }
  const agreement = departments.close();

  const verdict = ledger.close(offsetsOf(committed, 'normalize'));
  const accounts = [...ledger.accounts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const adds = accounts.every(
    ([, { totals }]) => totals.accepted === totals.insights + totals.dropped + totals.rejected,
  );
  const { inFlight, missing, doubled, unexplained } = verdict;
  const duplicates = Object.values(duplicatesIn).reduce((sum, count) => sum + count, 0);
  return {
    balanced:
      adds &&
      agreement.agree &&
      inFlight + awaitingPublish + missing + doubled + unexplained + duplicates === 0,
    pending: inFlight + awaitingPublish,
    sources: Object.fromEntries(accounts.map(([name, { totals }]) => [name, totals])),
    reasons: Object.fromEntries(accounts.map(([name, { reasons }]) => [name, reasons])),
    ...verdict,
    awaitingPublish,
    duplicates,
    duplicatesIn,
    departments: agreement.departments,
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

/** @returns whether the id is new */
function countDuplicate(
  ids: IdSet,
  headers: ReceivedRecord['headers'],
  topic: string,
  counts: Record<string, number>,
): boolean {
  const id = headers['ce_id'];
  if (id === undefined || ids.add(id)) return true;
  counts[topic] = (counts[topic] ?? 0) + 1;
  return false;
}

/** Of insights, without being copies that were routed. */
const otherInsights: ReadonlySet<string> = new Set([
  insightsShared.name,
  insightsJudged.name,
  insightsRevised.name,
]);

function isDepartmentStream(topic: string): boolean {
  return topic.startsWith('insights.') && !otherInsights.has(topic);
}

function hidden(): SignpostError {
  return new SignpostError(
    'log-hidden',
    'A transaction on the log has been open for minutes and hides what was written behind it',
    { hint: 'kafka-transactions.sh find-hanging shows it; its owner or the brokers must end it.' },
  );
}
