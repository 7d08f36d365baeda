// Rows into a Parquet file. The same rows give the same bytes.
import { crc32 } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Dataset } from '../datasets.ts';
import type { GrowingFile } from '../file-format.ts';
import type { ArchivedRow } from '../row.ts';
import { sumsKey, textOfSums } from './chunk-sums.ts';
import type { ColumnChunk } from './column-builder.ts';
import { createGroup, type Group } from './row-group.ts';
import { docsOf, type FileSchema, fileSchemaOf } from './schema.ts';

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

/** Few enough that what they hold stays in the processor's cache while each column takes its part. */
const stepRows = 256;

/** A whole file of rows: see `growParquet`. */
export function writeParquet<T>(
  dataset: Dataset<T>,
  rows: Rows<T>,
  options: WriteOptions = {},
): Uint8Array {
  const file = growParquet(dataset, options);
  for (let start = 0; start < rows.length; start += stepRows) {
    const end = Math.min(start + stepRows, rows.length);
    for (const row of rows.slice(start, end)) file.add(row);
  }
  return file.finish();
}

/**
 * Begins a file of rows in the order in which they are added, which are held as columns alone. What else is to be known of
 * it, it says in its key-value metadata: `signpost.dataset`, `signpost.dataset.version`, `signpost.topic`,
 * `signpost.avro.id`, `signpost.avro.schema`, `signpost.docs` (a JSON object of docs by path of column) and
 * `signpost.crc32` (see `chunk-sums.ts`). Adding throws an Error that names the field where a record does not fit.
 */
export function growParquet<T>(
  dataset: Dataset<T>,
  { groupRows = 100_000, groupBytes = 64 * 2 ** 20 }: WriteOptions = {},
): GrowingFile<T> {
  const schema = fileSchemaOf(dataset);
  const writer = new ByteWriter(1 << 16);
  const kvMetadata = metadataOf(dataset, schema);
  const file = new ParquetWriter({
    writer,
    schema: [...schema.elements],
    codec: 'ZSTD',
    // Pseudonyms and ids tell nothing apart in fewer.
    statisticsTruncateLength: 32,
    kvMetadata,
    createdBy: 'signpost',
  });
  const sums: number[][] = [];
  let group: Group | undefined;
  let step: ArchivedRow<T>[] = [];

  const endStep = (): void => {
    if (step.length === 0) return;
    group ??= createGroup(schema);
    group.add(step);
    step = [];
    if (group.rows >= groupRows || group.bytes() >= groupBytes) endGroup();
  };
  const endGroup = (): void => {
    if (group === undefined) return;
    const start = writer.offset;
    const columns = group.finish(writer);
    sums.push(columns.map((chunk) => sumOf(chunk, writer)));
    file.num_rows += BigInt(group.rows);
    file.row_groups.push({
      columns,
      total_byte_size: columns.reduce((n, { meta_data: m }) => n + m!.total_uncompressed_size, 0n),
      num_rows: BigInt(group.rows),
      file_offset: BigInt(start),
      total_compressed_size: BigInt(writer.offset - start),
    });
    group = undefined;
  };
  return {
    add(row) {
      step.push(row);
      if (step.length >= Math.min(stepRows, groupRows - (group?.rows ?? 0))) endStep();
    },
    finish() {
      endStep();
      endGroup();
      kvMetadata.push({ key: sumsKey, value: textOfSums(sums) });
      void file.finish();
      return writer.getBytes();
    },
  };
}

function metadataOf(
  { name, version, topic }: Dataset<unknown>,
  schema: FileSchema,
): { key: string; value: string }[] {
  return [
    { key: 'signpost.dataset', value: name },
    { key: 'signpost.dataset.version', value: String(version) },
    { key: 'signpost.topic', value: topic.name },
    { key: 'signpost.avro.id', value: String(topic.codec.schemaId) },
    { key: 'signpost.avro.schema', value: schema.avroSchema },
    { key: 'signpost.docs', value: JSON.stringify(docsOf(schema)) },
  ];
}

function sumOf({ file_offset, meta_data }: ColumnChunk, writer: ByteWriter): number {
  const start = Number(file_offset);
  const end = start + Number(meta_data!.total_compressed_size);
  return crc32(writer.getBytes().subarray(start, end));
}
