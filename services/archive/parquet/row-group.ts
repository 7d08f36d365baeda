// A row group under way: hands each column its part of the rows.
import type { Writer } from 'hyparquet-writer';
import type { ArchivedRow } from '../row.ts';
import { type ColumnChunk, createColumnBuilder } from './column-builder.ts';
import type { FileSchema } from './schema.ts';
import { leavesOf, shred } from './shred.ts';

export interface Group {
  add(rows: readonly ArchivedRow<unknown>[]): void;
  readonly rows: number;
  /** What it was given takes about so many before compression. */
  bytes(): number;
  /** Writes it; it is done with. */
  finish(writer: Writer): ColumnChunk[];
}

export function createGroup({ fields, bookkeeping }: FileSchema): Group {
  const columns = [
    ...fields.map((column) => ({ column, valueOf: fieldOf(column.name) })),
    ...bookkeeping.map((column) => ({ column, valueOf: bookkeepingOf[column.name]! })),
  ].map((each) => ({ ...each, builders: leavesOf(each.column).map(createColumnBuilder) }));
  const builders = columns.flatMap((each) => each.builders);
  let count = 0;
  return {
    add(rows) {
      for (const { column, valueOf, builders: own } of columns) {
        let next = 0;
        shred(column, rows.map(valueOf), (_, slots) => own[next++]!.add(slots));
      }
      count += rows.length;
    },
    get rows() {
      return count;
    },
    bytes: () => builders.reduce((sum, each) => sum + each.bytes, 0),
    finish: (writer) => builders.map((each) => each.finish(writer)),
  };
}

type ValueOf = (row: ArchivedRow<unknown>) => unknown;

function fieldOf(name: string): ValueOf {
  return ({ record }) => (record as Readonly<Record<string, unknown>>)[name];
}

const bookkeepingOf: Readonly<Record<string, ValueOf>> = {
  _partition: ({ partition }) => partition,
  _offset: ({ offset }) => offset,
  _timestamp: ({ timestamp }) => timestamp,
  _origin: ({ origin }) => origin,
  _traceparent: ({ traceparent }) => traceparent,
  _replay_of: ({ replayOf }) => replayOf,
  _erased_at: ({ erasedAt }) => erasedAt,
};
