// Which partition a key belongs to: bit for bit Kafka's default partitioner, so that a topic moved between the
// embedded log and Kafka keeps every key where it was.

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** The partition of a key: `(murmur2(utf8(key)) & 0x7fffffff) % partitions`, as `BuiltInPartitioner` of Kafka clients. */
export function partitionOfKey(key: string, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** 32-bit MurmurHash2 of the key's UTF-8 bytes as a signed integer; `org.apache.kafka.common.utils.Utils.murmur2`. */
export function murmur2(key: string): number {
  const { length } = key;
  let h = SEED ^ length;
  let i = 0;
  // Keys are almost always ASCII, where characters are bytes and no encoding is needed.
  for (; i + 4 <= length; i += 4) {
    const a = key.charCodeAt(i);
    const b = key.charCodeAt(i + 1);
    const c = key.charCodeAt(i + 2);
    const d = key.charCodeAt(i + 3);
    if ((a | b | c | d) > 0x7f) return murmur2OfBytes(Buffer.from(key, 'utf8'));
    let k = Math.imul(a | (b << 8) | (c << 16) | (d << 24), M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  let tail = 0;
  for (let shift = 0; i < length; i += 1, shift += 8) {
    const a = key.charCodeAt(i);
    if (a > 0x7f) return murmur2OfBytes(Buffer.from(key, 'utf8'));
    tail |= a << shift;
  }
  return finish((length & 3) === 0 ? h : Math.imul(h ^ tail, M));
}

function murmur2OfBytes(bytes: Buffer): number {
  const { length } = bytes;
  let h = SEED ^ length;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    let k = Math.imul(bytes.readInt32LE(i), M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  if (i < length) h = Math.imul(h ^ bytes.readUIntLE(i, length - i), M);
  return finish(h);
}

function finish(hash: number): number {
  let h = hash ^ (hash >>> 13);
  h = Math.imul(h, M);
  return h ^ (h >>> 15);
}
