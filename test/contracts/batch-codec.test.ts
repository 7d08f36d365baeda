// Whatever records are written come back as they were, from any place in a batch.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countWithin,
  createBatchEncoder,
  decodeBatch,
} from '../../services/core/log/embedded/batch-codec.ts';
import type { LogRecord, ReceivedRecord } from '../../services/core/log/port.ts';

const PLACE = { topic: 't', partition: 3, baseOffset: 1_000 };

const wellFormed = fc.string({ unit: 'grapheme', maxLength: 40 });
const headerName = fc.constantFrom('ce_id', 'ce_type', 'żółw', '', 'constructor', '__proto__', '0');
const batches: fc.Arbitrary<LogRecord[]> = fc.array(
  fc.record({
    key: fc.option(wellFormed),
    value: fc.option(fc.uint8Array({ maxLength: 300 })),
    headers: fc
      .array(fc.tuple(headerName, fc.oneof(wellFormed, fc.constantFrom('same', 'ąę'))), {
        maxLength: 6,
      })
      .map((entries) => Object.fromEntries(entries)),
    timestamp: fc.oneof(
      fc.integer({ min: 0, max: 2 ** 41 }),
      fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
    ),
  }),
  { minLength: 1, maxLength: 80 },
);

describe('the batch codec', () => {
  it('gives back what was written, from any record to any other', () => {
    fc.assert(
      fc.property(batches, fc.nat(), fc.nat(), (written, a, b) => {
        const { bytes, count, maxTimestamp } = encode(written);
        expect(count).toBe(written.length);
        expect(maxTimestamp).toBe(Math.max(...written.map(({ timestamp }) => timestamp)));
        const from = a % written.length;
        const to = from + (b % (written.length - from + 1));
        const back: ReceivedRecord[] = [];
        decodeBatch(bytes, PLACE, from, to, back);
        expect(back.map(({ offset }) => offset - PLACE.baseOffset)).toEqual(
          written.slice(from, to).map((_, i) => from + i),
        );
        for (const [i, record] of back.entries()) {
          const original = written[from + i] as LogRecord;
          expect(record.key).toBe(original.key);
          expect(record.timestamp).toBe(original.timestamp);
          expect(record.value && [...record.value]).toEqual(original.value && [...original.value]);
          expect(Object.entries(record.headers)).toEqual(Object.entries(original.headers));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('replaces lone surrogates, which UTF-8 cannot say, and keeps what stands around them', () => {
    const { bytes } = encode([
      {
        key: 'k\ud800',
        value: null,
        headers: { a: '\udc00x', b: 'y\ud83d', c: '\ude00' },
        timestamp: 1,
      },
    ]);
    const back: ReceivedRecord[] = [];
    decodeBatch(bytes, PLACE, 0, 1, back);
    expect(back[0]?.key).toBe('k\ufffd');
    expect(Object.keys(back[0]?.headers ?? {})).toEqual(['a', 'b', 'c']);
  });

  it('says how many records fit into so many bytes, at least one', () => {
    const { bytes } = encode(
      Array.from({ length: 10 }, () => ({
        key: 'k',
        value: new Uint8Array(100),
        headers: {},
        timestamp: 1,
      })),
    );
    expect(countWithin(bytes, 0, 1)).toBe(1);
    expect(countWithin(bytes, 9, 1)).toBe(1);
    expect(countWithin(bytes, 0, 330)).toBe(3);
    expect(countWithin(bytes, 4, 1_000_000)).toBe(6);
  });

  it('refuses any damaged byte and unknown formats', () => {
    const { bytes } = encode([
      { key: 'k', value: new Uint8Array(20), headers: { a: 'b' }, timestamp: 1 },
    ]);
    for (let at = 0; at < bytes.length; at += 1) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      expect(() => decodeBatch(damaged, PLACE, 0, 1, [])).toThrowError(
        expect.objectContaining({ code: 'log-corrupt' }),
      );
    }
  });

  it('refuses a time that is no whole number of milliseconds', () => {
    const headers = {};
    for (const timestamp of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, 2 ** 51]) {
      expect(() => encode([{ key: null, value: null, headers, timestamp }])).toThrowError(
        TypeError,
      );
    }
  });
});

function encode(
  records: readonly LogRecord[],
): ReturnType<ReturnType<typeof createBatchEncoder>['finish']> {
  const encoder = createBatchEncoder();
  for (const record of records) encoder.add(record);
  return encoder.finish();
}
