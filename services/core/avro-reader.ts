// Reads Avro values one after the other and checks every length against the bytes that are left,
// so that hostile lengths neither allocate nor loop.
import { isUtf8 } from 'node:buffer';
import { SignpostError } from './errors.ts';

const FRAME_BYTES = 5;
const SHORT_STRING = 4;
const HALF_OF_28_BITS = 2 ** 27;
const NOTHING = Buffer.alloc(0);

export class AvroReader {
  private bytes: Buffer = NOTHING;
  private position = 0;

  /** Takes framed bytes and returns their schema id. */
  begin(framed: Uint8Array): number {
    this.bytes = Buffer.isBuffer(framed)
      ? framed
      : Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength);
    this.position = 0;
    if (framed.length < FRAME_BYTES) throw this.failure('shorter than its frame of 5 bytes');
    if (framed[0] !== 0) throw this.failure('does not start with a zero byte');
    this.position = FRAME_BYTES;
    return this.bytes.readUInt32BE(1);
  }

  /** Refuses bytes that are left over. */
  end(): void {
    if (this.position !== this.bytes.length) throw this.failure('bytes left over');
  }

  /** Lets go of the input. */
  release(): void {
    this.bytes = NOTHING;
  }

  /** An error that says where; never what, since that may be a customer's words. */
  failure(problem: string): SignpostError {
    const where = `at byte ${Math.min(this.position, this.bytes.length)} of ${this.bytes.length}`;
    return new SignpostError('undecodable', `${problem} (${where})`);
  }

  /** Whether a union of null and one type holds the type, whose branch is `index`. */
  present(index: 0 | 1): boolean {
    const branch = this.bytes[this.position];
    if (branch !== 0 && branch !== 2) throw this.failure('no such branch of the union');
    this.position++;
    return branch >> 1 === index;
  }

  boolean(): boolean {
    const byte = this.bytes[this.position];
    if (byte !== 0 && byte !== 1) throw this.failure('not a boolean');
    this.position++;
    return byte === 1;
  }

  int(): number {
    const value = this.long();
    if ((value | 0) !== value) throw this.failure('int beyond 32 bits');
    return value;
  }

  /** Zigzag and variable length (Avro 1.11, "Primitive Types"); refuses what a number cannot hold exactly. */
  long(): number {
    const bytes = this.bytes;
    let at = this.position;
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw this.failure('ends within a number');
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.position = at;
        return (low >>> 1) ^ -(low & 1);
      }
    }
    let high = 0;
    let factor = 1;
    for (let group = 4; group < 10; group++) {
      const byte = bytes[at++];
      if (byte === undefined) throw this.failure('ends within a number');
      high += (byte & 0x7f) * factor;
      factor *= 0x80;
      if (byte < 0x80) {
        const half = high * HALF_OF_28_BITS + (low >>> 1);
        const value = (low & 1) === 0 ? half : -half - 1;
        if (!Number.isSafeInteger(value)) throw this.failure('number beyond 2^53');
        this.position = at;
        return value;
      }
    }
    throw this.failure('number longer than 10 bytes');
  }

  double(): number {
    const at = this.position;
    if (at + 8 > this.bytes.length) throw this.failure('ends within a number');
    this.position = at + 8;
    return this.bytes.readDoubleLE(at);
  }

  string(): string {
    const length = this.length();
    const start = this.position;
    const end = start + length;
    this.position = end;
    const bytes = this.bytes;
    if (length <= SHORT_STRING) {
      let text = '';
      let at = start;
      for (; at < end; at++) {
        const byte = bytes[at] as number;
        if (byte > 0x7f) break;
        text += String.fromCharCode(byte);
      }
      if (at === end) return text;
    }
    const text = bytes.toString('utf8', start, end);
    // Decoding puts U+FFFD where bytes are no UTF-8; only text that holds one is worth a second look.
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) {
      this.position = start;
      throw this.failure('text is not UTF-8');
    }
    return text;
  }

  /** A view on the input. */
  bytesValue(): Uint8Array {
    const length = this.length();
    const start = this.position;
    this.position = start + length;
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, length);
  }

  symbol<T extends string>(symbols: readonly T[]): T {
    const symbol = symbols[this.long()];
    if (symbol === undefined) throw this.failure('no such symbol of the enum');
    return symbol;
  }

  array<T>(read: (reader: AvroReader) => T): T[] {
    const items: T[] = [];
    for (let count = this.blockCount(); count > 0; count = this.blockCount()) {
      for (; count > 0; count--) items.push(read(this));
    }
    return items;
  }

  map<T>(read: (reader: AvroReader) => T): Record<string, T> {
    const entries: Record<string, T> = {};
    for (let count = this.blockCount(); count > 0; count = this.blockCount()) {
      for (; count > 0; count--) {
        const key = this.string();
        const value = read(this);
        if (key === '__proto__') {
          // Plain assignment would set the prototype and lose the entry.
          Object.defineProperty(entries, key, {
            value,
            enumerable: true,
            configurable: true,
            writable: true,
          });
        } else {
          entries[key] = value;
        }
      }
    }
    return entries;
  }

  private length(): number {
    const length = this.long();
    if (length < 0 || length > this.bytes.length - this.position) {
      throw this.failure('a length beyond the end');
    }
    return length;
  }

  /** Items of an array's or map's next block. Every item takes a byte or more (the generator sees to it). */
  private blockCount(): number {
    let count = this.long();
    if (count < 0) {
      count = -count;
      this.length();
    }
    if (count > this.bytes.length - this.position) throw this.failure('a count beyond the end');
    return count;
  }
}

export function readString(reader: AvroReader): string {
  return reader.string();
}

export function readInt(reader: AvroReader): number {
  return reader.int();
}

export function readLong(reader: AvroReader): number {
  return reader.long();
}

export function readDouble(reader: AvroReader): number {
  return reader.double();
}
