// Records of another release: read as this release knows them once their schema is learnt, bounded whatever it says.
import avsc from 'avsc';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AvroReader } from '#core/avro-reader.ts';
import { canonicalText, mostSchemaText, parseShape } from '#core/registry/avro-shape.ts';
import { learnSchema } from '#core/registry/learned-schemas.ts';
import { resolvingReader } from '#core/registry/resolve.ts';
import { shippedSchemas } from '#core/registry/shipped.ts';
import { signalCodec, type Signal } from '#schemas/signal.ts';
import { schemasRoot, records } from './all-codecs.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Json = Record<string, unknown> & { fields: Record<string, unknown>[] };
const frame = (id: number, body: Buffer) => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, body]);
};
const avroType = (schema: unknown) =>
  avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'never' });
const read = (writer: unknown, reader: unknown, body: Buffer): unknown => {
  const resolve = resolvingReader(
    parseShape(JSON.stringify(writer)),
    parseShape(JSON.stringify(reader)),
  );
  const source = new AvroReader();
  source.begin(frame(1, body));
  const record = resolve(source);
  source.end();
  return record;
};
const schemaOf = (record: string): Json =>
  JSON.parse(readFileSync(join(schemasRoot, `generated/avro/${record}.v1.avsc`), 'utf8')) as Json;

/** Version 2 of a signal: fields more, in another order, a new symbol, and one field with a default gone. */
function signalV2(): Json {
  const v2 = schemaOf('signal');
  const place = v2.fields.find(({ name }) => name === 'place') as { type: Json };
  place.type.fields.unshift({ name: 'floor', type: ['null', 'int'], default: null, doc: 'Floor.' });
  const kind = v2.fields.find(({ name }) => name === 'kind') as { type: { symbols: string[] } };
  kind.type.symbols = ['call', ...kind.type.symbols];
  const tags = { type: 'array', items: 'string' };
  v2.fields = [
    { name: 'tags', type: tags, default: [], doc: 'Tags.' },
    ...v2.fields.filter(({ name }) => name !== 'channel').toReversed(),
    { name: 'weights', type: { type: 'map', values: 'double' }, default: {}, doc: 'Weights.' },
  ];
  return v2;
}

describe('a record of a later version', () => {
  const v2 = signalV2();
  const sample = records.find(({ record }) => record === 'signal')!.samples[1]!.value as Signal;
  const written = {
    ...sample,
    tags: ['a', 'b'],
    weights: { x: 0.5 },
    kind: 'call',
    place: { ...sample.place, floor: 3 },
  };
  const bytes = frame(777, avroType(v2).toBuffer(written));

  it('is undecodable until its schema is learnt, and then reads as this release knows it', () => {
    expect(() => signalCodec.decode(bytes)).toThrow('schema id 777 is none of this record');
    learnSchema(777, JSON.stringify(v2));
    const { default: fallback } = schemaOf('signal').fields.find(({ name }) => name === 'kind')!
      .type as { default: string };
    const { default: channel } = schemaOf('signal').fields.find(({ name }) => name === 'channel')!;
    expect(signalCodec.decode(bytes)).toStrictEqual({ ...sample, kind: fallback, channel });
    expect(Object.keys(signalCodec.decode(bytes))).toEqual(Object.keys(sample));
  });

  it('is undecodable by the codec of another record', () => {
    learnSchema(778, JSON.stringify(schemaOf('alert')));
    expect(() => signalCodec.decode(frame(778, Buffer.alloc(9)))).toThrow(
      'schema id 778 is none of this record',
    );
  });

  it('cut short anywhere is undecodable', () => {
    learnSchema(777, JSON.stringify(v2));
    for (let length = 5; length < bytes.length; length += 1) {
      expect(() => signalCodec.decode(bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'undecodable' }),
      );
    }
  });

  it('whose schema cannot be resolved is undecodable, saying which field', () => {
    const other = schemaOf('signal');
    other.fields.find(({ name }) => name === 'id')!['type'] = 'long';
    learnSchema(779, JSON.stringify(other));
    expect(() => signalCodec.decode(frame(779, Buffer.alloc(99)))).toThrow(
      'schema id 779 cannot be read: field id is long and should be string',
    );
  });
});

