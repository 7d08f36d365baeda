// What topics hold of persons, and when the last of it is gone: read through once, changing nothing.
import type { Insight } from '#schemas/insight.ts';
import type { Judgement } from '#schemas/judgement.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { Signal } from '#schemas/signal.ts';
import type { CommittedOffset, LogReader, ReceivedRecord } from '#core/log/port.ts';
import type { Topic } from '#core/topic.ts';
import type { Erased, Spoken, Taken, TopicHolding } from '../../archive/erasures.ts';
import { ticketKey, type PersonsOwn } from '../../archive/erase-scan.ts';
import {
  alertsRaised,
  insightsJudged,
  intakeTopics,
  recordsRejected,
  signalsNormalized,
} from '../../topology.ts';
import type { LetterJudge } from './letters.ts';

/** For how long a topic really keeps records. */
export interface TopicLife {
  readonly retentionMs: number;
  /** How much longer a record may lie there: its segment is not closed yet, or nobody has deleted it. */
  readonly delayMs: number;
  /** Why nothing makes records go, and what to do; null where something does. */
  readonly why: string | null;
}

export interface ScanParts {
  readonly log: LogReader;
  readonly erased: Erased;
  readonly topics: readonly Topic<never>[];
  readonly lives: (topic: string) => TopicLife;
  /** Undefined where the pseudonym keys are not known: then intake topics and dead letters are passed over. */
  readonly judge: LetterJudge | undefined;
  /** Whether records on the log may be held for a group that has not read them. */
  readonly waitsForGroups: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onRead?: ((share: number) => void) | undefined;
}

/** By erasure. Tickets and insights of the persons are added to `own`. */
export async function scanTopics(
  parts: ScanParts,
  own: PersonsOwn,
): Promise<ReadonlyMap<string, readonly TopicHolding[]>> {
  const { log, topics, onRead } = parts;
  const there = new Map((await log.topics()).map(({ name, partitions }) => [name, partitions]));
  const committed = parts.waitsForGroups ? await log.committed() : [];
  const found = new Map<string, TopicHolding[]>();
  // Judgements are told by the insights they are of, which are read before them.
  const sorted = topics
    .filter(({ name, words }) => words !== 'none' && name !== alertsRaised.name && there.has(name))
    .toSorted(
      (a, b) => Number(a.name === insightsJudged.name) - Number(b.name === insightsJudged.name),
    );
  for (const [at, topic] of sorted.entries()) {
    const takenOf = readerOf(topic, parts, own);
    if (takenOf === undefined) continue;
    const held = new Map<string, { records: number; newestAt: number; held: Set<string> }>();
    for (const { partition, start, end } of there.get(topic.name)!) {
      for (let offset = start; offset < end;) {
        if (parts.signal?.aborted === true) return found;
        const { records, nextOffset } = await log.read(topic.name, partition, offset, limits);
        if (nextOffset <= offset) break;
        offset = nextOffset;
        for (const record of records) {
          const taken = takenOf(record);
          if (taken === undefined) continue;
          const { id } = taken.erasure;
          const of = held.get(id) ?? { records: 0, newestAt: 0, held: new Set<string>() };
          of.records += 1;
          of.newestAt = Math.max(of.newestAt, record.timestamp);
          for (const group of behind(committed, record)) of.held.add(group);
          held.set(id, of);
        }
      }
    }
    for (const [id, of] of held)
      found.set(id, [...(found.get(id) ?? []), holdingOf(topic.name, of, parts.lives(topic.name))]);
    onRead?.((at + 1) / sorted.length);
  }
  return found;
}

const limits = { maxRecords: 2000, maxBytes: 8 * 1024 * 1024 };

function holdingOf(
  topic: string,
  of: { readonly records: number; readonly newestAt: number; readonly held: ReadonlySet<string> },
  { retentionMs, delayMs, why }: TopicLife,
): TopicHolding {
  const { records, newestAt } = of;
  const groups = [...of.held].toSorted();
  const waits =
    groups.length === 0 ? null : `kept until it is read by ${groups.join(', ')}: start it again`;
  return {
    topic,
    records,
    newestAt,
    goneBy: why === null ? newestAt + retentionMs + delayMs : null,
    why: why ?? waits,
  };
}

/** What was found before, by how long the topic keeps it now: somebody may have mended that. */
export function heldNow(holding: TopicHolding, life: TopicLife): TopicHolding {
  const { newestAt, goneBy: before } = holding;
  const goneBy = life.why === null ? newestAt + life.retentionMs + life.delayMs : null;
  // Where something made them go, what it told was of groups.
  const why = life.why ?? (before === null ? null : holding.why);
  return { ...holding, goneBy, why };
}

/** Groups that have read some of the topic and not this record. */
function* behind(
  committed: readonly CommittedOffset[],
  { topic, partition, offset }: ReceivedRecord,
): Generator<string> {
  for (const of of committed)
    if (of.topic === topic && of.partition === partition && of.offset <= offset) yield of.group;
}

type TakenOf = (record: ReceivedRecord) => Taken | undefined;

function readerOf(
  { name, codec }: Topic<never>,
  { erased, judge }: ScanParts,
  own: PersonsOwn,
): TakenOf | undefined {
  const decoding =
    (takenOf: (value: never) => Taken | undefined): TakenOf =>
    ({ value }) => {
      if (value === null) return undefined;
      try {
        return takenOf(codec.decode(value));
      } catch {
        // Of another release, or nobody's: it goes with the others.
        return undefined;
      }
    };
  if (name === recordsRejected.name)
    return judge && decoding((letter: RejectedRecord) => judge.letter(letter));
  if (intakeTopics.some((topic) => topic.name === name))
    return judge && decoding((record: Intake) => intakeTaken(record, judge, own));
  if (name === insightsJudged.name)
    return decoding(({ insightId }: Judgement) => own.insights.get(insightId));
  const learn = (signal: Signal): Taken | undefined => {
    const taken = erased.of(signal);
    if (taken === undefined) return undefined;
    const { source, sourceId, id, kind } = signal;
    own.insights.set(id, taken);
    if (kind === 'ticket') own.tickets.set(ticketKey(signal), { ...taken, source, sourceId });
    return taken;
  };
  return name === signalsNormalized.name
    ? decoding((signal: Signal) => learn(signal))
    : decoding(({ signal }: Insight) => learn(signal));
}

interface Intake {
  readonly source: string;
  readonly id: string;
  readonly receivedAt: number;
  readonly customerId?: string | null;
  readonly authorId?: string | null;
  readonly notes?: unknown;
}

/** Updates of tickets that name nobody are found by the ticket's signals. */
function intakeTaken(record: Intake, judge: LetterJudge, own: PersonsOwn): Taken | undefined {
  const isTicket = record.notes !== undefined;
  const spoken: Omit<Spoken, 'customer'> = {
    receivedAt: record.receivedAt,
    kind: isTicket ? 'ticket' : 'post',
    revision: 1,
  };
  const id = record.customerId ?? record.authorId ?? null;
  const taken = judge.customer(id, spoken);
  const { source, id: sourceId } = record;
  if (taken !== undefined && isTicket)
    own.tickets.set(ticketKey({ source, sourceId }), { ...taken, source, sourceId });
  return taken;
}
