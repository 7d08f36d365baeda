// CRC-32C (Castagnoli; RFC 3720, appendix B.4), the checksum of Kafka's batches; four bytes at a time.

const tables = makeTables();

/** The checksum of `bytes` from `from` on, unsigned. */
export function crc32c(bytes: Uint8Array, from = 0): number {
  const [t0, t1, t2, t3] = tables;
  const { length } = bytes;
  let crc = -1;
  let i = from;
  for (; i + 4 <= length; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc = t3[crc & 0xff]! ^ t2[(crc >>> 8) & 0xff]! ^ t1[(crc >>> 16) & 0xff]! ^ t0[crc >>> 24]!;
  }
  for (; i < length; i += 1) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 0xff]!;
  return (crc ^ -1) >>> 0;
}

function makeTables(): [Int32Array, Int32Array, Int32Array, Int32Array] {
  const made: [Int32Array, Int32Array, Int32Array, Int32Array] = [
    new Int32Array(256),
    new Int32Array(256),
    new Int32Array(256),
    new Int32Array(256),
  ];
  for (let n = 0; n < 256; n += 1) {
    let crc = n;
    // The polynomial 0x1EDC6F41, reflected.
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    made[0][n] = crc;
  }
  for (let n = 0; n < 256; n += 1) {
    for (let t = 1; t < 4; t += 1) {
      const before = made[t - 1]![n]!;
      made[t]![n] = (before >>> 8) ^ made[0][before & 0xff]!;
    }
  }
  return made;
}
