// Reads the partitions of a topic as one sequence in order of time. Memory is bounded whatever they hold.
import type { LogReader, PartitionStatus, ReadLimits, ReceivedRecord } from '#core/log/port.ts';

/** What one partition may have in memory at a time. */
const ahead: ReadLimits = { maxRecords: 500, maxBytes: 1024 * 1024 };

interface Lane {
  readonly partition: number;
  /** Offset to stop at. */
  readonly end: number;
  next: number;
  buffer: readonly ReceivedRecord[];
  at: number;
}

/** A partition's number with the offsets to read, `start` inclusive to `end` exclusive. */
export type Range = Pick<PartitionStatus, 'partition' | 'start' | 'end'>;

/**
 * Yields the records of all ranges, merged by timestamp; order within a partition is kept. Fewer come when retention
 * has taken some away meanwhile.
 */
export async function* readMerged(
  log: LogReader,
  topic: string,
  ranges: readonly Range[],
): AsyncGenerator<ReceivedRecord> {
  const lanes = ranges.map(({ partition, start, end }): Lane => ({
    partition,
    end,
    next: start,
    buffer: [],
    at: 0,
  }));
  for (;;) {
    let first: Lane | undefined;
    for (const lane of lanes) {
      if (lane.at >= lane.buffer.length) await fill(log, topic, lane);
      const record = lane.buffer[lane.at];
      if (record === undefined) continue;
      if (first === undefined || record.timestamp < first.buffer[first.at]!.timestamp) first = lane;
    }
    if (first === undefined) return;
    yield first.buffer[first.at]!;
    first.at += 1;
  }
}

async function fill(log: LogReader, topic: string, lane: Lane): Promise<void> {
  lane.buffer = [];
  lane.at = 0;
  while (lane.next < lane.end && lane.buffer.length === 0) {
    const { records, nextOffset } = await log.read(topic, lane.partition, lane.next, ahead);
    if (nextOffset <= lane.next) break;
    lane.next = nextOffset;
    lane.buffer =
      nextOffset <= lane.end ? records : records.filter(({ offset }) => offset < lane.end);
  }
}

/**
 * Yields the last `count` records of all partitions by time, oldest first. They are read twice, first to be counted:
 * offsets may have gaps (on Kafka every transaction leaves one), and `count` records may be too many to hold.
 */
export async function* readLast(
  log: LogReader,
  topic: string,
  partitions: readonly Range[],
  count: number,
): AsyncGenerator<ReceivedRecord> {
  const tails: Range[] = [];
  let extra = -count;
  for (const range of partitions) {
    const tail = await tailOf(log, topic, range, count);
    tails.push(tail.range);
    extra += tail.records;
  }
  for await (const record of readMerged(log, topic, tails)) {
    if (extra > 0) extra -= 1;
    else yield record;
  }
}

/** The end of a partition that holds at least `count` records, or all of it, with how many it holds. */
async function tailOf(
  log: LogReader,
  topic: string,
  { partition, start, end }: Range,
  count: number,
): Promise<{ readonly range: Range; readonly records: number }> {
  for (let offsets = count; ; offsets *= 2) {
    const range = { partition, start: Math.max(start, end - offsets), end };
    let records = 0;
    for await (const _ of readMerged(log, topic, [range])) records += 1;
    if (records >= count || range.start === start) return { range, records };
  }
}
