// What must hold of any data directory, found by reading every topic with nothing of the command's own accounting:
// each record accepted has one outcome, no id is twice in a stream, and each key keeps the order it came in.
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import type { LogReader, ReceivedRecord } from '#core/log/port.ts';
import {
  insightsShared,
  intakeTopics,
  recordsDropped,
  recordsRejected,
} from '../../services/topology.ts';
import { readAll } from '../contracts/log.contract.ts';

export interface Outcome {
  readonly kind: 'insight' | 'dropped' | 'rejected';
  readonly reason?: string;
}

export interface Accepted {
  readonly record: ReceivedRecord;
  readonly outcome: Outcome;
}

export interface Books {
  /** Every record of the intake topics with what became of it, by `topic/partition/offset`. */
  readonly accepted: ReadonlyMap<string, Accepted>;
  /** Lines of files that were refused, `file:line`, as often as there are dead letters of them. */
  readonly refusedLines: readonly {
    readonly file: string;
    readonly line: number;
    readonly reason: string;
  }[];
  /** Lines noted as refused before. */
  readonly repeatedLines: number;
  readonly insights: readonly ReceivedRecord[];
  readonly streams: ReadonlyMap<string, readonly ReceivedRecord[]>;
}

/** Reads the books of a data directory. @throws Error naming the first thing that does not hold. */
export async function auditDirectory(directory: string): Promise<Books> {
  const reader = await openEmbeddedLogReader({ directory });
  try {
    return await audit(reader);
  } finally {
    await reader.close();
  }
}

export async function audit(log: LogReader): Promise<Books> {
  const intake = new Map<string, ReceivedRecord>();
  for (const { name } of intakeTopics)
    for (const record of await readAll(log, name)) intake.set(placeOf(record), record);

  const outcomes = new Map<string, Outcome>();
  const settle = (origin: string, outcome: Outcome): void => {
    if (!intake.has(origin))
      throw new Error(`${outcome.kind} of ${origin}, which was never accepted`);
    const before = outcomes.get(origin);
    if (before !== undefined)
      throw new Error(
        `${origin} ended twice: ${JSON.stringify(before)} and ${JSON.stringify(outcome)}`,
      );
    outcomes.set(origin, outcome);
  };
  const originOf = (record: ReceivedRecord): string => record.headers['signpost_origin'] ?? '';

  const insights = await readAll(log, insightsShared.name);
  for (const record of insights) settle(originOf(record), { kind: 'insight' });
  let repeatedLines = 0;
  const notes = await readAll(log, recordsDropped.name);
  checkUnique(notes, recordsDropped.name);
  for (const record of notes) {
    const { topic, reason } = recordsDropped.codec.decode(record.value!);
    if (originOf(record) === '' && topic.startsWith('import/')) repeatedLines += 1;
    else settle(originOf(record), { kind: 'dropped', reason });
  }
  const refusedLines: Books['refusedLines'][number][] = [];
  for (const record of await readAll(log, recordsRejected.name)) {
    const { topic, file, line, reason } = recordsRejected.codec.decode(record.value!);
    if (topic === null) refusedLines.push({ file: file!, line: line!, reason });
    else settle(originOf(record), { kind: 'rejected', reason });
  }
  const lost = [...intake.keys()].filter((origin) => !outcomes.has(origin));
  if (lost.length > 0)
    throw new Error(`${lost.length} records have no outcome: ${lost.slice(0, 5).join(', ')}`);

  checkOrder(insights, insightsShared.name);
  const streams = new Map<string, ReceivedRecord[]>();
  const known = new Set(insights.map(idOf));
  for (const { name } of await log.topics()) {
    if (!/^insights\.(?!shared\.)/.test(name)) continue;
    const records = await readAll(log, name);
    streams.set(name, records);
    checkUnique(records, name);
    checkOrder(records, name);
    const stray = records.find((record) => !known.has(idOf(record)));
    if (stray !== undefined)
      throw new Error(`${name} has ${idOf(stray)}, which is no shared insight`);
  }
  checkUnique(insights, insightsShared.name);
  checkRouting(insights, streams);

  const accepted = new Map<string, Accepted>();
  for (const [origin, record] of intake)
    accepted.set(origin, { record, outcome: outcomes.get(origin)! });
  return { accepted, refusedLines, repeatedLines, insights, streams };
}

function checkUnique(records: readonly ReceivedRecord[], name: string): void {
  const ids = new Set(records.map(idOf));
  if (ids.size !== records.length)
    throw new Error(`${name} has ${records.length - ids.size} ids twice`);
}

/** Of each key: one partition, intake offsets ascending, and revisions of a ticket without a step back. */
function checkOrder(records: readonly ReceivedRecord[], name: string): void {
  const last = new Map<string, { partition: number; intake: number; revision: number }>();
  for (const record of records) {
    const key = record.key!;
    const origin = record.headers['signpost_origin']!;
    const intake = Number(origin.slice(origin.lastIndexOf('/') + 1));
    const { revision } = insightsShared.codec.decode(record.value!).signal;
    const before = last.get(key);
    if (
      before !== undefined &&
      (before.partition !== record.partition ||
        before.intake >= intake ||
        before.revision > revision)
    )
      throw new Error(`${name}: ${key} is out of order at offset ${record.offset}`);
    last.set(key, { partition: record.partition, intake, revision });
  }
}

/**
 * Each department has exactly the insights that say so, the review list those that it is unsure for anybody, and each
 * insight that any has says to whom it went.
 */
function checkRouting(
  insights: readonly ReceivedRecord[],
  streams: ReadonlyMap<string, readonly ReceivedRecord[]>,
): void {
  const receivers = new Map<string, string[]>();
  for (const [name, records] of streams) {
    const department = name.slice('insights.'.length, -'.v1'.length);
    for (const record of records)
      receivers.set(idOf(record), [...(receivers.get(idOf(record)) ?? []), department]);
  }
  for (const [name, records] of streams) {
    for (const record of records) {
      const { sharedWith, unsure } = insightsShared.codec.decode(record.value!);
      const got = receivers.get(idOf(record))!.toSorted().join();
      const says = [...(sharedWith ?? []), ...(unsure === null ? [] : ['unsure'])];
      if (says.toSorted().join() !== got)
        throw new Error(`${name}: ${idOf(record)} says ${says.join()}, went to ${got}`);
    }
  }
  if (insights.length > 1000 && receivers.size === 0)
    throw new Error('No insight reached any department');
}

function idOf(record: ReceivedRecord): string {
  return record.headers['ce_id']!;
}

export function placeOf({ topic, partition, offset }: ReceivedRecord): string {
  return `${topic}/${partition}/${offset}`;
}
