// What became of an import, read from the topics themselves: everything written since it began, and where another
// import came in between, what is this one's of it.
import type { Codec } from '#core/codec.ts';
import type { LogReader, ReceivedRecord } from '#core/log/port.ts';
import { header, sourceOf } from '#core/topic.ts';
import {
  insightsOf,
  insightsShared,
  insightsUnsure,
  recordsDropped,
  recordsRejected,
} from '../topology.ts';
import { readRange } from './read-range.ts';

export interface ImportReport {
  /** Records of the file, bad ones included. */
  readonly accepted: number;
  readonly insights: number;
  readonly perDepartment: Readonly<Record<string, number>>;
  /** On the review list, since for some department it was unsure. */
  readonly unsure: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly rejected: Readonly<Record<string, number>>;
  /** There when outcomes of other imports of the same source cannot be told apart, and are counted in. */
  readonly mixed?: true;
}

/** Offsets by `topic/partition`; a partition not named began empty. */
export type Offsets = Readonly<Record<string, number>>;

export interface ReportedImport {
  /** Records taken in, bad ones included. */
  readonly accepted: number;
  /** Where partitions ended when it began: its outcomes come behind. */
  readonly began: Offsets;
  /** Its mapping's source. */
  readonly source: string;
  /** Cut off in between, so that others may have written since. */
  readonly isResumed: boolean;
}

/** Reports on an import whose records are all through the pipeline. */
export async function reportImport(
  log: LogReader,
  departments: readonly string[],
  { accepted, began, source, isResumed }: ReportedImport,
): Promise<ImportReport> {
  const topics = new Map((await log.topics()).map(({ name, partitions }) => [name, partitions]));
  const startOf = (topic: string, partition: number): number => began[`${topic}/${partition}`] ?? 0;
  async function* written(topic: string): AsyncGenerator<ReceivedRecord> {
    for (const { partition, end } of topics.get(topic) ?? [])
      for await (const records of readRange(log, topic, partition, startOf(topic, partition), end))
        yield* records;
  }
  const isOwn = ({ headers }: ReceivedRecord): boolean => {
    if (sourceOf(headers) !== source) return false;
    const origin = headers[header.origin];
    // Bad lines have none: they never were on an intake topic.
    if (origin === undefined) return true;
    const slash = origin.lastIndexOf('/');
    return Number(origin.slice(slash + 1)) >= (began[origin.slice(0, slash)] ?? 0);
  };

  async function reportOn(isCounted: 'all' | typeof isOwn): Promise<ImportReport> {
    let turned = 0;
    const size = async (topic: string): Promise<number> => {
      let sum = 0;
      if (isCounted === 'all')
        for (const { partition, end } of topics.get(topic) ?? [])
          sum += end - startOf(topic, partition);
      else for await (const record of written(topic)) if (isCounted(record)) sum += 1;
      return sum;
    };
    const reasons = async (topic: string, codec: Codec<Outcome>) => {
      const counts: Record<string, number> = {};
      for await (const record of written(topic)) {
        if (record.value === null || (isCounted !== 'all' && !isCounted(record))) continue;
        const { topic: from, stage, reason } = codec.decode(record.value);
        // An insight that could not be published counts as that alone; other readers of insights have their own books.
        if (from === insightsShared.name && stage !== 'publish') continue;
        if (from === insightsShared.name) turned += 1;
        counts[reason] = (counts[reason] ?? 0) + 1;
      }
      return counts;
    };
    const dropped = await reasons(recordsDropped.name, recordsDropped.codec);
    const rejected = await reasons(recordsRejected.name, recordsRejected.codec);
    const insights = (await size(insightsShared.name)) - turned;
    const perDepartment: Record<string, number> = {};
    for (const name of departments) perDepartment[name] = await size(insightsOf(name).name);
    const unsure = await size(insightsUnsure.name);
    return { accepted, insights, perDepartment, unsure, dropped, rejected };
  }

  if (!isResumed) {
    const report = await reportOn('all');
    if (addsUp(report)) return report;
  }
  const report = await reportOn(isOwn);
  return addsUp(report) ? report : { ...report, mixed: true };
}

interface Outcome {
  readonly topic: string | null;
  readonly stage: string;
  readonly reason: string;
}

function addsUp({ accepted, insights, dropped, rejected }: ImportReport): boolean {
  const others = [...Object.values(dropped), ...Object.values(rejected)];
  return accepted === others.reduce((sum, each) => sum + each, insights);
}
