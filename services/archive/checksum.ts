// The checksum of a set of rows, whatever their order and however they are spread over files: the sum, modulo 2^64, of the
// first 8 bytes of each row's SHA-256 over partition, offset and the record as its codec writes it now. Sums of ranges add up.
import { hash } from 'node:crypto';

export interface Checksum {
  add(partition: number, offset: number, value: Uint8Array): void;
  addAll(checksum: string): void;
  /** 16 hex digits. */
  hex(): string;
}

export function createChecksum(): Checksum {
  // Two halves: sums of 2^21 of them stay exact, and carry when read.
  let high = 0;
  let low = 0;
  let frame = Buffer.alloc(4096);
  const settle = (): void => {
    high = (high + Math.floor(low / 2 ** 32)) % 2 ** 32;
    low %= 2 ** 32;
  };
  const addHalves = (h: number, l: number): void => {
    high += h;
    low += l;
    if (low >= 2 ** 52) settle();
    if (high >= 2 ** 52) high %= 2 ** 32;
  };
  return {
    add(partition, offset, value) {
      if (frame.length < 12 + value.length) frame = Buffer.alloc(2 * (12 + value.length));
      frame.writeUInt32BE(partition, 0);
      frame.writeBigUInt64BE(BigInt(offset), 4);
      frame.set(value, 12);
      const digest = hash('sha256', frame.subarray(0, 12 + value.length), 'buffer');
      addHalves(digest.readUInt32BE(0), digest.readUInt32BE(4));
    },
    addAll(checksum) {
      addHalves(Number.parseInt(checksum.slice(0, 8), 16), Number.parseInt(checksum.slice(8), 16));
    },
    hex() {
      settle();
      high %= 2 ** 32;
      return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
    },
  };
}
