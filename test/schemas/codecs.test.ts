// The generated codecs against golden bytes, and against the Avro library that knows the schemas alone.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Judgement, judgementCodec } from '#schemas/judgement.ts';
import { type RejectedRecord, rejectedRecordCodec } from '#schemas/rejected-record.ts';
import { type Signal, signalCodec } from '#schemas/signal.ts';
import { avroType } from '../../scripts/schemas/compatibility.ts';
import { cases, records, schemasRoot } from './all-codecs.ts';

const signal = records.find(({ record }) => record === 'signal')?.samples[0]?.value as Signal;
const judgement = records.find(({ record }) => record === 'judgement')?.samples[1]
  ?.value as Judgement;

describe('every sample', () => {
  it.each(cases)('$title is encoded to its golden bytes', ({ codec, sample }) => {
    expect(Buffer.from(codec.encode(sample.value)).toString('hex')).toBe(
      sample.golden.toString('hex'),
    );
  });

  it.each(cases)('$title comes back from its golden bytes', ({ codec, sample }) => {
    expect(codec.decode(sample.golden)).toStrictEqual(sample.value);
    expect(codec.decode(new Uint8Array(sample.golden))).toStrictEqual(sample.value);
  });

  it.each(cases)('$title is read by any Avro library from the schema alone', (given) => {
    const file = join(schemasRoot, 'generated/avro', `${given.record}.v${given.version}.avsc`);
    const type = avroType(JSON.parse(readFileSync(file, 'utf8')));
    const read = type.fromBuffer(given.sample.golden.subarray(5));
    expect(comparable(read)).toEqual(comparable(given.sample.value));
    expect(given.sample.golden.readUInt32BE(1)).toBe(given.id);
  });
});

/** The library loses the map key `__proto__`, gives Buffers and records with prototypes. */
function comparable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => {
      if (key === '__proto__') return undefined;
      const bytes = inner as { type?: unknown; data?: unknown } | null;
      if (inner instanceof Uint8Array) return [...inner];
      return bytes?.type === 'Buffer' ? bytes.data : inner;
    }),
  );
}

describe('encoding', () => {
  it('agrees with the Avro library for any text, number and map', () => {
    const type = avroType(records.find(({ record }) => record === 'signal')?.schema ?? '');
    const text = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(
        fc.record({
          id: text,
          text: fc.option(text),
          // Below -2^52 the library itself is off by one.
          occurredAt: fc.integer({ min: -(2 ** 52), max: Number.MAX_SAFE_INTEGER - 1 }),
          revision: fc.integer(),
          score: fc.option(fc.double({ noNaN: true })),
          attributes: fc.dictionary(
            text.filter((key) => key !== '__proto__'),
            text,
            { noNullPrototype: true },
          ),
        }),
        (part) => {
          const record = { ...signal, ...part };
          const bytes = signalCodec.encode(record);
          expect(type.toBuffer(record).equals(bytes.subarray(5))).toBe(true);
          expect(signalCodec.decode(bytes)).toStrictEqual(record);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    0,
    -1,
    1,
    63,
    64,
    -64,
    -65,
    2 ** 27,
    2 ** 28,
    -(2 ** 28),
    2 ** 30 - 1,
    2 ** 30,
    -(2 ** 30),
    -(2 ** 30) - 1,
    2 ** 31,
    2 ** 32,
    2 ** 41,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ])('keeps the long %d exactly', (judgedAt) => {
    const bytes = judgementCodec.encode({ ...judgement, judgedAt });
    expect(judgementCodec.decode(bytes).judgedAt).toBe(judgedAt);
  });

  it.each([0, 1, 21, 24, 25, 63, 64, 65, 127, 8191, 8192, 22_000, 70_000, 2_000_000])(
    'keeps text of %d characters, ASCII or not, and what follows it',
    (length) => {
      for (const character of ['a', 'é', '网', '😀'.slice(0, 2)]) {
        const comment = character.repeat(length);
        const record = { ...judgement, comment };
        expect(judgementCodec.decode(judgementCodec.encode(record))).toStrictEqual(record);
      }
    },
  );

  it('writes U+FFFD for a lone surrogate, in short and in long text', () => {
    for (const rest of ['', 'x'.repeat(100)]) {
      const bytes = judgementCodec.encode({ ...judgement, comment: `a\ud800b${rest}` });
      expect(judgementCodec.decode(bytes).comment).toBe(`a\ufffdb${rest}`);
    }
  });

  it('never writes again what it handed out', () => {
    const first = signalCodec.encode(signal);
    const copy = Buffer.from(first);
    signalCodec.encode({ ...signal, id: 'another' });
    expect(copy.equals(first)).toBe(true);
  });

  it('works on after a value that did not fit', () => {
    expect(() => signalCodec.encode({ ...signal, revision: 0.5 })).toThrow('revision');
    expect(signalCodec.decode(signalCodec.encode(signal))).toStrictEqual(signal);
  });

  it.each<[string, object, string]>([
    ['a missing field', { text: undefined }, 'text must be string or null, is missing'],
    [
      'a wrong nested type',
      { place: { ...signal.place, lat: '1' } },
      'place.lat must be double or null, is a string',
    ],
    ['a missing record', { place: undefined }, 'place must be a record, is missing'],
    [
      'an unknown symbol',
      { kind: 'toString' },
      'kind must be one of ticket, post, survey, unknown, is a string',
    ],
    ['a fraction for an int', { revision: 1.5 }, 'revision must be int, is a number'],
    ['an int beyond 32 bits', { revision: 2 ** 31 }, 'revision must be int, is an integer'],
    ['a long beyond 2^53', { occurredAt: 2 ** 53 }, 'occurredAt must be long, is a number'],
    ['a date for a long', { occurredAt: new Date(0) }, 'occurredAt must be long, is an object'],
    ['a wrong map value', { redactions: { phone: null } }, 'redactions{} must be int, is null'],
    ['an array for a map', { attributes: [] }, 'attributes must be an object, is an array'],
    [
      'a wrong nested enum',
      { ticket: { ...signal.ticket, status: 3 } },
      'ticket.status must be one of acknowledged, rejected, pending, held, inProgress, cancelled, closed, resolved, unknown or null, is an integer',
    ],
  ])('refuses %s and names the field', (_, part, message) => {
    expect(() => signalCodec.encode({ ...signal, ...part })).toThrow(
      `signpost.Signal does not fit its schema: ${message}`,
    );
  });

  it('never quotes the value that does not fit', () => {
    const secret = 'my card is 4111 1111 1111 1111';
    const broken = { ...signal, text: [secret] } as unknown as Signal;
    expect(() => signalCodec.encode(broken)).toThrow(/^((?!4111)[^])*$/);
  });
});

describe('decoding', () => {
  it('gives bytes as a view on the input', () => {
    const payload = new Uint8Array([1, 2, 3, 250]);
    const letter = records.find(({ record }) => record === 'rejected-record')?.samples[2]?.value;
    const framed = rejectedRecordCodec.encode({ ...(letter as object), payload } as RejectedRecord);
    const back = rejectedRecordCodec.decode(framed).payload;
    expect(back).toStrictEqual(payload);
    expect(back.buffer).toBe(framed.buffer);
  });

  it('keeps a map key named __proto__ as a key', () => {
    const attributes = JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>;
    const back = signalCodec.decode(signalCodec.encode({ ...signal, attributes })).attributes;
    expect(Object.entries(back)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  });
});
