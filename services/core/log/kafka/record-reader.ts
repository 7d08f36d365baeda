// Reading Kafka's record batches as `read_committed` demands: aborted transactions and their markers are passed over,
// as in `CompletedFetch` of Kafka's own client. (kafkajs lets one aborted transaction slip through when two overlap.)
import { SignpostError } from '../../errors.ts';
import type { PassOver, ReceivedRecord } from '../port.ts';
import { decompress } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { HEADER_BYTES } from './record-batch.ts';
import { withOwnId, type SchemaIds } from './schema-ids.ts';
import { int64At, readVarint, type WireReader } from './wire-format.ts';

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** What a fetch brought of one partition. */
export interface FetchedRecords {
  readonly topic: string;
  readonly partition: number;
  /** Whole batches; the first may begin before `from`. */
  readonly bytes: Buffer;
  /** Records below this offset were not asked for. */
  readonly from: number;
  readonly aborted: readonly AbortedTransaction[];
}

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const LOG_APPEND_TIME = 0x08;

/** Whole batches at the front of `bytes`, and the offset after them; a cut batch at the end is left out. */
export function wholeBatches(bytes: Buffer): { length: number; nextOffset: number | undefined } {
  let at = 0;
  let nextOffset: number | undefined;
  while (at + HEADER_BYTES <= bytes.length) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    if (end - at < HEADER_BYTES) {
      // Not a batch at all: kept, for its reader to say so.
      return { length: bytes.length, nextOffset: int64At(bytes, at) + 1 };
    }
    if (end > bytes.length) break;
    nextOffset = int64At(bytes, at) + bytes.readInt32BE(at + 23) + 1;
    at = end;
  }
  return { length: at, nextOffset };
}

/** One batch's worth of records; empty for one that holds nothing for us. */
export interface ReadBatch {
  readonly records: ReceivedRecord[];
  /** How many records were passed over. */
  readonly passed: number;
  /** Offset after the batch. */
  readonly nextOffset: number;
}

/** Reads batch by batch, unpacking each only when asked. @throws SignpostError `log-corrupt`. */
export function* readBatches(
  fetched: FetchedRecords,
  ids: SchemaIds | undefined,
  passOver?: PassOver,
): Generator<ReadBatch, void, void> {
  const sign = passOver && {
    header: Buffer.from(passOver.header),
    value: Buffer.from(passOver.value),
  };
  const { topic, partition, bytes } = fetched;
  const aborted = fetched.aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<bigint>();
  let nextAborted = 0;
  for (let at = 0; at < bytes.length;) {
    const length = 12 + bytes.readInt32BE(at + 8);
    const batch = bytes.subarray(at, at + length);
    at += length;
    if (length < HEADER_BYTES) throw corrupt(topic, partition, 'has no length that can be');
    if (batch[16] !== 2) throw corrupt(topic, partition, 'is of an older format');
    const baseOffset = int64At(batch, 0);
    const attributes = batch.readInt16BE(21);
    const lastOffset = baseOffset + batch.readInt32BE(23);
    const nextOffset = lastOffset + 1;
    const producerId = batch.readBigInt64BE(43);
    for (; (aborted[nextAborted]?.firstOffset ?? Infinity) <= lastOffset; nextAborted += 1) {
      aborting.add(aborted[nextAborted]!.producerId);
    }
    if ((attributes & CONTROL) !== 0) {
      if (isAbortMarker(batch)) aborting.delete(producerId);
      yield { records: [], passed: 0, nextOffset };
    } else if ((attributes & TRANSACTIONAL) !== 0 && aborting.has(producerId)) {
      yield { records: [], passed: 0, nextOffset };
    } else {
      if (crc32c(batch, 21) !== batch.readUInt32BE(17)) {
        throw corrupt(topic, partition, `at offset ${baseOffset} fails its checksum`);
      }
      yield { ...readRecords(batch, fetched, ids, sign), nextOffset };
    }
  }
}

/** A control record's key is a version and a type; type 0 aborts, 1 commits. */
function isAbortMarker(batch: Buffer): boolean {
  const reader: WireReader = { buffer: batch, at: HEADER_BYTES };
  readVarint(reader);
  reader.at += 1;
  readVarint(reader);
  readVarint(reader);
  readVarint(reader);
  return batch.readInt16BE(reader.at + 2) === 0;
}

