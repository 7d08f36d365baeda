// Values of a column chunk, by the reader that is a library.
import { zstdDecompressSync } from 'node:zlib';
import { type ColumnMetaData, type FileMetaData, parquetSchema } from 'hyparquet';
import { readColumn } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { getTreePath } from 'hyparquet/src/schema.js';
import { flatten } from 'hyparquet/src/utils.js';

/** Numbers and text as records have them. Text begins with a byte order mark where it did. */
export const parsers = {
  timestampFromMilliseconds: Number,
  stringFromBytes: (bytes: Uint8Array): string | undefined =>
    // The reader asks for bounds of columns that have none, too.
    (bytes as Uint8Array | undefined) === undefined ? undefined : textOf(bytes),
};

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

const compressors = {
  ZSTD: (input: Uint8Array, outputLength: number): Uint8Array =>
    zstdDecompressSync(input, { maxOutputLength: Math.max(1, outputLength) }),
};

/**
 * One value a row, see `assemble.ts`; bytes are views on `bytes` or on what they were compressed from.
 * @param bytes the chunk, as it was written
 * @throws Error where metadata does not tell the truth of it
 */
export function decodeChunk(
  bytes: Uint8Array,
  meta: ColumnMetaData,
  metadata: FileMetaData,
  rows: number,
): ArrayLike<unknown> {
  const schemaPath = getTreePath(parquetSchema(metadata), meta.path_in_schema);
  const { element } = schemaPath.at(-1)!;
  if (meta.codec !== 'ZSTD' || meta.type !== element.type)
    throw new Error(`${meta.path_in_schema.join('.')} is of another type`);
  const reader = {
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    offset: 0,
  };
  const { data } = readColumn(
    reader,
    { groupStart: 0, selectStart: 0, selectEnd: rows, groupRows: rows },
    {
      ...meta,
      pathInSchema: meta.path_in_schema,
      element,
      schemaPath,
      compressors,
      utf8: false,
      parsers: { ...DEFAULT_PARSERS, ...parsers },
    },
  );
  return flatten(data);
}
