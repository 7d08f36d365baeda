// Rows into a Parquet file. The same rows give the same bytes.
import { crc32 } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Dataset } from '../datasets.ts';
import type { GrowingFile } from '../file-format.ts';
import type { ArchivedRow } from '../row.ts';
import { sumsKey, textOfSums } from './chunk-sums.ts';
import { type ColumnChunk, createColumnBuilder } from './column-builder.ts';
import { docsOf, fileSchemaOf } from './schema.ts';
import { leavesOf, shred } from './shred.ts';

export interface WriteOptions {
  /** A row group ends with so many rows, 100,000 if not given. */
  readonly groupRows?: number;
  /** Or with about so many bytes before compression, 64 MiB if not given. */
  readonly groupBytes?: number;
}

/** Rows that may be made as they are asked for: each is, once, in their order. An array is such. */
export interface Rows<T> {
  readonly length: number;
  slice(start: number, end: number): readonly ArchivedRow<T>[];
}

/**
 * A whole file of rows, in the order in which they are given. What follows from the file beside them, it says in its
 * key-value metadata: `signpost.dataset`, `signpost.dataset.version`, `signpost.topic`, `signpost.avro.id`,
 * `signpost.avro.schema`, `signpost.docs` (a JSON object of docs by path of column) and `signpost.crc32` (see
 * `chunk-sums.ts`).
 * @throws Error naming the field where a record does not fit its schema
 */
export function writeParquet<T>(
  dataset: Dataset<T>,
  rows: Rows<T>,
  options: WriteOptions = {},
): Uint8Array {
  const file = growParquet(dataset, options);
  for (let at = 0; at < rows.length; at += stepRows)
    for (const row of rows.slice(at, Math.min(at + stepRows, rows.length))) file.add(row);
  return file.finish();
}

/** The file that `writeParquet` gives for the same rows, of rows that come one by one: those of a group are not held but as columns. */
export function growParquet<T>(
  dataset: Dataset<T>,
  { groupRows = 100_000, groupBytes = 64 * 2 ** 20 }: WriteOptions = {},
): GrowingFile<T> {
  const schema = fileSchemaOf(dataset);
  const writer = new ByteWriter(1 << 20);
  const file = new ParquetWriter({
    writer,
    schema: [...schema.elements],
    codec: 'ZSTD',
    // Pseudonyms and ids tell nothing apart in fewer.
    statisticsTruncateLength: 32,
    kvMetadata: metadataOf(dataset),
    createdBy: 'signpost',
  });
  let group = beginGroup(file, dataset);
  let step: ArchivedRow<T>[] = [];
  const endGroup = (): void => {
    group.end();
    group = beginGroup(file, dataset);
  };
  const endStep = (): void => {
    group.add(step);
    step = [];
    if (group.rows() >= groupRows || group.bytes() >= groupBytes) endGroup();
  };
  return {
    add(row) {
      step.push(row);
      if (step.length === stepRows || group.rows() + step.length === groupRows) endStep();
    },
    finish() {
      if (step.length > 0) endStep();
      if (group.rows() > 0) endGroup();
      const sums = file.row_groups.map(({ columns }) =>
        columns.map((chunk) => sumOf(chunk, writer)),
      );
      file.kvMetadata?.push({ key: sumsKey, value: textOfSums(sums) });
      void file.finish();
      return writer.getBytes();
    },
  };
}

function metadataOf(dataset: Dataset<unknown>): NonNullable<ParquetWriter['kvMetadata']> {
  const schema = fileSchemaOf(dataset);
  return [
    { key: 'signpost.dataset', value: dataset.name },
    { key: 'signpost.dataset.version', value: String(dataset.version) },
    { key: 'signpost.topic', value: dataset.topic.name },
    { key: 'signpost.avro.id', value: String(dataset.topic.codec.schemaId) },
    { key: 'signpost.avro.schema', value: schema.avroSchema },
    { key: 'signpost.docs', value: JSON.stringify(docsOf(schema)) },
  ];
}

/** Few enough that what they hold stays in the processor's cache while each column takes its part. */
const stepRows = 256;

interface Group<T> {
  add(rows: readonly ArchivedRow<T>[]): void;
  rows(): number;
  /** About, before compression. */
  bytes(): number;
  /** Writes it. */
  end(): void;
}

function beginGroup<T>(file: ParquetWriter, dataset: Dataset<T>): Group<T> {
  const { writer } = file;
  const startOffset = writer.offset;
  const { fields, bookkeeping } = fileSchemaOf(dataset);
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
    rows: () => count,
    bytes: () => builders.reduce((sum, each) => sum + each.bytes, 0),
    end() {
      const chunks = builders.map((each) => each.finish(writer));
      file.num_rows += BigInt(count);
      file.row_groups.push({
        columns: chunks,
        total_byte_size: chunks.reduce((n, { meta_data: m }) => n + m!.total_uncompressed_size, 0n),
        num_rows: BigInt(count),
        file_offset: BigInt(startOffset),
        total_compressed_size: BigInt(writer.offset - startOffset),
      });
    },
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

function sumOf({ file_offset, meta_data }: ColumnChunk, writer: ByteWriter): number {
  const start = Number(file_offset);
  const end = start + Number(meta_data!.total_compressed_size);
  return crc32(writer.getBytes().subarray(start, end));
}
