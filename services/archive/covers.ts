// What files hold of ranges of offsets: counted from their rows, put together where one range goes on where another ended.
import { createChecksum, type Checksum } from './checksum.ts';
import type { Dataset } from './datasets.ts';
import type { OffsetRange } from './layout.ts';
import type { Covered } from './manifest.ts';
import type { ArchivedRow } from './row.ts';

export interface Tally<T> {
  /** Counts a row in. @returns false where no range holds it: it is not counted then */
  add(row: ArchivedRow<T>): boolean;
  /** One for each range, in their order. */
  covers(): readonly Covered[];
}

/** Counts rows, in whatever order, by ranges of one topic that do not overlap. Rows of erased words are in no checksum. */
export function createTally<T>(
  { topic: { codec } }: Pick<Dataset<T>, 'topic'>,
  ranges: readonly OffsetRange[],
): Tally<T> {
  const counted = ranges.map(({ topic, partition, from, to }) => ({
    range: { topic, partition, from, to },
    rows: 0,
    erased: 0,
    checksum: createChecksum(),
  }));
  const find = createRangeFinder(counted, ({ range }) => range);
  return {
    add({ partition, offset, erasedAt, record }) {
      const of = find(partition, offset);
      if (of === undefined) return false;
      of.rows += 1;
      if (erasedAt === null) of.checksum.add(partition, offset, codec.encode(record));
      else of.erased += 1;
      return true;
    },
    covers: () =>
      counted.map(({ range, rows, erased, checksum }) => ({
        ...range,
        rows,
        erased,
        checksum: checksum.hex(),
        schema: codec.schemaId,
      })),
  };
}

/** Finds what covers an offset of a partition, among what does not overlap. */
export function createRangeFinder<R>(
  of: readonly R[],
  rangeOf: (one: R) => Pick<OffsetRange, 'partition' | 'from' | 'to'>,
): (partition: number, offset: number) => R | undefined {
  const lanes = Map.groupBy(of, (one) => rangeOf(one).partition);
  for (const lane of lanes.values()) lane.sort((a, b) => rangeOf(a).from - rangeOf(b).from);
  let last: R | undefined;
  const holds = (one: R, partition: number, offset: number): boolean => {
    const range = rangeOf(one);
    return range.partition === partition && range.from <= offset && offset < range.to;
  };
  return (partition, offset) => {
    if (last !== undefined && holds(last, partition, offset)) return last;
    const lane = lanes.get(partition) ?? [];
    let low = 0;
    let high = lane.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rangeOf(lane[middle]!).to <= offset) low = middle + 1;
      else high = middle;
    }
    const found = lane[low];
    last = found !== undefined && holds(found, partition, offset) ? found : undefined;
    return last;
  };
}

/** By topic, partition and offset. */
export function compareRanges(a: OffsetRange, b: OffsetRange): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || a.from - b.from || a.to - b.to;
}

/** Whether one of `covers` holds all of `range`: nothing of it is to be added any more. */
export function isCovered(covers: readonly OffsetRange[], range: OffsetRange): boolean {
  return covers.some(
    ({ topic, partition, from, to }) =>
      topic === range.topic &&
      partition === range.partition &&
      from <= range.from &&
      to >= range.to,
  );
}

export interface Overlap<R> {
  readonly first: R;
  readonly second: R;
}

/** The first two that hold an offset both, or undefined. */
export function overlapOf<R extends OffsetRange>(covers: readonly R[]): Overlap<R> | undefined {
  let widest: R | undefined;
  for (const second of covers.toSorted(compareRanges)) {
    const isSameLane =
      widest !== undefined &&
      widest.topic === second.topic &&
      widest.partition === second.partition;
    if (isSameLane && second.from < widest!.to) return { first: widest!, second };
    widest = second;
  }
  return undefined;
}

/**
 * Covers of files that become one: ranges that touch become one range, whatever holds a range of before holds it still.
 * Where something lies between two ranges, they stay two: what lies there may have rows of the day that are not here.
 * Checksums of different schemas are not added: those ranges stay apart too.
 * @param covers that do not overlap, see `overlapOf`
 */
export function mergeCovers(covers: readonly Covered[]): readonly Covered[] {
  const merged: Covered[] = [];
  let sum: Checksum | undefined;
  for (const next of covers.toSorted(compareRanges)) {
    const last = merged.at(-1);
    const touches =
      last !== undefined &&
      last.topic === next.topic &&
      last.partition === next.partition &&
      last.to === next.from &&
      last.schema === next.schema;
    if (!touches) {
      merged.push(next);
      sum = undefined;
      continue;
    }
    if (sum === undefined) {
      sum = createChecksum();
      sum.addAll(last.checksum);
    }
    sum.addAll(next.checksum);
    merged[merged.length - 1] = {
      ...last,
      to: next.to,
      rows: last.rows + next.rows,
      erased: last.erased + next.erased,
      checksum: sum.hex(),
    };
  }
  return merged;
}
