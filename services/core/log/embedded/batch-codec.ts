// The stored form of a run of records of one partition: header names and repeated header values once per batch,
// keys and header values as one run of text per record, a checksum over it all. Reading back gives what was written.
import { crc32 } from 'node:zlib';
import { SignpostError } from '../../errors.ts';
import type { LogRecord, ReceivedRecord } from '../port.ts';
import { createHeaderDictionary, readHeaderDictionary } from './header-dictionary.ts';
import type { HeaderDictionary } from './header-dictionary.ts';
import { readVarint, varintEnd, writeVarint } from './varint.ts';

/** First byte of every batch; a reader refuses what it does not know. */
const VERSION = 1;

// Layout: u8 version, u32 crc of all that follows, u32 count, f64 base timestamp, u32 position of the dictionary,
// records, dictionary, one u32 start position per record. Record: u8 flags, varint zigzag timestamp delta,
// varint shape, one varint per header (see header-dictionary.ts), [varint key length], [varint value length, value],
// text. Lengths of text are UTF-16 units, so that one decoded string is cut up whatever its characters are.
const AT_CRC = 1;
const AT_COUNT = 5;
const AT_TIME = 9;
const AT_DICTIONARY = 17;
const AT_RECORDS = 21;

const HAS_KEY = 1;
const HAS_VALUE = 2;
const NOT_ASCII = 4;

/** The year 37,648: differences of such times, doubled by zigzag, are still exact. */
const MAX_TIMESTAMP = 2 ** 50;

/** A finished batch; `bytes` owns its whole buffer, so that it can be transferred to another thread. */
export interface EncodedBatch {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Milliseconds since the epoch, UTC. */
  readonly maxTimestamp: number;
}

export interface BatchEncoder {
  readonly count: number;
  /** Bytes written so far. */
  readonly size: number;
  add(record: LogRecord): void;
  finish(): EncodedBatch;
}

/**
 * Buffers that batches are written in before they are copied out at their size: how large a batch gets is not known
 * before, and memory asked for in vain makes the collector run for it.
 */
const spare: Buffer[] = [];
const SPARE_BUFFERS = 16;
const SPARE_BYTES = 256 * 1024;
const FIRST_BYTES = 32 * 1024;

/** Encodes one batch. */
export function createBatchEncoder(): BatchEncoder {
  let out = spare.pop() ?? Buffer.allocUnsafeSlow(FIRST_BYTES);
  let position = AT_RECORDS;
  let baseTime = 0;
  let maxTimestamp = Number.NEGATIVE_INFINITY;
  const starts: number[] = [];
  const dictionary: HeaderDictionary = createHeaderDictionary();

  function reserve(bytes: number): void {
    if (position + bytes <= out.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(out.length * 2, position + bytes));
    out.copy(grown, 0, 0, position);
    out = grown;
  }

  function add(record: LogRecord): void {
    const { key, value, timestamp } = record;
    if (!Number.isInteger(timestamp) || Math.abs(timestamp) > MAX_TIMESTAMP) {
      throw new TypeError(
        `A record's timestamp is whole milliseconds since the epoch, not ${timestamp}`,
      );
    }
    const headers = dictionary.encode(record.headers);
    const text = key === null ? headers.text : headers.text + key;
    reserve(40 + 5 * headers.tagCount + 3 * text.length + (value?.length ?? 0));

    if (starts.length === 0) baseTime = timestamp;
    if (timestamp > maxTimestamp) maxTimestamp = timestamp;
    starts.push(position);
    const flagsAt = position;
    let flags = 0;
    const delta = timestamp - baseTime;
    position = writeVarint(out, position + 1, delta >= 0 ? delta * 2 : -delta * 2 - 1);
    position = writeVarint(out, position, headers.shape);
    for (let i = 0; i < headers.tagCount; i += 1) {
      position = writeVarint(out, position, headers.tags[i] ?? 0);
    }
    if (key !== null) {
      flags |= HAS_KEY;
      position = writeVarint(out, position, key.length);
    }
    if (value !== null) {
      flags |= HAS_VALUE;
      position = writeVarint(out, position, value.length);
      out.set(value, position);
      position += value.length;
    }
    const written = text === '' ? 0 : out.write(text, position, 'utf8');
    if (written !== text.length) flags |= NOT_ASCII;
    position += written;
    out[flagsAt] = flags;
  }

  function finish(): EncodedBatch {
    const names = dictionary.serialize();
    reserve(names.length + 4 * starts.length);
    const dictionaryAt = position;
    out.set(names, position);
    position += names.length;
    for (const start of starts) position = out.writeUInt32LE(start, position);
    out[0] = VERSION;
    out.writeUInt32LE(starts.length, AT_COUNT);
    out.writeDoubleLE(baseTime, AT_TIME);
    out.writeUInt32LE(dictionaryAt, AT_DICTIONARY);
    out.writeUInt32LE(crc32(out.subarray(AT_COUNT, position)), AT_CRC);
    const bytes = new Uint8Array(position);
    bytes.set(out.subarray(0, position));
    if (out.length <= SPARE_BYTES && spare.length < SPARE_BUFFERS) spare.push(out);
    return { bytes, count: starts.length, maxTimestamp };
  }

  return {
    get count() {
      return starts.length;
    },
    get size() {
      return position;
    },
    add,
    finish,
  };
}

