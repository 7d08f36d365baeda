// Whatever bytes arrive, decoding ends quickly: in a record or in `undecodable`.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { insightCodec } from '#schemas/insight.ts';
import { judgementCodec } from '#schemas/judgement.ts';
import { cases, records } from './all-codecs.ts';

/** Far above what a decode takes, so that a busy machine is no fault; a hostile count that loops takes longer. */
const QUICK_MS = 1000;

const ends = ['decoded', 'undecodable'] as const;

function outcome(decode: () => unknown): (typeof ends)[number] {
  const before = performance.now();
  try {
    decode();
    return 'decoded';
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'undecodable') return 'undecodable';
    throw error;
  } finally {
    expect(performance.now() - before).toBeLessThan(QUICK_MS);
  }
}

/** Zigzag and variable length for any size, also those no number holds. */
function long(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

describe('any bytes', () => {
  it.each(records)('either decode as $record or are undecodable', ({ codec, id }) => {
    const frame = Buffer.from([0, 0, 0, 0, id]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        expect(ends).toContain(outcome(() => codec.decode(body)));
        expect(ends).toContain(outcome(() => codec.decode(Buffer.concat([frame, body]))));
      }),
      { numRuns: 300 },
    );
  });

  it.each(records)('of a $record with a few bytes changed do no harm', ({ codec, samples }) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 6,
        }),
        ({ golden }, changes) => {
          const bytes = Buffer.from(golden);
          for (const [at, byte] of changes) bytes[5 + (at % (bytes.length - 5))] = byte;
          expect(ends).toContain(outcome(() => codec.decode(bytes)));
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each(cases)('of $title cut short anywhere are undecodable', ({ codec, sample }) => {
    for (let length = 0; length < sample.golden.length; length++) {
      expect(outcome(() => codec.decode(sample.golden.subarray(0, length)))).toBe('undecodable');
    }
  });
});

describe('bytes made to harm', () => {
  const golden = records.find(({ record }) => record === 'judgement')?.samples[1]?.golden as Buffer;
  const insight = records.find(({ record }) => record === 'insight')?.samples[1]?.golden as Buffer;
  const sizes = [
    2n ** 31n,
    2n ** 31n - 1n,
    2n ** 32n,
    2n ** 53n,
    2n ** 62n,
    -1n,
    -(2n ** 31n),
    -(2n ** 63n),
  ];

  it.each(sizes)('with a text length of %d are undecodable', (size) => {
    const bytes = Buffer.concat([golden.subarray(0, 5), long(size), Buffer.alloc(40, 2)]);
    expect(outcome(() => judgementCodec.decode(bytes))).toBe('undecodable');
  });

  it.each(sizes)('with an array or map count of %d are undecodable and take no memory', (size) => {
    const before = process.memoryUsage().rss;
    for (let at = 5; at < insight.length; at++) {
      const bytes = Buffer.concat([
        insight.subarray(0, at),
        long(size),
        long(4n),
        Buffer.alloc(4000),
      ]);
      expect(outcome(() => insightCodec.decode(bytes))).toBe('undecodable');
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  it.each<[string, Buffer, string]>([
    ['nothing at all', Buffer.alloc(0), 'shorter than its frame'],
    ['a frame alone', Buffer.from([0, 0, 0, 0, 8]), 'ends within a number'],
    ['another first byte', Buffer.concat([Buffer.from([1]), golden.subarray(1)]), 'zero byte'],
    [
      'an unknown schema id',
      Buffer.concat([Buffer.from([0, 255, 255, 255, 255]), golden.subarray(5)]),
      'schema id 4294967295 is none of this record',
    ],
    ['another record', insight, 'schema id 11 is none of this record'],
    ['bytes left over', Buffer.concat([golden, Buffer.from([0])]), 'bytes left over'],
    [
      'a number without end',
      Buffer.concat([golden.subarray(0, 5), Buffer.alloc(50, 0xff)]),
      'number longer than 10 bytes',
    ],
    [
      'text that is no UTF-8',
      Buffer.concat([golden.subarray(0, 5), Buffer.from([4, 0xc3, 0x28]), golden.subarray(8)]),
      'text is not UTF-8',
    ],
  ])('%s: undecodable, saying why and where', (_, bytes, why) => {
    expect(() => judgementCodec.decode(bytes)).toThrow(
      expect.objectContaining({ code: 'undecodable', message: expect.stringContaining(why) }),
    );
    expect(() => judgementCodec.decode(bytes)).toThrow(
      /^signpost\.Judgement: .* \(at byte \d+ of \d+\)$/,
    );
  });

  it('a replacement character that was really written is no fault', () => {
    const record = { ...judgementCodec.decode(golden), comment: `kept \ufffd ${'x'.repeat(20)}` };
    expect(judgementCodec.decode(judgementCodec.encode(record))).toStrictEqual(record);
  });
});
