// Record batches are Kafka's, bit for bit: kafkajs's own decoder and encoder are what they are compared with.
import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { registerCodecs, compressorOf } from '#core/log/kafka/compression.ts';
import { crc32c } from '#core/log/kafka/crc32c.ts';
import { createBuffered } from '#core/log/kafka/lane.ts';
import { packOutgoing } from '#core/log/kafka/outgoing.ts';
import {
  addRecord,
  closeBatch,
  openBatch,
  stampBatch,
  HEADER_BYTES,
} from '#core/log/kafka/record-batch.ts';
import { readBatches, wholeBatches } from '#core/log/kafka/record-reader.ts';
import type { SchemaIds } from '#core/log/kafka/schema-ids.ts';
import { putVarint, readVarint } from '#core/log/kafka/wire-format.ts';
import type { OutgoingRecord, ReceivedRecord } from '#core/log/port.ts';
import { partitionOfKey } from '../../services/core/log/embedded/partitioner.ts';

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: object,
) => Promise<{ records: KafkajsRecord[] }>;
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (options: object) => Promise<{ buffer: Buffer }>;
};
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (
  record: object,
) => object;

interface KafkajsRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer>;
  readonly timestamp: string;
  readonly offset: string;
}

const compressions = ['none', 'gzip', 'zstd'] as const;
const texts = fc.string({ unit: 'binary', maxLength: 80 });
const records: fc.Arbitrary<OutgoingRecord[]> = fc.array(
  fc.record({
    topic: fc.constant('t'),
    key: fc.option(texts),
    value: fc.option(fc.uint8Array({ maxLength: 300 })),
    // kafkajs reads headers into an object that has a prototype, and takes what is there for a value.
    headers: fc.dictionary(
      texts.filter((name) => !(name in Object.prototype)),
      texts,
      { maxKeys: 5, noNullPrototype: true },
    ),
    timestamp: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  }),
  { minLength: 1, maxLength: 20 },
);

describe('a record batch', () => {
  registerCodecs();

  it.each(compressions)('is what kafkajs reads, %s', async (compression) => {
    await fc.assert(
      fc.asyncProperty(records, async (given) => {
        const bytes = batchOf(given, compression);
        const { records: back } = await decodeBatch(new Decoder(bytes));
        expect(back.map(ofKafkajs)).toEqual(given.map(plain));
      }),
      { numRuns: 60 },
    );
  });

  it.each(compressions)('is read as kafkajs writes it, %s', async (compression) => {
    await fc.assert(
      fc.asyncProperty(records, async (given) => {
        const timestamps = given.map(({ timestamp }) => timestamp);
        const first = Math.min(...timestamps);
        const { buffer } = await RecordBatch({
          compression: compressorOf(compression).id,
          firstTimestamp: first,
          maxTimestamp: Math.max(...timestamps),
          lastOffsetDelta: given.length - 1,
          records: given.map((each, i) =>
            encodeRecord({
              ...each,
              value: each.value && Buffer.from(each.value),
              offsetDelta: i,
              timestampDelta: each.timestamp - first,
            }),
          ),
        });
        expect(read(buffer).map(plain)).toEqual(given.map(plain));
      }),
      { numRuns: 60 },
    );
  });

  it('comes back whatever the length of what it holds', () => {
    for (const length of [0, 1, 55, 60, 63, 64, 127, 128, 8_000, 8_191, 8_200, 1_048_600]) {
      const given = ['x', 'é', '€', '🙂'].map((letter) => ({
        ...base,
        key: letter.repeat(Math.min(length, 300)),
        value: new Uint8Array(length).fill(7),
        headers: Object.fromEntries(
          Array.from({ length: length % 130 }, (_, i) => [`h${i}`, letter]),
        ),
      }));
      expect(read(batchOf(given, 'zstd')).map(plain)).toEqual(given.map(plain));
    }
  });

  it('keeps a header of any name', () => {
    const headers = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
    const [back] = read(batchOf([{ ...base, headers }], 'none'));
    expect(Object.entries(back!.headers)).toEqual(Object.entries(headers));
  });

  it('that is damaged is told from one that is not, or read as it was, and nothing else happens', () => {
    const good = batchOf([base, { ...base, key: 'b' }], 'none');
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bad = Buffer.from(good);
        bad[at]! ^= change;
        const { length } = wholeBatches(bad);
        expect(codeOf(() => readAll(bad.subarray(0, length)))).toMatch(
          /^(read|log-corrupt|unsupported-compression)$/,
        );
      }),
      { numRuns: 2_000 },
    );
    for (let at = HEADER_BYTES; at < good.length; at += 1) {
      const bad = Buffer.from(good);
      bad[at]! ^= 1;
      expect(() => readAll(bad)).toThrow(/checksum/);
    }
  });

  it('is cut off where an answer ends in the middle of it', () => {
    const two = Buffer.concat([batchOf([base], 'none'), batchOf([base], 'none')]);
    const one = two.length / 2;
    for (let length = 0; length <= two.length; length += 1) {
      expect(wholeBatches(two.subarray(0, length)).length).toBe(Math.floor(length / one) * one);
    }
  });

  it('once found damaged is not passed over', () => {
    const bad = batchOf([base], 'none');
    bad[bad.length - 1]! ^= 1;
    const buffered = createBuffered('t', 0, undefined);
    const nothing = { errorCode: 0, highWatermark: 1, lastStableOffset: 1, logStart: 0 };
    const at = { topic: 't', partition: 0, nextOffset: 1, aborted: [] };
    buffered.add({ ...nothing, ...at, bytes: bad });
    for (let i = 0; i < 3; i += 1) expect(() => buffered.hasRecords()).toThrow(/checksum/);
  });
});