describe('resolution', () => {
  const leaf = fc.constantFrom('boolean', 'int', 'long', 'double', 'string', 'bytes');
  /** A type by recursion, with names that are unique in the order of their making. */
  const { type } = fc.letrec<{ type: unknown; record: unknown }>((tie) => ({
    type: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.constant({ type: 'enum', symbols: ['red', 'blue', 'unknown'], default: 'unknown' }),
      fc.record({ type: fc.constant('array'), items: tie('type') }),
      fc.record({ type: fc.constant('map'), values: tie('type') }),
      tie('type').map((of) => (Array.isArray(of) ? of : ['null', of])),
      tie('record'),
    ),
    record: fc
      .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), tie('type')), {
        minLength: 1,
        maxLength: 4,
        selector: ([name]) => name,
      })
      .map((fields) => ({
        type: 'record',
        fields: fields.map(([name, of]) => ({ name, type: of })),
      })),
  }));
  const root = fc.array(type, { minLength: 1, maxLength: 5 }).map((types) => ({
    type: 'record',
    fields: types.map((of, i) => ({ name: `f${i}`, type: of })),
  }));

  function named(json: unknown, path = 'R'): unknown {
    if (Array.isArray(json)) return json.map((branch, i) => named(branch, `${path}u${i}`));
    if (typeof json !== 'object' || json === null) return json;
    const { type: of, ...rest } = json as { type: unknown; fields?: { name: string }[] };
    if (of === 'record') {
      const fields = rest.fields!.map((field) => ({
        ...field,
        type: named((field as { type?: unknown }).type, `${path}_${field.name}`),
      }));
      return { type: of, name: path, namespace: 'test', fields };
    }
    if (of === 'enum') return { type: of, name: path, namespace: 'test', ...rest };
    const inner = Object.entries(rest).map(([key, value]) => [key, named(value, `${path}i`)]);
    return { type: of, ...Object.fromEntries(inner) };
  }

  /** The same with fields more at every record, in another order, and a symbol more to every enum. */
  function later(json: unknown): unknown {
    if (Array.isArray(json)) return json.map(later);
    if (typeof json !== 'object' || json === null) return json;
    const one = json as Record<string, unknown>;
    if (one['type'] === 'enum') return { ...one, symbols: ['green', ...(one['symbols'] as [])] };
    if (one['type'] === 'record') {
      const fields = (one['fields'] as { name: string; type: unknown }[]).map((field) => ({
        ...field,
        type: later(field.type),
      }));
      const more = [
        { name: 'newText', type: 'string', default: 'é' },
        { name: 'newList', type: { type: 'array', items: ['null', 'long'] }, default: [] },
      ];
      return { ...one, fields: [...more, ...fields.toReversed()] };
    }
    return Object.fromEntries(Object.entries(one).map(([key, value]) => [key, later(value)]));
  }
  const plain = (value: unknown): unknown => {
    if (value instanceof Uint8Array) return [...value];
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, plain(of)]));
  };

  it('agrees with the Avro library, both ways', () => {
    fc.assert(
      fc.property(root, (made) => {
        const older = named(made);
        const newer = later(older);
        for (const [writer, reader] of [
          [newer, older],
          [older, newer],
          [older, older],
        ]) {
          const [from, to] = [avroType(writer), avroType(reader)];
          const body = from.toBuffer(from.random());
          const expected = plain(to.fromBuffer(body, to.createResolver(from)));
          expect(plain(read(writer, reader, body))).toEqual(expected);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a schema of somewhere else', () => {
  const record = (fields: unknown[], more: object = {}) =>
    JSON.stringify({ type: 'record', name: 'R', namespace: 'x', fields, ...more });

  it.each<[string, string, string]>([
    ['is no JSON', '{', 'JSON'],
    ['is no record', '"string"', 'not the schema of a record'],
    ['has no fields, whose items would take no byte', record([]), 'x.R has no field'],
    ['holds itself', record([{ name: 'a', type: ['null', 'R'] }]), 'R within itself'],
    ['holds null alone', record([{ name: 'a', type: 'null' }]), 'no type null'],
    ['holds a union of three', record([{ name: 'a', type: ['null', 'int', 'string'] }]), 'a union'],
    ['holds a float', record([{ name: 'a', type: 'float' }]), 'no type float'],
    [
      'holds fixed bytes, of no length',
      record([{ name: 'a', type: { type: 'fixed', name: 'F', size: 0 } }]),
      'no type fixed',
    ],
    ['is too long', ' '.repeat(mostSchemaText + 1), 'longer than'],
    [
      'nests too deeply',
      record([
        {
          name: 'a',
          type: JSON.parse(
            `${'["null",{"type":"array","items":'.repeat(40)}"int"${'}]'.repeat(40)}`,
          ),
        },
      ]),
      'nested deeper',
    ],
    [
      'nests too deeply by names that refer to names',
      record([
        { name: 'a0', type: { type: 'record', name: 'C0', fields: [{ name: 'f', type: 'int' }] } },
        ...Array.from({ length: 100 }, (_, i) => ({
          name: `a${i + 1}`,
          type: { type: 'record', name: `C${i + 1}`, fields: [{ name: 'f', type: `C${i}` }] },
        })),
      ]),
      'nested deeper',
    ],
  ])('is refused when it %s', (_, text, why) => {
    expect(() => parseShape(text)).toThrow(why);
  });

  it('announcing more items than there are bytes takes no memory', () => {
    const writer = JSON.parse(record([{ name: 'a', type: { type: 'array', items: 'boolean' } }]));
    const before = process.memoryUsage().rss;
    const body = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x10, 1, 1, 1, 1, 1]);
    expect(() => read(writer, writer, body)).toThrow('a count beyond the end');
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
  });

  it('is the same whatever its docs, order of properties and spelling of names', () => {
    const signal = shippedSchemas().find(({ record: name }) => name === 'signal');
    const respelt = JSON.stringify(JSON.parse(signal!.text), (key, value: unknown) => {
      if (key === 'doc') return undefined;
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      const entries = Object.entries(value).toReversed();
      // A named type inherits the namespace around it.
      return Object.fromEntries(entries.filter(([name]) => name !== 'namespace' || key === ''));
    });
    expect(respelt).not.toContain('"doc"');
    expect(canonicalText(parseShape(respelt))).toBe(signal!.canonical);
  });
});
