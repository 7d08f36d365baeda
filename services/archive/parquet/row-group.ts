// A row group under way: hands each column its part of the rows.
import type { Writer } from 'hyparquet-writer';
import type { ArchivedRow } from '../row.ts';
import { type ColumnChunk, createColumnBuilder } from './column-builder.ts';
import type { FileSchema } from './schema.ts';
import { leavesOf, shred, type Slots } from './shred.ts';

export interface Group {
  add(rows: readonly ArchivedRow<unknown>[]): void;
  readonly rows: number;
  /** What it was given takes about so many before compression. */
  bytes(): number;
  /** Writes it; it is done with. */
  finish(writer: Writer): ColumnChunk[];
}

export function createGroup({ fields, bookkeeping }: FileSchema): Group {
  const builders = [...fields, ...bookkeeping].flatMap(leavesOf).map(createColumnBuilder);
  let count = 0;
  return {
    add(rows) {
      let next = 0;
      const visit = (_: unknown, slots: Slots): void => builders[next++]!.add(slots);
      shred(fields, rows.map(recordOf), visit);
      shred(bookkeeping, rows.map(placeOf), visit);
      count += rows.length;
    },
    get rows() {
      return count;
    },
    bytes: () => builders.reduce((sum, each) => sum + each.bytes, 0),
    finish: (writer) => builders.map((each) => each.finish(writer)),
  };
}

function recordOf({ record }: ArchivedRow<unknown>): object {
  return record as object;
}

/** By the names of the columns. */
function placeOf(row: ArchivedRow<unknown>): object {
  return {
    _partition: row.partition,
    _offset: row.offset,
    _timestamp: row.timestamp,
    _origin: row.origin,
    _traceparent: row.traceparent,
    _replay_of: row.replayOf,
    _erased_at: row.erasedAt,
  };
}
