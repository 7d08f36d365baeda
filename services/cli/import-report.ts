// What became of an import, read from the topics themselves: everything written since it began.
import { droppedRecordCodec } from '#schemas/dropped-record.ts';
import { rejectedRecordCodec } from '#schemas/rejected-record.ts';
import type { LogReader } from '#core/log/port.ts';
import { insightsOf, insightsShared, recordsDropped, recordsRejected } from '../topology.ts';

export interface ImportReport {
  /** Records of the file, bad ones included. */
  readonly accepted: number;
  readonly insights: number;
  readonly perDepartment: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
  readonly rejected: Readonly<Record<string, number>>;
}

/** Offsets by `topic/partition`; a partition not named began empty. */
export type Offsets = Readonly<Record<string, number>>;

/** Reports on `accepted` records whose outcomes were written from `began` on. */
export async function reportImport(
  log: LogReader,
  departments: readonly string[],
  accepted: number,
  began: Offsets,
): Promise<ImportReport> {
  const topics = new Map((await log.topics()).map(({ name, partitions }) => [name, partitions]));
  const written = (topic: string): number =>
    (topics.get(topic) ?? []).reduce(
      (sum, { partition, end }) => sum + end - (began[`${topic}/${partition}`] ?? 0),
      0,
    );
  const reasons = async (
    topic: string,
    reasonOf: (value: Uint8Array) => string,
  ): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (const { partition, end } of topics.get(topic) ?? []) {
      let offset = began[`${topic}/${partition}`] ?? 0;
      while (offset < end) {
        const { records, nextOffset } = await log.read(topic, partition, offset, {
          maxRecords: 2000,
        });
        if (nextOffset === offset) break;
        for (const { value } of records) {
          if (value === null) continue;
          const reason = reasonOf(value);
          counts[reason] = (counts[reason] ?? 0) + 1;
        }
        offset = nextOffset;
      }
    }
    return counts;
  };
  return {
    accepted,
    insights: written(insightsShared.name),
    perDepartment: Object.fromEntries(
      departments.map((name) => [name, written(insightsOf(name).name)]),
    ),
    dropped: await reasons(recordsDropped.name, (value) => droppedRecordCodec.decode(value).reason),
    rejected: await reasons(
      recordsRejected.name,
      (value) => rejectedRecordCodec.decode(value).reason,
    ),
  };
}
