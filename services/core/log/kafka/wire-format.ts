// Bytes of Kafka's protocol that are ours to write and read: big-endian numbers, strings, and varints of records.
// https://kafka.apache.org/protocol.html#protocol_types

const TWO_32 = 2 ** 32;

/** A growing buffer; what it holds so far is `taken()`. */
export interface WireWriter {
  buffer: Buffer;
  length: number;
}

export function createWriter(bytes: number): WireWriter {
  return { buffer: Buffer.allocUnsafe(bytes), length: 0 };
}

/** Makes room for so many bytes more. */
export function reserve(writer: WireWriter, bytes: number): void {
  const needed = writer.length + bytes;
  if (needed <= writer.buffer.length) return;
  const larger = Buffer.allocUnsafe(Math.max(needed, writer.buffer.length * 2));
  writer.buffer.copy(larger, 0, 0, writer.length);
  writer.buffer = larger;
}

export function taken({ buffer, length }: WireWriter): Buffer {
  return buffer.subarray(0, length);
}

export function writeInt8(writer: WireWriter, value: number): void {
  reserve(writer, 1);
  writer.length = writer.buffer.writeInt8(value, writer.length);
}

export function writeInt16(writer: WireWriter, value: number): void {
  reserve(writer, 2);
  writer.length = writer.buffer.writeInt16BE(value, writer.length);
}

export function writeInt32(writer: WireWriter, value: number): void {
  reserve(writer, 4);
  writer.length = writer.buffer.writeInt32BE(value, writer.length);
}

/** Whole numbers that a double holds exactly. */
export function writeInt64(writer: WireWriter, value: number): void {
  reserve(writer, 8);
  writer.length = putInt64(writer.buffer, writer.length, value);
}

export function putInt64(buffer: Buffer, at: number, value: number): number {
  const high = Math.floor(value / TWO_32);
  buffer.writeInt32BE(high, at);
  return buffer.writeUInt32BE(value - high * TWO_32, at + 4);
}

export function writeString(writer: WireWriter, text: string | null): void {
  if (text === null) {
    writeInt16(writer, -1);
    return;
  }
  const bytes = Buffer.byteLength(text);
  writeInt16(writer, bytes);
  reserve(writer, bytes);
  writer.length += writer.buffer.write(text, writer.length);
}

export function writeBytes(writer: WireWriter, bytes: Uint8Array): void {
  reserve(writer, bytes.length);
  writer.buffer.set(bytes, writer.length);
  writer.length += bytes.length;
}

/** Zigzag varint of a whole number up to 2^53 in size; room for 10 bytes must have been reserved. */
export function putVarint(buffer: Buffer, at: number, value: number): number {
  let i = at;
  let rest = value >= 0 ? value * 2 : value * -2 - 1;
  while (rest > 0x7f) {
    buffer[i++] = (rest % 128) | 0x80;
    rest = rest < TWO_32 ? Math.floor(rest / 128) : (rest - (rest % 128)) / 128;
  }
  buffer[i++] = rest;
  return i;
}

/** Reads on in a buffer; `at` moves. */
export interface WireReader {
  readonly buffer: Buffer;
  at: number;
}

export function readInt8(reader: WireReader): number {
  return reader.buffer.readInt8(reader.at++);
}

export function readInt16(reader: WireReader): number {
  const value = reader.buffer.readInt16BE(reader.at);
  reader.at += 2;
  return value;
}

export function readInt32(reader: WireReader): number {
  const value = reader.buffer.readInt32BE(reader.at);
  reader.at += 4;
  return value;
}

export function readInt64(reader: WireReader): number {
  const value = int64At(reader.buffer, reader.at);
  reader.at += 8;
  return value;
}

export function int64At(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * TWO_32 + buffer.readUInt32BE(at + 4);
}

export function readString(reader: WireReader): string | null {
  const length = readInt16(reader);
  if (length < 0) return null;
  const text = reader.buffer.toString('utf8', reader.at, reader.at + length);
  reader.at += length;
  return text;
}

/** @throws RangeError when it does not end within 10 bytes or the buffer. */
export function readVarint(reader: WireReader): number {
  const { buffer } = reader;
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 10; i += 1) {
    const byte = buffer[reader.at];
    if (byte === undefined) break;
    reader.at += 1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    scale *= 128;
  }
  throw new RangeError('A number in a record has no end');
}

/** An array of what `read` reads. */
export function readArray<T>(reader: WireReader, read: (reader: WireReader) => T): T[] {
  const count = readInt32(reader);
  const items: T[] = [];
  for (let i = 0; i < count; i += 1) items.push(read(reader));
  return items;
}

export function writeArray<T>(
  writer: WireWriter,
  items: readonly T[],
  write: (writer: WireWriter, item: T) => void,
): void {
  writeInt32(writer, items.length);
  for (const item of items) write(writer, item);
}