describe('CRC-32C', () => {
  it('is that of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  });
});

describe('a varint', () => {
  it('comes back, up to 52 bits', () => {
    fc.assert(
      // Beyond that its zigzag has more bits than a double.
      fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), (value) => {
        const buffer = Buffer.alloc(10);
        const length = putVarint(buffer, 0, value);
        const reader = { buffer, at: 0 };
        expect(readVarint(reader)).toBe(value);
        expect(reader.at).toBe(length);
      }),
    );
  });
});

describe('outputs', () => {
  const options = (partitions: number) => ({
    partitionsOf: async () => partitions,
    wireTopic: (topic: string) => `p.${topic}`,
    compressor: compressorOf('none'),
    schemaIds: undefined,
    random: () => 0.5,
  });

  it('go to the partition that kafkajs’s and so Java’s default partitioner says', () => {
    const partitioner = Partitioners.DefaultPartitioner();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 50 }), (key, count) => {
        const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
          partitionId,
          leader: 1,
        }));
        const message = { key, value: '' };
        const expected = partitioner({ topic: 't', partitionMetadata, message } as never);
        expect(partitionOfKey(key, count)).toBe(expected);
      }),
    );
  });

  it('of one partition are split below a megabyte, at most one batch of it in each round', async () => {
    const value = new Uint8Array(100_000);
    const given = Array.from({ length: 30 }, () => ({ ...base, value }));
    const { rounds, places } = await packOutgoing(given, options(1), true);
    expect(rounds.map((round) => round.map(({ count }) => count))).toEqual([[8], [8], [8], [6]]);
    for (const batch of rounds.flat()) expect(batch.bytes.length).toBeLessThan(1_000_000);
    expect(places.map(({ index }) => index)).toEqual(given.map((_, i) => i));
    expect(rounds.flat().every(({ topic }) => topic === 'p.t')).toBe(true);
  });
});

describe('schema ids', () => {
  const ids: SchemaIds = {
    toWire: (id) => id + 1_000,
    fromWire: (id) => (id >= 1_000 && id < 2_000 ? id - 1_000 : undefined),
  };
  const framed = (id: number): Buffer => {
    const bytes = Buffer.from([0, 0, 0, 0, 0, 42]);
    bytes.writeUInt32BE(id, 1);
    return bytes;
  };

  it('are the registry’s on the wire and the repository’s inside; the caller’s bytes stay as they are', () => {
    const value = framed(7);
    const bytes = batchOf([{ ...base, value }], 'none', ids);
    expect(value).toEqual(framed(7));
    expect(read(bytes)[0]?.value).toEqual(framed(1_007));
    expect(read(bytes, ids)[0]?.value).toEqual(framed(7));
  });

  it('of others, and what is not framed, pass as they are', () => {
    const foreign = batchOf([{ ...base, value: framed(5_000) }], 'none');
    expect(read(foreign, ids)[0]?.value).toEqual(framed(5_000));
    const json = Buffer.from('{"a":1}');
    expect(read(batchOf([{ ...base, value: json }], 'none', ids), ids)[0]?.value).toEqual(json);
    const short = Buffer.from([0, 0, 0]);
    expect(read(batchOf([{ ...base, value: short }], 'none', ids), ids)[0]?.value).toEqual(short);
  });
});

const base: OutgoingRecord = {
  topic: 't',
  key: 'k',
  value: Buffer.from('value'),
  headers: { ce_id: '1' },
  timestamp: 1_700_000_000_000,
};

function batchOf(
  given: readonly OutgoingRecord[],
  compression: (typeof compressions)[number],
  ids?: SchemaIds,
): Buffer {
  const open = openBatch('t', 0, given[0]!.timestamp);
  for (const each of given) addRecord(open, each, ids);
  const batch = closeBatch(open, compressorOf(compression));
  stampBatch(batch, 5n, 1, 0);
  return batch.bytes;
}

function read(bytes: Buffer, ids?: SchemaIds): ReceivedRecord[] {
  const fetched = { topic: 't', partition: 0, bytes, from: 0, aborted: [] };
  return [...readBatches(fetched, ids)].flatMap((batch) => batch.records);
}

/** The code of what is thrown; `read` when nothing is. */
function codeOf(work: () => unknown): unknown {
  try {
    work();
    return 'read';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

function readAll(bytes: Buffer): ReceivedRecord[] {
  return read(bytes);
}

function plain({ key, value, headers, timestamp }: OutgoingRecord | ReceivedRecord): object {
  return { key: wellFormed(key), value: value && [...value], headers: ofText(headers), timestamp };
}

function ofKafkajs({ key, value, headers, timestamp }: KafkajsRecord): object {
  const words = Object.entries(headers).map(([name, each]) => [name, each.toString()] as const);
  return {
    key: key && key.toString(),
    value: value && [...value],
    headers: Object.fromEntries(words),
    timestamp: Number(timestamp),
  };
}

/** UTF-8 has no lone surrogates. */
function wellFormed(text: string | null): string | null {
  return text && text.toWellFormed();
}

function ofText(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]),
  );
}