/** Where decoded records belong. */
export interface BatchPlace {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the batch's first record. */
  readonly baseOffset: number;
}

/**
 * Appends the records `from` (inclusive) to `to` (exclusive), counted within the batch, to `into`. Values are views on
 * `bytes`, not copies.
 * @throws SignpostError `log-corrupt` when the bytes are not what was written.
 */
export function decodeBatch(
  bytes: Uint8Array,
  place: BatchPlace,
  from: number,
  to: number,
  into: ReceivedRecord[],
): void {
  const { topic, partition, baseOffset } = place;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = checkedCount(buffer, place);
  const baseTime = buffer.readDoubleLE(AT_TIME);
  const dictionaryAt = buffer.readUInt32LE(AT_DICTIONARY);
  const startsAt = buffer.length - 4 * count;
  const { shapes, values } = readHeaderDictionary(buffer, dictionaryAt);

  for (let i = from; i < to; i += 1) {
    let at = buffer.readUInt32LE(startsAt + 4 * i);
    const end = i + 1 < count ? buffer.readUInt32LE(startsAt + 4 * i + 4) : dictionaryAt;
    const flags = buffer[at] ?? 0;
    at += 1;
    const zigzag = readVarint(buffer, at);
    at = varintEnd(buffer, at);
    const shape = shapes[readVarint(buffer, at)] ?? [];
    at = varintEnd(buffer, at);
    const tagsAt = at;
    for (let n = shape.length; n > 0; n -= 1) at = varintEnd(buffer, at);
    let keyLength = -1;
    if ((flags & HAS_KEY) !== 0) {
      keyLength = readVarint(buffer, at);
      at = varintEnd(buffer, at);
    }
    let value: Uint8Array | null = null;
    if ((flags & HAS_VALUE) !== 0) {
      const length = readVarint(buffer, at);
      at = varintEnd(buffer, at);
      value = buffer.subarray(at, at + length);
      at += length;
    }
    const text =
      at === end ? '' : buffer.toString((flags & NOT_ASCII) === 0 ? 'latin1' : 'utf8', at, end);

    const headers: Record<string, string> = {};
    let textAt = 0;
    let tagAt = tagsAt;
    for (const name of shape) {
      const tag = readVarint(buffer, tagAt);
      tagAt = varintEnd(buffer, tagAt);
      let header: string;
      if ((tag & 1) === 1) {
        header = values[(tag - 1) / 2] ?? '';
      } else {
        header = text.substring(textAt, textAt + tag / 2);
        textAt += tag / 2;
      }
      setHeader(headers, name, header);
    }
    into.push({
      topic,
      partition,
      offset: baseOffset + i,
      key: keyLength < 0 ? null : text.substring(textAt, textAt + keyLength),
      value,
      headers,
      timestamp: baseTime + (zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2),
    });
  }
}

/** How many records from `from` on fit into `maxBytes`; at least one, so that a reader always gets on. */
export function countWithin(bytes: Uint8Array, from: number, maxBytes: number): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = buffer.readUInt32LE(AT_COUNT);
  const startsAt = buffer.length - 4 * count;
  const first = buffer.readUInt32LE(startsAt + 4 * from);
  let fits = 1;
  while (from + fits < count) {
    const next = from + fits + 1;
    const end =
      next < count ? buffer.readUInt32LE(startsAt + 4 * next) : buffer.readUInt32LE(AT_DICTIONARY);
    if (end - first > maxBytes) break;
    fits += 1;
  }
  return fits;
}

function setHeader(headers: Record<string, string>, name: string, value: string): void {
  // A sender may name a header so; plain assignment would set the prototype and lose it.
  if (name === '__proto__') {
    Object.defineProperty(headers, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  } else {
    headers[name] = value;
  }
}

function checkedCount(buffer: Buffer, place: BatchPlace): number {
  const where = `${place.topic}, partition ${place.partition}, offset ${place.baseOffset}`;
  if (buffer[0] !== VERSION) {
    throw new SignpostError(
      'log-corrupt',
      `Records of an unknown format ${buffer[0]} at ${where}`,
      {
        hint: 'The data directory may have been written by a newer version of Signpost.',
      },
    );
  }
  if (buffer.readUInt32LE(AT_CRC) !== crc32(buffer.subarray(AT_COUNT))) {
    throw new SignpostError('log-corrupt', `Damaged records at ${where}: their checksum is wrong`, {
      hint: 'The disk or a copy of the data directory is damaged; restore it from a backup.',
    });
  }
  return buffer.readUInt32LE(AT_COUNT);
}
