// Keys go where Kafka's default partitioner sends them.
import { describe, expect, it } from 'vitest';
import { murmur2, partitionOfKey } from '../../services/core/log/embedded/partitioner.ts';

// From org.apache.kafka.common.utils.UtilsTest#testMurmur2.
const KNOWN: readonly (readonly [key: string, hash: number])[] = [
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ['abc', 479_470_107],
];

describe('murmur2', () => {
  it.each(KNOWN)('hashes %s as Kafka does', (key, hash) => {
    expect(murmur2(key)).toBe(hash);
  });

  it('hashes the UTF-8 bytes of a key that is not ASCII, wherever the first such character stands', () => {
    for (const key of [
      'é',
      'aé',
      'aaé',
      'aaaé',
      'aaaaé',
      'żółw',
      '日本語のキー',
      '🙂',
      'abcd🙂efg',
    ]) {
      expect(murmur2(key)).toBe(reference(Buffer.from(key)));
    }
  });

  it('keeps the partition within the topic, for negative hashes too', () => {
    expect(partitionOfKey('21', 12)).toBe((-973_932_308 & 0x7f_ff_ff_ff) % 12);
    expect(partitionOfKey('', 3)).toBe((murmur2('') & 0x7f_ff_ff_ff) % 3);
  });
});

/** Kafka's Utils.murmur2 written down literally, byte by byte. */
function reference(data: Buffer): number {
  const m = 0x5b_d1_e9_95;
  let h = 0x97_47_b2_8c ^ data.length;
  const whole = data.length >> 2;
  for (let i = 0; i < whole; i += 1) {
    let k = Math.imul(data.readInt32LE(i * 4), m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const tail = whole * 4;
  if (data.length % 4 >= 3) h ^= (data[tail + 2] ?? 0) << 16;
  if (data.length % 4 >= 2) h ^= (data[tail + 1] ?? 0) << 8;
  if (data.length % 4 >= 1) h = Math.imul(h ^ (data[tail] ?? 0), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}
