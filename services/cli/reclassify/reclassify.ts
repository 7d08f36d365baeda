// Judges past insights anew and writes those that come out otherwise to insights.revised.v1. What is there already is
// read first, so that it is not written twice: whatever the range, and after a run that was cut off.
import { setTimeout as pause } from 'node:timers/promises';
import type { Insight } from '#schemas/insight.ts';
import { SignpostError } from '#core/errors.ts';
import type {
  Log,
  LogReader,
  OutgoingRecord,
  ReceivedRecord,
  TopicStatus,
} from '#core/log/port.ts';
import { isWithinSize } from '#core/log/record-size.ts';
import { toOutgoing } from '#core/topic.ts';
import type { RoutingJudge } from '../models/open-model.ts';
import { insightOf } from '../../classify/stage.ts';
import { routeOf } from '../../publish/route.ts';
import { insightsRevised, insightsShared } from '../../topology.ts';
import { readRange } from '../read-range.ts';
import { createStanding, type Standing } from './standing.ts';

export interface Reclassification {
  /** Version of the model that judged. */
  readonly model: string;
  /** Insights read, and those of them said within the range. */
  readonly read: number;
  readonly judged: number;
  /** Revisions written; in a dry run, that would be. */
  readonly revised: number;
  /** Judged as what stands already: the insight itself or its last revision. */
  readonly unchanged: number;
  /** Records that could not be read, or whose revision would be too large for the log. */
  readonly passedOver: number;
  /** Insights judged that would go to others than they would have by what was judged first. */
  readonly rerouted: number;
  /** By department, both by its present threshold: how many would newly go there, and how many no longer. */
  readonly departments: Readonly<Record<string, { readonly toYes: number; readonly toNo: number }>>;
}

export interface ReclassifySettings extends RoutingJudge {
  /** Milliseconds since the epoch, of when it was said: `from` inclusive, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** Writes one portion whole or not at all; absent in a dry run. */
  readonly append?: Log['append'];
  readonly onProgress?: (read: number, all: number, revised: number) => void;
  readonly signal?: AbortSignal;
}

/** Revisions written in one transaction. */
const portion = 500;
/** What stays hidden longer was left open by a broken client: brokers end transactions long before. */
const hiddenMs = 120_000;
const lookMs = 200;

/**
 * Judges what `insights.shared.v1` holds when it is called.
 * @throws SignpostError `interrupted` when `signal` aborts, with all before it written; `log-hidden`.
 */
export async function reclassify(
  log: LogReader,
  settings: ReclassifySettings,
): Promise<Reclassification> {
  const { judge, subscribers, from, to, append, onProgress = () => {}, signal } = settings;
  const topics = new Map((await log.topics()).map((topic) => [topic.name, topic]));
  const all = sizeOf(topics.get(insightsShared.name));
  const standing = await readStanding(log, topics.get(insightsRevised.name), signal);
  const departments: Record<string, { toYes: number; toNo: number }> = {};
  for (const name of subscribers.keys()) departments[name] = { toYes: 0, toNo: 0 };
  const counts = { read: 0, judged: 0, revised: 0, unchanged: 0, passedOver: 0, rerouted: 0 };
  let waiting: OutgoingRecord[] = [];

  async function flush(): Promise<void> {
    if (waiting.length === 0) return;
    const records = waiting;
    waiting = [];
    await append?.(records);
    counts.revised += records.length;
  }

  function countRoutes(before: Insight, after: Insight): void {
    const went = routeOf(before, subscribers).receivers;
    const goes = routeOf(after, subscribers).receivers;
    const newly = goes.filter((name) => !went.includes(name));
    const noLonger = went.filter((name) => !goes.includes(name));
    for (const name of newly) departments[name]!.toYes += 1;
    for (const name of noLonger) departments[name]!.toNo += 1;
    if (newly.length + noLonger.length > 0) counts.rerouted += 1;
  }

  function see(record: ReceivedRecord): void {
    counts.read += 1;
    const insight = insightIn(record);
    if (insight === undefined) {
      counts.passedOver += 1;
      return;
    }
    const { id, signal: said } = insight;
    if (said.occurredAt < from || said.occurredAt >= to) return;
    counts.judged += 1;
    const revision = insightOf(said, judge.judge(said), judge.version);
    countRoutes(insight, revision);
    const judgement = judgementOf(revision);
    if (standing.is(id, judgement) ?? judgementOf(insight) === judgement) {
      counts.unchanged += 1;
      return;
    }
    const outgoing = toOutgoing(insightsRevised, revision, { cause: record });
    if (!isWithinSize(outgoing)) {
      counts.passedOver += 1;
      return;
    }
    // Put back by a replay it may come once more.
    standing.set(id, judgement);
    waiting.push(outgoing);
  }

  for await (const records of recordsOf(log, topics.get(insightsShared.name))) {
    for (const record of records) {
      see(record);
      if (waiting.length >= portion) await flush();
    }
    onProgress(counts.read, all, counts.revised);
    if (signal?.aborted) {
      await flush();
      throw interrupted(counts.revised);
    }
  }
  await flush();
  return { model: judge.version, ...counts, departments };
}

/** What counts of a judgement: its reasons may be told otherwise by another release without being another judgement. */
export function judgementOf(insight: Insight): string {
  const { model, theme, themeConfidence, sentiment, urgency, churnRisk, departments } = insight;
  const relevances = departments.map(({ department, relevance }) => [department, relevance]);
  return JSON.stringify([model, theme, themeConfidence, sentiment, urgency, churnRisk, relevances]);
}

/** The last revision of each id: records of a key keep their order. */
async function readStanding(
  log: LogReader,
  topic: TopicStatus | undefined,
  signal: AbortSignal | undefined,
): Promise<Standing> {
  const standing = createStanding(sizeOf(topic));
  for await (const records of recordsOf(log, topic)) {
    for (const record of records) {
      const revision = insightIn(record);
      if (revision !== undefined) standing.set(revision.id, judgementOf(revision));
    }
    if (signal?.aborted) throw interrupted(0);
  }
  return standing;
}

async function* recordsOf(
  log: LogReader,
  topic: TopicStatus | undefined,
): AsyncGenerator<readonly ReceivedRecord[]> {
  for (const { partition, start, end } of topic?.partitions ?? []) {
    let hiddenFor = 0;
    const untilShown = async (): Promise<boolean> => {
      if (hiddenFor >= hiddenMs) throw hidden();
      hiddenFor += lookMs;
      await pause(lookMs);
      return true;
    };
    for await (const records of readRange(log, topic!.name, partition, start, end, untilShown)) {
      hiddenFor = 0;
      yield records;
    }
  }
}

function insightIn({ value }: ReceivedRecord): Insight | undefined {
  if (value === null) return undefined;
  try {
    return insightsShared.codec.decode(value);
  } catch {
    return undefined;
  }
}

function sizeOf(topic: TopicStatus | undefined): number {
  return (topic?.partitions ?? []).reduce((sum, { start, end }) => sum + end - start, 0);
}

function interrupted(revised: number): SignpostError {
  return new SignpostError(
    'interrupted',
    `Interrupted; the ${revised} revisions written are kept.`,
    {
      hint: 'Run the same command again: it goes on with what is missing.',
    },
  );
}

function hidden(): SignpostError {
  return new SignpostError(
    'log-hidden',
    'A transaction on the log has been open for minutes and hides what was written behind it',
    { hint: 'kafka-transactions.sh find-hanging shows it; its owner or the brokers must end it.' },
  );
}
