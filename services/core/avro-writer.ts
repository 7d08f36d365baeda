// Writes Avro values one after the other into slabs of memory, and hands out the piece that each record took.
const FRAME_BYTES = 5;
/** Many records share a slab: memory of its own costs a record more than writing it does. */
const SLAB_BYTES = 256 * 1024;
/** Up to this many characters a loop beats the call into native code. */
const SHORT_STRING = 24;
const HALF_OF_28_BITS = 2 ** 27;

export class AvroWriter {
  private bytes = Buffer.allocUnsafeSlow(SLAB_BYTES);
  private view = viewOf(this.bytes);
  /** Where the record under way begins; what lies before belongs to records handed out. */
  private start = 0;
  private position = 0;
  /** The record finished last; records do not change, so its bytes hold for as long. */
  private last: unknown = undefined;
  private lastBytes = new Uint8Array(0);

  /** Starts a record with its frame. */
  begin(schemaId: number): void {
    this.position = this.start;
    this.reserve(FRAME_BYTES);
    this.bytes[this.position] = 0;
    this.view.setUint32(this.position + 1, schemaId);
    this.position += FRAME_BYTES;
  }

  /**
   * What was written since `begin`: a view on memory that is never written again, shared with other records.
   * @param of the record it is, remembered for `repeats`.
   */
  finish(of: unknown): Uint8Array {
    const record = this.bytes.subarray(this.start, this.position);
    this.last = of;
    this.lastBytes = record;
    this.start = this.position;
    // A slab made for one huge record goes with it.
    if (this.bytes.length > SLAB_BYTES) this.take(SLAB_BYTES);
    return record;
  }

  /** Writes `record` when it is the one finished last: an insight follows on its signal. */
  repeats(record: unknown): boolean {
    if (record !== this.last) return false;
    this.copy(this.lastBytes, FRAME_BYTES, this.lastBytes.length);
    return true;
  }

  /** Bytes of a record encoded before, as they are. */
  copy(bytes: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    this.bytes.set(bytes.subarray(from, to), this.position);
    this.position += to - from;
  }

  /** Index of a union's branch, 0 or 1. */
  branch(index: 0 | 1): void {
    this.reserve(1);
    this.bytes[this.position++] = index << 1;
  }

  boolean(value: boolean): void {
    if (typeof value !== 'boolean') throw new TypeError('not a boolean');
    this.reserve(1);
    this.bytes[this.position++] = value ? 1 : 0;
  }

  int(value: number): void {
    if ((value | 0) !== value) throw new TypeError('not a 32-bit integer');
    this.long(value);
  }

  /** Zigzag and variable length (Avro 1.11, "Primitive Types"), exact for every safe integer. */
  long(value: number): void {
    if (!Number.isSafeInteger(value)) throw new TypeError('not a safe integer');
    this.reserve(10);
    const bytes = this.bytes;
    let at = this.position;
    if (value >= -0x40000000 && value < 0x40000000) {
      let rest = (value << 1) ^ (value >> 31);
      while (rest > 0x7f) {
        bytes[at++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
      bytes[at++] = rest;
    } else {
      const half = value < 0 ? -value - 1 : value;
      let low = (half % HALF_OF_28_BITS) * 2 + (value < 0 ? 1 : 0);
      let high = Math.floor(half / HALF_OF_28_BITS);
      for (let group = 0; group < 4; group++) {
        bytes[at++] = (low & 0x7f) | 0x80;
        low >>>= 7;
      }
      while (high > 0x7f) {
        bytes[at++] = (high % 0x80) | 0x80;
        high = Math.floor(high / 0x80);
      }
      bytes[at++] = high;
    }
    this.position = at;
  }

  double(value: number): void {
    if (typeof value !== 'number') throw new TypeError('not a number');
    this.reserve(8);
    this.view.setFloat64(this.position, value, true);
    this.position += 8;
  }

  /** As UTF-8; a lone surrogate becomes U+FFFD, as everywhere on the web. */
  string(value: string): void {
    if (typeof value !== 'string') throw new TypeError('not a string');
    if (value.length <= SHORT_STRING && this.shortAscii(value)) return;
    // One character takes three bytes at most; for long text count rather than reserve threefold.
    const most = value.length < SLAB_BYTES / 4 ? value.length * 3 : Buffer.byteLength(value);
    this.reserve(most + 5);
    const start = this.position;
    this.long(value.length);
    const guessed = this.position;
    const written = this.bytes.write(value, guessed, 'utf8');
    if (written !== value.length) {
      // Text beyond ASCII may need a longer length than guessed: move it before the length runs into it.
      const grown = lengthBytes(written) - (guessed - start);
      if (grown > 0) this.bytes.copyWithin(guessed + grown, guessed, guessed + written);
      this.position = start;
      this.long(written);
    }
    this.position += written;
  }

  bytesValue(value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) throw new TypeError('not bytes');
    this.long(value.length);
    this.reserve(value.length);
    this.bytes.set(value, this.position);
    this.position += value.length;
  }

  symbol(indices: ReadonlyMap<string, number>, value: string): void {
    const index = indices.get(value);
    if (index === undefined) throw new TypeError('not a symbol of the enum');
    this.long(index);
  }

  array<T>(items: readonly T[], write: (writer: AvroWriter, item: T) => void): void {
    if (!Array.isArray(items)) throw new TypeError('not an array');
    if (items.length > 0) {
      this.long(items.length);
      for (const item of items as readonly T[]) write(this, item);
    }
    this.branch(0);
  }

  map<T>(
    entries: Readonly<Record<string, T>>,
    write: (writer: AvroWriter, value: T) => void,
  ): void {
    if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) {
      throw new TypeError('not an object');
    }
    const keys = Object.keys(entries);
    if (keys.length > 0) {
      this.long(keys.length);
      for (const key of keys) {
        this.string(key);
        write(this, entries[key] as T);
      }
    }
    this.branch(0);
  }

  /** Writes `value` when it is ASCII, else leaves everything as it was. */
  private shortAscii(value: string): boolean {
    const length = value.length;
    this.reserve(length + 1);
    const bytes = this.bytes;
    const start = this.position + 1;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[start + i] = code;
    }
    bytes[this.position] = length << 1;
    this.position = start + length;
    return true;
  }

  private reserve(count: number): void {
    if (this.position + count <= this.bytes.length) return;
    const { bytes, start, position } = this;
    this.take(Math.max(SLAB_BYTES, 2 * (position - start + count)));
    bytes.copy(this.bytes, 0, start, position);
    this.position = position - start;
  }

  private take(length: number): void {
    this.bytes = Buffer.allocUnsafeSlow(length);
    this.view = viewOf(this.bytes);
    this.start = 0;
    this.position = 0;
  }
}

export function writeString(writer: AvroWriter, value: string): void {
  writer.string(value);
}

export function writeInt(writer: AvroWriter, value: number): void {
  writer.int(value);
}

export function writeLong(writer: AvroWriter, value: number): void {
  writer.long(value);
}

export function writeDouble(writer: AvroWriter, value: number): void {
  writer.double(value);
}

/** Position of each symbol, for `AvroWriter.symbol`. */
export function symbolIndices(symbols: readonly string[]): ReadonlyMap<string, number> {
  return new Map(symbols.map((symbol, index) => [symbol, index]));
}

/** Bytes that a length takes: 7 bits each, one of them for the sign. */
function lengthBytes(length: number): number {
  let bytes = 1;
  for (let limit = 64; length >= limit; limit *= 128) bytes++;
  return bytes;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
