// Rows of several files as one sequence by partition and offset. A file is opened when its turn comes, so that of files
// that follow one another one is open at a time.
import type { ArchivedRow } from './row.ts';

export interface Place {
  readonly partition: number;
  readonly offset: number;
}

export interface RowSource<T> {
  /** Its first row, or a place before it. */
  readonly first: Place;
  /** Its rows by partition and offset. */
  open(): AsyncIterable<readonly ArchivedRow<T>[]>;
}

interface Lane<T> {
  readonly rows: AsyncIterator<readonly ArchivedRow<T>[]>;
  buffer: readonly ArchivedRow<T>[];
  at: number;
}

export function comparePlaces(a: Place, b: Place): number {
  return a.partition - b.partition || a.offset - b.offset;
}

/** Yields all rows, some at a time. A place that two sources have is there twice, one behind the other. */
export async function* mergeRows<T>(
  sources: readonly RowSource<T>[],
): AsyncGenerator<readonly ArchivedRow<T>[]> {
  const waiting = sources.toSorted((a, b) => comparePlaces(b.first, a.first));
  const lanes: Lane<T>[] = [];
  try {
    for (;;) {
      let [first, second] = leastTwo(lanes);
      for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
        if (first !== undefined && comparePlaces(headOf(first), next.first) < 0) break;
        waiting.pop();
        const lane = { rows: next.open()[Symbol.asyncIterator](), buffer: [], at: 0 };
        if (await fill(lane)) lanes.push(lane);
        [first, second] = leastTwo(lanes);
      }
      if (first === undefined) return;
      const limit = leastPlace(second && headOf(second), waiting.at(-1)?.first);
      const to = endOfRun(first, limit);
      yield first.buffer.slice(first.at, to);
      first.at = to;
      if (!(await fill(first))) lanes.splice(lanes.indexOf(first), 1);
    }
  } finally {
    for (const { rows } of lanes) await rows.return?.();
  }
}

/** @returns false where the source has no rows any more */
async function fill<T>(lane: Lane<T>): Promise<boolean> {
  while (lane.at >= lane.buffer.length) {
    const next = await lane.rows.next();
    if (next.done === true) return false;
    lane.buffer = next.value;
    lane.at = 0;
  }
  return true;
}

/** How far the lane goes, at least by one row, without passing `limit`. */
function endOfRun<T>({ buffer, at }: Lane<T>, limit: Place | undefined): number {
  if (limit === undefined) return buffer.length;
  let low = at + 1;
  let high = buffer.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePlaces(buffer[middle]!, limit) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function headOf<T>({ buffer, at }: Lane<T>): ArchivedRow<T> {
  return buffer[at]!;
}

function leastTwo<T>(lanes: readonly Lane<T>[]): [first?: Lane<T>, second?: Lane<T>] {
  let first: Lane<T> | undefined;
  let second: Lane<T> | undefined;
  for (const lane of lanes) {
    if (first === undefined || comparePlaces(headOf(lane), headOf(first)) < 0)
      [first, second] = [lane, first];
    else if (second === undefined || comparePlaces(headOf(lane), headOf(second)) < 0) second = lane;
  }
  return [first, second] as [Lane<T>?, Lane<T>?];
}

function leastPlace(a: Place | undefined, b: Place | undefined): Place | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return comparePlaces(a, b) <= 0 ? a : b;
}