function readRecords(
  batch: Buffer,
  { topic, partition, from }: FetchedRecords,
  ids: SchemaIds | undefined,
  sign: Sign | undefined,
): { records: ReceivedRecord[]; passed: number } {
  const baseOffset = int64At(batch, 0);
  const attributes = batch.readInt16BE(21);
  const firstTimestamp = int64At(batch, 27);
  const appendTime = (attributes & LOG_APPEND_TIME) === 0 ? undefined : int64At(batch, 35);
  const count = batch.readInt32BE(57);
  const buffer = decompress(attributes & 7, batch.subarray(HEADER_BYTES));
  const reader: WireReader = { buffer, at: 0 };
  const records: ReceivedRecord[] = [];
  let passed = 0;
  try {
    const names: HeaderNames = { starts: [], texts: [], buffer };
    for (let i = 0; i < count; i += 1) {
      const length = readVarint(reader);
      const end = reader.at + length;
      reader.at += 1;
      const timestamp = appendTime ?? firstTimestamp + readVarint(reader);
      if (appendTime !== undefined) readVarint(reader);
      const offset = baseOffset + readVarint(reader);
      if (offset < from) {
        // Not asked for.
      } else if (sign !== undefined && bears(reader, sign)) {
        passed += 1;
      } else {
        const key = readText(reader);
        const raw = readBytes(reader);
        const value = raw === null || ids === undefined ? raw : withOwnId(raw, ids);
        const headers = readHeaders(reader, names);
        records.push({ topic, partition, offset, key, value, headers, timestamp });
      }
      reader.at = end;
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw corrupt(topic, partition, `at offset ${baseOffset} cannot be read`, cause);
  }
  return { records, passed };
}

/** A header with its value, as bytes. */
interface Sign {
  readonly header: Buffer;
  readonly value: Buffer;
}

/** Whether the record whose key begins here has the header: told without making anything of it. */
function bears({ buffer, at }: WireReader, { header, value }: Sign): boolean {
  const reader: WireReader = { buffer, at };
  skipBytes(reader);
  skipBytes(reader);
  const count = readVarint(reader);
  for (let i = 0; i < count; i += 1) {
    const isHeader = nextIs(reader, header);
    if (nextIs(reader, value) && isHeader) return true;
  }
  return false;
}

function skipBytes(reader: WireReader): void {
  const length = readVarint(reader);
  if (length > 0) reader.at = within(reader, reader.at + length);
}

function nextIs(reader: WireReader, bytes: Buffer): boolean {
  const { buffer } = reader;
  const length = readVarint(reader);
  const { at } = reader;
  if (length > 0) reader.at = within(reader, at + length);
  if (length !== bytes.length) return false;
  let same = 0;
  while (same < length && buffer[at + same] === bytes[same]) same += 1;
  return same === length;
}

function readText(reader: WireReader): string | null {
  const length = readVarint(reader);
  if (length < 0) return null;
  const { at } = reader;
  reader.at = within(reader, at + length);
  return reader.buffer.toString('utf8', at, reader.at);
}

function readBytes(reader: WireReader): Buffer | null {
  const length = readVarint(reader);
  if (length < 0) return null;
  const { at } = reader;
  reader.at = within(reader, at + length);
  return reader.buffer.subarray(at, reader.at);
}

function within({ buffer }: WireReader, end: number): number {
  if (end > buffer.length) throw new RangeError('A record reaches beyond its batch');
  return end;
}

/** Names of the record before: almost always the same in the same places, so their text is made once. */
interface HeaderNames {
  readonly buffer: Buffer;
  readonly starts: number[];
  readonly texts: string[];
}

function readHeaders(reader: WireReader, names: HeaderNames): Record<string, string> {
  const count = readVarint(reader);
  const headers: Record<string, string> = {};
  for (let i = 0; i < count; i += 1) {
    const name = readName(reader, names, i);
    const value = readText(reader) ?? '';
    // What a producer calls `__proto__` is a name like any other.
    if (name === '__proto__') {
      Object.defineProperty(headers, name, { value, enumerable: true, configurable: true });
    } else headers[name] = value;
  }
  return headers;
}

function readName(reader: WireReader, { buffer, starts, texts }: HeaderNames, i: number): string {
  const length = readVarint(reader);
  const { at } = reader;
  reader.at = within(reader, at + length);
  const before = starts[i];
  const text = texts[i];
  if (before !== undefined && text !== undefined && text.length === length) {
    let same = 0;
    while (same < length && buffer[before + same] === buffer[at + same]) same += 1;
    if (same === length) return text;
  }
  const read = buffer.toString('utf8', at, reader.at);
  starts[i] = at;
  texts[i] = read;
  return read;
}

function corrupt(topic: string, partition: number, what: string, cause?: unknown): SignpostError {
  return new SignpostError('log-corrupt', `A batch of ${topic}/${partition} ${what}`, { cause });
}
