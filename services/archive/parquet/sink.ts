// Bytes that grow: values as Parquet's encoding PLAIN has them, and small whole numbers as its RLE hybrid does, see
// https://github.com/apache/parquet-format/blob/master/Encodings.md.

/** Up to this many characters a loop beats the call into native code. */
const SHORT_STRING = 24;

export class Sink {
  private bytes = Buffer.allocUnsafeSlow(1 << 10);
  private view = new DataView(this.bytes.buffer);
  length = 0;

  /** What was written since `clear`: a view, good until the next write. */
  written(from = 0): Uint8Array {
    return this.bytes.subarray(from, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  int(value: number): void {
    this.reserve(4);
    this.view.setInt32(this.length, value, true);
    this.length += 4;
  }

  /** Of any safe integer. */
  long(value: number): void {
    this.reserve(8);
    this.view.setInt32(this.length, value | 0, true);
    this.view.setInt32(this.length + 4, Math.floor(value / 2 ** 32), true);
    this.length += 8;
  }

  double(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** As UTF-8 behind its length; a lone surrogate becomes U+FFFD, as in the codecs. */
  string(value: string): void {
    const { length } = value;
    if (length <= SHORT_STRING && this.shortAscii(value)) return;
    this.reserve(4 + (length < 1 << 16 ? 3 * length : Buffer.byteLength(value)));
    const written = this.bytes.write(value, this.length + 4, 'utf8');
    this.view.setInt32(this.length, written, true);
    this.length += 4 + written;
  }

  /** Behind their length. */
  bytesValue(value: Uint8Array): void {
    this.int(value.length);
    this.reserve(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  /** Numbers up to 255, as they are. */
  copy(values: Uint8Array): void {
    this.reserve(values.length);
    this.bytes.set(values, this.length);
    this.length += values.length;
  }

  /** Runs of eight and more of the same number as such, others packed in `width` bits (at most 24) each. */
  hybrid(values: Uint8Array | Uint32Array, width: number): void {
    const to = values.length;
    let packedFrom = -1;
    for (let i = 0; i < to;) {
      const value = values[i]!;
      let end = i + 1;
      while (end < to && values[end] === value) end++;
      if (end - i >= 8) {
        if (packedFrom >= 0) this.packed(values, packedFrom, i, width);
        packedFrom = -1;
        this.varint((end - i) * 2);
        for (let bits = 0; bits < width; bits += 8) this.byte((value >> bits) & 0xff);
        i = end;
      } else {
        if (packedFrom < 0) packedFrom = i;
        i = Math.min(i + 8, to);
      }
    }
    if (packedFrom >= 0) this.packed(values, packedFrom, to, width);
  }

  private packed(values: Uint8Array | Uint32Array, from: number, to: number, width: number): void {
    const groups = Math.ceil((to - from) / 8);
    this.varint(groups * 2 + 1);
    this.reserve(groups * width);
    const { bytes } = this;
    let at = this.length;
    let bits = 0;
    let held = 0;
    for (let i = from; i < from + groups * 8; i++) {
      bits |= (i < to ? values[i]! : 0) << held;
      for (held += width; held >= 8; held -= 8) {
        bytes[at++] = bits & 0xff;
        bits >>>= 8;
      }
    }
    this.length = at;
  }

  private varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  /** Writes `value` when it is ASCII, else leaves everything as it was. */
  private shortAscii(value: string): boolean {
    const { length } = value;
    this.reserve(4 + length);
    const { bytes } = this;
    const start = this.length + 4;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[start + i] = code;
    }
    this.view.setInt32(this.length, length, true);
    this.length = start + length;
    return true;
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(2 * (this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}

/** Bits for numbers up to `most`. */
export function bitWidth(most: number): number {
  return Math.max(1, 32 - Math.clz32(most));
}
