// Pages of a column chunk, compressed with zstd. Data pages are of version 2: levels lie before the compressed values.
import { constants, zstdCompressSync } from 'node:zlib';
import type { Writer } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import type { Leaf } from './shred.ts';
import { bitWidth, Sink } from './sink.ts';

/** Level 3 is zstd's own default. The checksum finds bits that turned on a disk. */
const zstd = {
  params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
};

/** Fewer are left as they are: starting to compress takes longer than they are worth. */
const leastBytes = 128;

// One for the whole thread: a page is written at once.
const levels = new Sink();

export interface DataPage {
  readonly rows: number;
  /** Of each slot. */
  readonly definition: Uint8Array;
  readonly repetition: Uint8Array;
  readonly slots: number;
  /** Slots that hold a value. */
  readonly values: number;
  readonly encoding: 'PLAIN' | 'RLE_DICTIONARY';
  readonly body: Uint8Array;
}

/** @returns bytes that it would take uncompressed */
export function writeDataPage(
  writer: Writer,
  { maxDefinition, maxRepetition }: Leaf,
  { rows, definition, repetition, slots, values, encoding, body }: DataPage,
): number {
  levels.clear();
  if (maxRepetition > 0) levels.hybrid(repetition, bitWidth(maxRepetition));
  const repetitionBytes = levels.length;
  if (maxDefinition > 0) levels.hybrid(definition, bitWidth(maxDefinition));
  const isCompressed = body.length >= leastBytes;
  const compressed = isCompressed ? zstdCompressSync(body, zstd) : body;
  const start = writer.offset;
  writePageHeader(writer, {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: levels.length + body.length,
    compressed_page_size: levels.length + compressed.length,
    data_page_header_v2: {
      num_values: slots,
      num_nulls: slots - values,
      num_rows: rows,
      encoding,
      definition_levels_byte_length: levels.length - repetitionBytes,
      repetition_levels_byte_length: repetitionBytes,
      is_compressed: isCompressed,
    },
  });
  const headerBytes = writer.offset - start;
  writer.appendBytes(levels.written());
  writer.appendBytes(compressed);
  return headerBytes + levels.length + body.length;
}

/** @param body its entries in PLAIN @returns bytes that it would take uncompressed */
export function writeDictionaryPage(writer: Writer, entries: number, body: Uint8Array): number {
  const compressed = zstdCompressSync(body, zstd);
  const start = writer.offset;
  writePageHeader(writer, {
    type: 'DICTIONARY_PAGE',
    uncompressed_page_size: body.length,
    compressed_page_size: compressed.length,
    dictionary_page_header: { num_values: entries, encoding: 'PLAIN' },
  });
  const headerBytes = writer.offset - start;
  writer.appendBytes(compressed);
  return headerBytes + body.length;
}
