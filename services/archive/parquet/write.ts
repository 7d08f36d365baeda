// Rows into a Parquet file. The same rows give the same bytes.
import { crc32 } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Dataset } from '../datasets.ts';
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
  { groupRows = 100_000, groupBytes = 64 * 2 ** 20 }: WriteOptions = {},
): Uint8Array {
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
  for (let at = 0; at < rows.length;)
    at = writeGroup(file, dataset, rows, at, { groupRows, groupBytes });
  const sums = file.row_groups.map(({ columns }) => columns.map((chunk) => sumOf(chunk, writer)));
  file.kvMetadata?.push({ key: sumsKey, value: textOfSums(sums) });
  void file.finish();
  return writer.getBytes();
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

/** Writes rows from `start` on. @returns where the next group starts */
function writeGroup<T>(
  file: ParquetWriter,
  dataset: Dataset<T>,
  rows: Rows<T>,
  start: number,
  { groupRows, groupBytes }: Required<WriteOptions>,
): number {
  const { writer } = file;
  const startOffset = writer.offset;
  const { fields, bookkeeping } = fileSchemaOf(dataset);
  const columns = [
    ...fields.map((column) => ({ column, valueOf: fieldOf(column.name) })),
    ...bookkeeping.map((column) => ({ column, valueOf: bookkeepingOf[column.name]! })),
  ].map((each) => ({ ...each, builders: leavesOf(each.column).map(createColumnBuilder) }));
  const builders = columns.flatMap((each) => each.builders);
  const most = Math.min(start + groupRows, rows.length);
  let end = start;
  for (let bytes = 0; end < most && bytes < groupBytes;) {
    const step = rows.slice(end, Math.min(end + stepRows, most));
    for (const { column, valueOf, builders: own } of columns) {
      let next = 0;
      shred(column, step.map(valueOf), (_, slots) => own[next++]!.add(slots));
    }
    end += step.length;
    bytes = builders.reduce((sum, each) => sum + each.bytes, 0);
  }
  const chunks = builders.map((each) => each.finish(writer));
  const rowCount = BigInt(end - start);
  file.num_rows += rowCount;
  file.row_groups.push({
    columns: chunks,
    total_byte_size: chunks.reduce((n, { meta_data: m }) => n + m!.total_uncompressed_size, 0n),
    num_rows: rowCount,
    file_offset: BigInt(startOffset),
    total_compressed_size: BigInt(writer.offset - startOffset),
  });
  return end;
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
