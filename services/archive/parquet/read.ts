// Rows back out of a Parquet file that this release wrote or an earlier one: what its record's codec makes of them is,
// byte for byte, what it made of them when they were archived.
import { zstdDecompressSync } from 'node:zlib';
import { type FileMetaData, parquetMetadataAsync } from 'hyparquet';
import { parquetReadAsync } from 'hyparquet/src/read.js';
import { flatten } from 'hyparquet/src/utils.js';
import { SignpostError } from '#core/errors.ts';
import type { Dataset } from '../datasets.ts';
import type { ArchivedRow } from '../row.ts';
import { columnAt, planOf, type ReadPlan } from './read-plan.ts';
import { fileSchemaOf } from './schema.ts';

/** A file that is read in pieces. */
export interface ParquetFile {
  /** For messages, for example its key. */
  readonly where?: string;
  readonly byteLength: number;
  /** Bytes from `start` up to `end`, exclusive; they are the reader's own. */
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** A file in memory. */
export function fileOfBytes(bytes: Uint8Array, where?: string): ParquetFile {
  return {
    ...(where === undefined ? {} : { where }),
    byteLength: bytes.length,
    slice: (start, end) => Promise.resolve(new Uint8Array(bytes.subarray(start, end)).buffer),
  };
}

/** Rows that are handed out at once. */
const batchRows = 2000;

/**
 * The rows of a file, in its order.
 * @throws SignpostError `archive-damaged` where it is no whole file of the dataset; what `file` throws
 */
export async function* readParquet<T>(
  dataset: Dataset<T>,
  file: ParquetFile,
): AsyncGenerator<readonly ArchivedRow<T>[]> {
  const opened = openFile(dataset, file);
  const { fields, bookkeeping } = fileSchemaOf(dataset);
  const columns = [...fields, ...bookkeeping];
  const metadata = await opened.metadata();
  const plan = opened.sound(() => planOf(columns, metadata));
  const names = columns.map(({ name }) => name);
  for (const group of metadata.row_groups) {
    const leaves = await opened.leavesOf(group, metadata, plan);
    const rows = Number(group.num_rows);
    for (let start = 0; start < rows; start += batchRows) {
      const end = Math.min(start + batchRows, rows);
      yield opened.sound(() => {
        const batch: ArchivedRow<T>[] = [];
        for (let row = start; row < end; row++)
          batch.push(rowOf(names, fields.length, valuesOf(plan, leaves, row)));
        return batch;
      });
    }
  }
}

/**
 * Some columns alone, by what they are called in the schema: `_offset`, `signal.customer`. Of each row group their values,
 * one a row. Hardly more of the file is read than they take. @throws SignpostError as `readParquet`
 */
export async function* readColumns<Name extends string>(
  dataset: Dataset<unknown>,
  file: ParquetFile,
  names: readonly Name[],
): AsyncGenerator<Readonly<Record<Name, readonly unknown[]>>> {
  const opened = openFile(dataset, file);
  const { fields, bookkeeping } = fileSchemaOf(dataset);
  const wanted = names.map((name) => ({ name, ...columnAt([...fields, ...bookkeeping], name) }));
  const metadata = await opened.metadata();
  const columns = wanted.map(({ column }) => column);
  const plan = opened.sound(() => planOf(columns, metadata));
  for (const group of metadata.row_groups) {
    const leaves = await opened.leavesOf(group, metadata, plan);
    yield opened.sound(() => {
      const rows = Array.from({ length: Number(group.num_rows) }, (_, row) =>
        valuesOf(plan, leaves, row),
      );
      return Object.fromEntries(
        wanted.map(({ name, pick }, index) => [name, rows.map((values) => pick(values[index]))]),
      ) as unknown as Readonly<Record<Name, readonly unknown[]>>;
    });
  }
}

/** Of each leaf that is read what it holds, one a row. */
type LeafValues = readonly ArrayLike<unknown>[];
type RowGroup = FileMetaData['row_groups'][number];

interface OpenedFile {
  metadata(): Promise<FileMetaData>;
  leavesOf(group: RowGroup, metadata: FileMetaData, plan: ReadPlan): Promise<LeafValues>;
  /** What `work` gives. @throws SignpostError `archive-damaged` whatever it throws */
  sound<R>(work: () => R): R;
}

function openFile(dataset: Dataset<unknown>, file: ParquetFile): OpenedFile {
  const damaged = (cause: unknown): SignpostError =>
    cause instanceof SignpostError
      ? cause
      : new SignpostError(
          'archive-damaged',
          `${file.where ?? 'a file'} is no whole file of the archive's ${dataset.name}`,
          {
            hint: 'Put back an earlier version of the object, where the bucket keeps versions.',
            cause,
          },
        );
  const orDamaged = async <R>(work: Promise<R>): Promise<R> => {
    try {
      return await work;
    } catch (error) {
      throw damaged(error);
    }
  };
  return {
    metadata: () => orDamaged(parquetMetadataAsync(file, { parsers, geoparquet: false })),
    leavesOf: (group, metadata, plan) => orDamaged(readLeaves(file, group, metadata, plan)),
    sound(work) {
      try {
        return work();
      } catch (error) {
        throw damaged(error);
      }
    },
  };
}

/** Numbers and text as records have them. Text begins with a byte order mark where it did. */
const parsers = {
  timestampFromMilliseconds: Number,
  stringFromBytes: (bytes: Uint8Array): string | undefined =>
    // The reader asks for bounds of columns that have none.
    (bytes as Uint8Array | undefined) === undefined ? undefined : textOf(bytes),
};

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

const compressors = {
  ZSTD: (input: Uint8Array, outputLength: number): Uint8Array =>
    // A header that lies about the length does not take memory for it.
    zstdDecompressSync(input, { maxOutputLength: Math.max(1, outputLength) }),
};

async function readLeaves(
  file: ParquetFile,
  group: RowGroup,
  metadata: FileMetaData,
  { leaves }: ReadPlan,
): Promise<LeafValues> {
  const wanted = new Set(leaves);
  const pathOf = (chunk: RowGroup['columns'][number]): string =>
    chunk.meta_data?.path_in_schema.join('.') ?? '';
  const columns = group.columns.filter((chunk) => wanted.has(pathOf(chunk)));
  const only = { ...metadata, row_groups: [{ ...group, columns }] };
  const [read] = parquetReadAsync({ file, metadata: only, compressors, parsers, utf8: false });
  const values = new Map<string, ArrayLike<unknown>>();
  // All of them, so that none is left to fail unheard.
  const settled = await Promise.allSettled(read?.asyncColumns.map(({ data }) => data) ?? []);
  for (const [index, result] of settled.entries()) {
    if (result.status === 'rejected') throw result.reason;
    const path = read!.asyncColumns[index]!.pathInSchema.join('.');
    values.set(path, flatten(result.value.data));
  }
  return leaves.map((path) => {
    const found = values.get(path);
    if (found?.length !== Number(group.num_rows)) throw new Error(`${path} has not all rows`);
    return found;
  });
}

function valuesOf({ columns }: ReadPlan, leaves: LeafValues, row: number): readonly unknown[] {
  const held = leaves.map((values) => values[row]);
  return columns.map(({ read, start }) => read(held, start));
}

/** @param values of all columns, `fieldCount` fields of the record and then where it was on the topic */
function rowOf<T>(
  names: readonly string[],
  fieldCount: number,
  values: readonly unknown[],
): ArchivedRow<T> {
  const record: Record<string, unknown> = {};
  for (let i = 0; i < fieldCount; i++) record[names[i]!] = values[i];
  const [partition, offset, timestamp, origin, traceparent, replayOf, erasedAt] = values.slice(
    fieldCount,
  ) as [number, number, number, string | null, string | null, string | null, number | null];
  return {
    partition,
    offset,
    timestamp,
    origin,
    traceparent,
    replayOf,
    erasedAt,
    record: record as T,
  };
}
