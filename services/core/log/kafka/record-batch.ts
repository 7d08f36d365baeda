// Writing Kafka's record batches (magic 2): records are encoded as they come, the header once it is known who sends it.
// https://kafka.apache.org/documentation/#recordbatch
import type { Headers, OutgoingRecord } from '../port.ts';
import type { Compressor } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { writeWireId, type SchemaIds } from './schema-ids.ts';
import {
  createWriter,
  putInt64,
  putVarint,
  reserve,
  taken,
  type WireWriter,
} from './wire-format.ts';

/** Bytes before the records: offset 8, length 4, epoch 4, magic 1, crc 4, and 40 that the checksum covers. */
export const HEADER_BYTES = 61;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const TRANSACTIONAL = 0x10;
const FIRST_BYTES = 16 * 1024;
/** Of one varint. */
const VARINT_BYTES = 10;

/** Records of one partition on their way into one batch. */
export interface OpenBatch {
  readonly topic: string;
  readonly partition: number;
  readonly writer: WireWriter;
  count: number;
  readonly firstTimestamp: number;
  maxTimestamp: number;
}

/** A batch but for its sender. */
export interface ClosedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly count: number;
  readonly bytes: Buffer;
}

export function openBatch(topic: string, partition: number, firstTimestamp: number): OpenBatch {
  const writer = createWriter(FIRST_BYTES);
  writer.length = HEADER_BYTES;
  return { topic, partition, writer, count: 0, firstTimestamp, maxTimestamp: firstTimestamp };
}

/** Adds a record; with `ids` its framed value gets the registry's schema id. */
export function addRecord(
  batch: OpenBatch,
  { key, value, headers, timestamp }: OutgoingRecord,
  ids: SchemaIds | undefined,
): void {
  const { writer } = batch;
  const keyBytes = key === null ? 0 : key.length * 3;
  const valueBytes = value === null ? 0 : value.length;
  // Two bytes are set aside for the length of the record, which most need; others are moved.
  reserve(writer, keyBytes + valueBytes + 6 * VARINT_BYTES);
  const start = writer.length;
  let { buffer } = writer;
  let at = start + 2;
  buffer[at++] = 0;
  at = putVarint(buffer, at, timestamp - batch.firstTimestamp);
  at = putVarint(buffer, at, batch.count);
  at = putText(buffer, at, key);
  if (value === null) {
    at = putVarint(buffer, at, -1);
  } else {
    at = putVarint(buffer, at, valueBytes);
    buffer.set(value, at);
    if (ids !== undefined) writeWireId(buffer, at, valueBytes, ids);
    at += valueBytes;
  }
  writer.length = at;
  writeHeaders(writer, headers);
  ({ buffer } = writer);
  const body = writer.length - start - 2;
  const size = body < 64 ? 1 : body < 8_192 ? 2 : body < 1_048_576 ? 3 : body < 134_217_728 ? 4 : 5;
  if (size !== 2) {
    reserve(writer, VARINT_BYTES);
    ({ buffer } = writer);
    buffer.copyWithin(start + size, start + 2, writer.length);
    writer.length += size - 2;
  }
  putVarint(buffer, start, body);
  batch.count += 1;
  if (timestamp > batch.maxTimestamp) batch.maxTimestamp = timestamp;
}

/** Compresses the records and writes all of the header that does not depend on the sender. */
export function closeBatch(batch: OpenBatch, compressor: Compressor): ClosedBatch {
  const { topic, partition, writer, count, firstTimestamp, maxTimestamp } = batch;
  let bytes = taken(writer);
  if (compressor.id !== 0) {
    const packed = compressor.compress(bytes.subarray(HEADER_BYTES));
    bytes = Buffer.allocUnsafe(HEADER_BYTES + packed.length);
    bytes.set(packed, HEADER_BYTES);
  }
  putInt64(bytes, 0, 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt32BE(-1, 12);
  bytes[16] = 2;
  bytes.writeInt16BE(compressor.id | TRANSACTIONAL, ATTRIBUTES_AT);
  bytes.writeInt32BE(count - 1, 23);
  putInt64(bytes, 27, firstTimestamp);
  putInt64(bytes, 35, maxTimestamp);
  bytes.writeInt32BE(count, 57);
  return { topic, partition, count, bytes };
}

/** Makes the batch that of a producer; may be done again for another try. */
export function stampBatch(
  { bytes }: ClosedBatch,
  producerId: bigint,
  producerEpoch: number,
  sequence: number,
): void {
  bytes.writeBigInt64BE(producerId, 43);
  bytes.writeInt16BE(producerEpoch, 51);
  bytes.writeInt32BE(sequence, 53);
  bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT), CRC_AT);
}

function writeHeaders(writer: WireWriter, headers: Headers): void {
  const counted = writer.length;
  reserve(writer, VARINT_BYTES);
  writer.length += 1;
  let count = 0;
  for (const name in headers) {
    const value = headers[name]!;
    reserve(writer, (name.length + value.length) * 3 + 2 * VARINT_BYTES);
    writer.length = putText(writer.buffer, writer.length, name);
    writer.length = putText(writer.buffer, writer.length, value);
    count += 1;
  }
  if (count < 64) {
    putVarint(writer.buffer, counted, count);
    return;
  }
  reserve(writer, VARINT_BYTES);
  const extra = putVarint(Buffer.alloc(VARINT_BYTES), 0, count) - 1;
  writer.buffer.copyWithin(counted + 1 + extra, counted + 1, writer.length);
  putVarint(writer.buffer, counted, count);
  writer.length += extra;
}

/** Length and UTF-8 bytes; room for three bytes a character must have been reserved. */
function putText(buffer: Buffer, at: number, text: string | null): number {
  if (text === null) return putVarint(buffer, at, -1);
  const { length } = text;
  // Written where a length of one byte would leave it, for texts that can have one: no counting beforehand.
  if (length < 64) {
    const bytes = buffer.write(text, at + 1);
    if (bytes < 64) {
      buffer[at] = bytes * 2;
      return at + 1 + bytes;
    }
  }
  const bytes = Buffer.byteLength(text);
  const from = putVarint(buffer, at, bytes);
  return from + buffer.write(text, from);
}
