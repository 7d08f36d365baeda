// A column of a row group: takes slots as they come and writes them as a column chunk. Values go into a dictionary as
// long as it pays, else into pages that are compressed when they are full: hardly more than the file's bytes is held.
import { ByteWriter, type ParquetWriter, type Writer } from 'hyparquet-writer';
import { createDictionary, type Dictionary } from './dictionary.ts';
import { type DataPage, writeDataPage, writeDictionaryPage } from './pages.ts';
import { physicalType } from './schema.ts';
import type { Leaf, Slots } from './shred.ts';
import { bitWidth, Sink } from './sink.ts';
import { createExtremes, type Value } from './statistics.ts';

export type ColumnChunk = ParquetWriter['row_groups'][number]['columns'][number];

/** Before compression: parquet-java's default. */
const pageBytes = 1 << 20;

export interface ColumnBuilder {
  /** @throws Error naming the column where a value is of another type than its. */
  add(slots: Slots): void;
  /** What it was given takes about so many bytes before compression. */
  readonly bytes: number;
  /** Writes the chunk; the builder is done with. */
  finish(writer: Writer): ColumnChunk;
}

export function createColumnBuilder(leaf: Leaf): ColumnBuilder {
  const { kind, path, maxDefinition, maxRepetition } = leaf;
  const isDouble = kind === 'double';
  const writePlain = plainWriters[kind];
  const extremes = createExtremes(leaf);
  const pages = new ByteWriter();
  const definition = new Sink();
  const repetition = new Sink();
  const plain = new Sink();
  let dictionary: Dictionary | undefined =
    kind === 'boolean' || kind === 'bytes' ? undefined : createDictionary();
  /** Of the page under way. */
  let [rows, slots, values] = [0, 0, 0];
  const done = { pages: 0, slots: 0, values: 0, bytes: 0, uncompressed: 0 };

  const addPlain = (value: Value): void => {
    if (!writePlain(plain, value)) throw new Error(`${path.join('.')} is no ${kind} in a record`);
  };
  const giveUp = ({ entries, indices }: Dictionary): void => {
    dictionary = undefined;
    for (const place of indices) addPlain(entries[place]!);
  };
  const endPage = (encoding: DataPage['encoding']): void => {
    const body = kind === 'boolean' ? bitsOf(plain.written()) : plain.written();
    const levels = { definition: definition.written(), repetition: repetition.written() };
    const page = { rows, ...levels, slots, values, encoding, body };
    done.uncompressed += writeDataPage(pages, leaf, page);
    done.bytes += plain.length;
    done.pages++;
    done.slots += slots;
    done.values += values;
    [rows, slots, values] = [0, 0, 0];
    for (const sink of [definition, repetition, plain]) sink.clear();
  };
  const addValue = (value: Value): void => {
    values++;
    // A dictionary takes both zeros for one.
    if (dictionary !== undefined && isDouble && Object.is(value, -0)) giveUp(dictionary);
    if (dictionary === undefined) {
      addPlain(value);
      extremes.add(value);
      return;
    }
    if (dictionary.add(value)) extremes.add(value);
    if (dictionary.isHopeless) giveUp(dictionary);
  };

  return {
    get bytes() {
      return done.bytes + (dictionary?.bytes ?? plain.length) + done.slots + slots;
    },
    add({ values: given, definition: defined, repetition: repeated }) {
      let from = 0;
      const copyLevels = (to: number): void => {
        if (maxDefinition > 0) definition.copy(defined.subarray(from, to));
        if (maxRepetition > 0) repetition.copy(repeated.subarray(from, to));
        slots += to - from;
        from = to;
      };
      for (let i = 0; i < given.length; i++) {
        if (repeated[i] === 0) {
          // Pages begin with a row.
          if (plain.length >= pageBytes) {
            copyLevels(i);
            endPage('PLAIN');
          }
          rows++;
        }
        const value = given[i] as Value | undefined;
        if (value !== undefined) addValue(value);
      }
      copyLevels(given.length);
    },
    finish(writer) {
      const start = writer.offset;
      if (dictionary !== undefined && !dictionary.pays()) giveUp(dictionary);
      let hasDictionary = false;
      if (dictionary !== undefined) {
        hasDictionary = true;
        const { entries, indices } = dictionary;
        entries.forEach(addPlain);
        done.uncompressed += writeDictionaryPage(writer, entries.length, plain.written());
        plain.clear();
        const width = bitWidth(entries.length - 1);
        plain.byte(width);
        plain.hybrid(indices, width);
        endPage('RLE_DICTIONARY');
      } else if (slots > 0) {
        endPage('PLAIN');
      }
      const firstPage = writer.offset;
      writer.appendBytes(pages.getBytes());
      return {
        file_offset: BigInt(start),
        meta_data: {
          type: physicalType(kind),
          encodings: hasDictionary ? ['PLAIN', 'RLE', 'RLE_DICTIONARY'] : ['PLAIN', 'RLE'],
          path_in_schema: [...path],
          codec: 'ZSTD',
          num_values: BigInt(done.slots),
          total_compressed_size: BigInt(writer.offset - start),
          total_uncompressed_size: BigInt(done.uncompressed),
          data_page_offset: BigInt(firstPage),
          ...(hasDictionary ? { dictionary_page_offset: BigInt(start) } : {}),
          statistics: extremes.statistics(done.slots - done.values),
        },
      };
    },
  };
}

/** Write a value in PLAIN; false where it is of another type. Booleans are bytes here and bits in their page. */
const plainWriters: Readonly<Record<Leaf['kind'], (sink: Sink, value: Value) => boolean>> = {
  boolean: (sink, value) => {
    if (typeof value !== 'boolean') return false;
    sink.byte(value ? 1 : 0);
    return true;
  },
  int: (sink, value) => {
    if (typeof value !== 'number' || (value | 0) !== value) return false;
    sink.int(value);
    return true;
  },
  long: writeLong,
  timestamp: writeLong,
  double: (sink, value) => {
    if (typeof value !== 'number') return false;
    sink.double(value);
    return true;
  },
  string: writeString,
  enum: writeString,
  bytes: (sink, value) => {
    if (!(value instanceof Uint8Array)) return false;
    sink.bytesValue(value);
    return true;
  },
};

function writeLong(sink: Sink, value: Value): boolean {
  if (!Number.isSafeInteger(value)) return false;
  sink.long(value as number);
  return true;
}

function writeString(sink: Sink, value: Value): boolean {
  if (typeof value !== 'string') return false;
  sink.string(value);
  return true;
}

function bitsOf(booleans: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(booleans.length / 8));
  for (const [i, value] of booleans.entries()) bits[i >> 3] = bits[i >> 3]! | (value << (i & 7));
  return bits;
}
