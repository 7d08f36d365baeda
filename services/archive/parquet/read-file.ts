// Opens a Parquet file of the archive and reads leaves of it, each known by its checksum to be what was written. What is
// damaged ends as `archive-damaged`, and quickly.
import { crc32 } from 'node:zlib';
import { type FileMetaData, parquetMetadataAsync, parquetSchema, type SchemaTree } from 'hyparquet';
import { SignpostError } from '#core/errors.ts';
import type { Dataset } from '../datasets.ts';
import { sumsKey, sumsOfText } from './chunk-sums.ts';
import { decodeChunk, parsers } from './decode-chunk.ts';
import { fileSchemaOfText, type SchemaElement } from './schema.ts';

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

/** Of each leaf that is read what it holds, one a row: see `assemble.ts`. */
export type LeafValues = readonly ArrayLike<unknown>[];

export interface OpenedFile {
  readonly schema: SchemaTree;
  /** Of each row group. */
  readonly groupRows: readonly number[];
  /** @param paths of leaves, joined by dots */
  leavesOf(group: number, paths: readonly string[]): Promise<LeafValues>;
  /** What `work` gives. @throws SignpostError `archive-damaged` whatever it throws */
  sound<R>(work: () => R): R;
}

/** @throws SignpostError `archive-damaged` where it is no whole file of the dataset; what `file` throws */
export async function openFile(
  dataset: Pick<Dataset<unknown>, 'name'>,
  file: ParquetFile,
): Promise<OpenedFile> {
  const sound = <R>(work: () => R): R => {
    try {
      return work();
    } catch (cause) {
      throw damaged(dataset, file, cause);
    }
  };
  const metadata = await readMetadata(dataset, file);
  const sums = sound(() => checked(metadata, dataset));
  return {
    schema: sound(() => parquetSchema(metadata)),
    groupRows: metadata.row_groups.map(({ num_rows }) => Number(num_rows)),
    async leavesOf(group, paths) {
      const { columns, num_rows } = metadata.row_groups[group]!;
      const chunks = sound(() => chunksOf(columns, sums[group]!, paths, file.byteLength));
      const bytes = await fetchChunks(file, chunks);
      return sound(() =>
        chunks.map(({ meta, sum }, index) => {
          const path = meta.path_in_schema.join('.');
          if (crc32(bytes[index]!) !== sum) throw new Error(`${path} is not what was written`);
          const values = decodeChunk(bytes[index]!, meta, metadata, Number(num_rows));
          if (values.length !== Number(num_rows)) throw new Error(`${path} has not all rows`);
          return values;
        }),
      );
    },
    sound,
  };
}

function damaged(
  { name }: Pick<Dataset<unknown>, 'name'>,
  { where = 'A file' }: ParquetFile,
  cause: unknown,
): SignpostError {
  return new SignpostError('archive-damaged', `${where} is no whole file of the dataset ${name}`, {
    hint: 'Put back an earlier version of the object, where the bucket keeps versions.',
    cause,
  });
}

async function readMetadata(
  dataset: Pick<Dataset<unknown>, 'name'>,
  file: ParquetFile,
): Promise<FileMetaData> {
  // What cannot be fetched is no damage.
  const failed: unknown[] = [];
  const noted = {
    byteLength: file.byteLength,
    slice: async (start: number, end?: number) => {
      try {
        return await file.slice(start, end);
      } catch (error) {
        failed.push(error);
        throw error;
      }
    },
  };
  try {
    return await parquetMetadataAsync(noted, { parsers, geoparquet: false });
  } catch (error) {
    throw failed.includes(error) ? error : damaged(dataset, file, error);
  }
}

/** The checksums of its chunks. @throws Error where metadata contradicts itself: then no part of it is to be trusted. */
function checked(
  { key_value_metadata, schema, num_rows, row_groups }: FileMetaData,
  { name }: Pick<Dataset<unknown>, 'name'>,
): readonly (readonly number[])[] {
  const told = new Map(key_value_metadata?.map(({ key, value }) => [key, value]));
  if (told.get('signpost.dataset') !== name) throw new Error(`it is not of ${name}`);
  const { elements } = fileSchemaOfText(told.get('signpost.avro.schema') ?? '');
  if (!isSame(schema, elements)) throw new Error('its columns are not those of its Avro schema');
  const sums = sumsOfText(told.get(sumsKey));
  const rows = row_groups.reduce((sum, group) => sum + group.num_rows, 0n);
  if (rows !== num_rows || sums.length !== row_groups.length)
    throw new Error('it does not have all its row groups');
  return sums;
}

type Told = Omit<SchemaElement, 'logical_type'>;

function isSame(held: readonly Told[], made: readonly Told[]): boolean {
  const plain = (elements: readonly Told[]): string =>
    JSON.stringify(
      elements.map(({ name, type, repetition_type, num_children, converted_type }) => [
        name,
        type,
        repetition_type,
        num_children,
        converted_type,
      ]),
    );
  return plain(held) === plain(made);
}

type ChunkMeta = NonNullable<FileMetaData['row_groups'][number]['columns'][number]['meta_data']>;

interface Chunk {
  readonly meta: ChunkMeta;
  readonly sum: number;
  readonly start: number;
  readonly end: number;
}

function chunksOf(
  columns: FileMetaData['row_groups'][number]['columns'],
  sums: readonly number[],
  paths: readonly string[],
  fileBytes: number,
): readonly Chunk[] {
  const byPath = new Map<string, Chunk>();
  for (const [index, { meta_data: meta }] of columns.entries()) {
    if (meta === undefined) throw new Error('a column chunk has no metadata');
    const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
    const end = start + Number(meta.total_compressed_size);
    if (!(start >= 0 && end >= start && end <= fileBytes))
      throw new Error('a column chunk lies outside the file');
    byPath.set(meta.path_in_schema.join('.'), { meta, sum: sums[index]!, start, end });
  }
  return paths.map((path) => {
    const chunk = byPath.get(path);
    if (chunk === undefined) throw new Error(`${path} is missing`);
    return chunk;
  });
}

/** A request costs more time than so many bytes. */
const gapBytes = 1 << 18;

/** Chunks that lie close to each other are fetched at once. */
async function fetchChunks(
  file: ParquetFile,
  chunks: readonly Chunk[],
): Promise<readonly Uint8Array[]> {
  const runs: { start: number; end: number }[] = [];
  for (const { start, end } of chunks.toSorted((a, b) => a.start - b.start)) {
    const run = runs.at(-1);
    if (run !== undefined && start <= run.end + gapBytes) run.end = Math.max(run.end, end);
    else runs.push({ start, end });
  }
  const fetched = await Promise.all(
    runs.map(async ({ start, end }) => ({ start, bytes: await file.slice(start, end) })),
  );
  return chunks.map(({ start, end }) => {
    const run = fetched.findLast((each) => each.start <= start)!;
    return new Uint8Array(run.bytes).subarray(start - run.start, end - run.start);
  });
}
