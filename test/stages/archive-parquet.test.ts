// Rows into Parquet files and back: whatever a topic can hold comes out as it went in.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Insight } from '#schemas/insight.ts';
import { SignpostError } from '#core/errors.ts';
import { shippedSchemas } from '#core/registry/shipped.ts';
import { avroType } from '../../scripts/schemas/compatibility.ts';
import {
  type Dataset,
  datasets,
  insights,
  rejected,
  revisions,
} from '../../services/archive/datasets.ts';
import { fileOfBytes, type ParquetFile } from '../../services/archive/parquet/read-file.ts';
import { readColumns, readParquet } from '../../services/archive/parquet/read.ts';
import { writeParquet, type WriteOptions } from '../../services/archive/parquet/write.ts';
import type { ArchivedRow } from '../../services/archive/row.ts';
import { records } from '../schemas/all-codecs.ts';
import { anyRecord } from '../support/any-record.ts';

const samplesOf = (dataset: Dataset<unknown>): readonly unknown[] =>
  records
    .find(({ fullName }) => fullName === dataset.topic.codec.recordName)!
    .samples.map(({ value }) => value);

function rowsOf<T>(kept: readonly T[]): ArchivedRow<T>[] {
  return kept.map((record, n) => ({
    partition: n % 3,
    offset: 1000 + n,
    timestamp: 1_700_000_000_000 + n,
    origin: n % 2 === 0 ? null : `tickets.reported.v1/0/${n}`,
    traceparent: null,
    replayOf: n === 1 ? 'letter' : null,
    erasedAt: n === 2 ? 1_800_000_000_000 : null,
    record,
  }));
}

async function readAll<T>(dataset: Dataset<T>, bytes: Uint8Array): Promise<ArchivedRow<T>[]> {
  const rows: ArchivedRow<T>[] = [];
  for await (const batch of readParquet(dataset, fileOfBytes(bytes))) rows.push(...batch);
  return rows;
}

/** What tells rows apart: records as their codec writes them, and where they were on the topic. */
function told<T>({ topic }: Dataset<T>, rows: readonly ArchivedRow<T>[]): unknown {
  return rows.map(({ record, ...place }) => ({
    ...place,
    record: Buffer.from(topic.codec.encode(record)).toString('hex'),
  }));
}

async function backOf<T>(
  dataset: Dataset<T>,
  rows: readonly ArchivedRow<T>[],
  options?: WriteOptions,
): Promise<unknown> {
  return told(dataset, await readAll(dataset, writeParquet(dataset, rows, options)));
}

const insight = samplesOf(insights)[0] as Insight;
const withSignal = (part: Partial<Insight['signal']>): Insight => ({
  ...insight,
  signal: { ...insight.signal, ...part },
});

describe.each(datasets.map((dataset) => ({ name: dataset.name, dataset })))('$name', (given) => {
  const { dataset } = given;
  const { codec } = dataset.topic;

  it('come back as they were', async () => {
    const rows = rowsOf(samplesOf(dataset));
    expect(await backOf(dataset, rows)).toEqual(told(dataset, rows));
  });

  it('come back with any content, in row groups of any size', async () => {
    const anyRow = fc.record({
      partition: fc.nat(),
      offset: fc.oneof(fc.nat(), fc.constant(2 ** 53 - 1)),
      timestamp: fc.maxSafeInteger(),
      origin: fc.option(fc.string()),
      traceparent: fc.option(fc.string()),
      replayOf: fc.option(fc.string()),
      erasedAt: fc.option(fc.nat()),
      // As it comes from a topic.
      record: anyRecord(codec.schemaId).map((record) => codec.decode(codec.encode(record))),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRow, { maxLength: 12 }),
        fc.integer({ min: 1, max: 12 }),
        async (rows, groupRows) => {
          expect(await backOf(dataset, rows, { groupRows })).toEqual(told(dataset, rows));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('without a row are a file too', async () => {
    expect(await readAll(dataset, writeParquet(dataset, []))).toEqual([]);
  });
});

describe('a file', () => {
  it('has the same bytes for the same rows', () => {
    const rows = rowsOf(samplesOf(insights) as Insight[]);
    const again = rows.map((row) => ({
      ...row,
      record: insights.topic.codec.decode(insights.topic.codec.encode(row.record)),
    }));
    expect(writeParquet(insights, again)).toEqual(writeParquet(insights, rows));
  });

  it('keeps columns of many values, equal and different, over pages and dictionaries', async () => {
    const words = Array.from({ length: 900 }, (_, n) => `word ${n} ${'x'.repeat(n % 40)}`);
    const many = Array.from({ length: 6000 }, (_, n) => ({
      ...withSignal({
        sourceId: `T-${n}`,
        text: n % 7 === 0 ? null : `${n} ${'long text '.repeat(60)}`,
        channel: words[n % words.length]!,
        score: n === 4000 ? -0 : n % 5,
        occurredAt: n < 1500 ? 1_700_000_000_000 : 1_700_000_000_000 - n * 86_400_000,
        attributes: n % 3 === 0 ? {} : { a: words[n % 100]!, [`k${n}`]: '' },
      }),
      unsure: n % 4 === 0 ? null : words.slice(0, n % 4),
    }));
    const rows = rowsOf(many);
    expect(await backOf(insights, rows)).toEqual(told(insights, rows));
  });

  it('keeps texts of a megabyte, in row groups that end when they are large', async () => {
    const texts = ['a', 'é', '😀', '\ud800', '\0'].map((unit) => unit.repeat(1_000_000));
    const rows = rowsOf(texts.map((text) => withSignal({ text })));
    const back = await backOf(insights, rows, { groupBytes: 1 });
    expect(back).toEqual(told(insights, rows));
  });

  it('keeps bytes as they are', async () => {
    const letters = samplesOf(rejected) as object[];
    const payload = Uint8Array.from({ length: 300 }, (_, n) => n);
    const [row] = rowsOf([{ ...letters[0], payload }]);
    const [back] = await readAll(rejected, writeParquet(rejected, [row as never]));
    expect(back?.record.payload).toStrictEqual(payload);
  });

  it('is refused for a record that does not fit, by the name of the field', () => {
    const broken = withSignal({ revision: 0.5 });
    expect(() => writeParquet(insights, rowsOf([broken]))).toThrow(
      'signal.revision is no int in a record',
    );
    const missing = withSignal({ place: undefined as never });
    expect(() => writeParquet(insights, rowsOf([missing]))).toThrow(
      'signal.place is missing in a record',
    );
  });
});

describe('some columns alone', () => {
  it('are what they are in the rows, also where something above is null', async () => {
    const rows = rowsOf(samplesOf(insights) as Insight[]);
    const names = ['_offset', 'signal.customer', 'signal.ticket.status', 'departments'] as const;
    const read: Record<string, unknown[]> = {};
    const file = fileOfBytes(writeParquet(insights, rows, { groupRows: 2 }));
    for await (const part of readColumns(insights, file, names)) {
      for (const name of names) (read[name] ??= []).push(...part[name]);
    }
    expect(read).toEqual({
      _offset: rows.map(({ offset }) => offset),
      'signal.customer': rows.map(({ record }) => record.signal.customer),
      'signal.ticket.status': rows.map(({ record }) => record.signal.ticket?.status ?? null),
      departments: rows.map(({ record }) => record.departments),
    });
  });

  it('take hardly more of the file than they need', async () => {
    const many = Array.from({ length: 3000 }, (_, n) =>
      withSignal({ text: `${n} `.repeat(400), customer: `k1:${n}` }),
    );
    const whole = fileOfBytes(writeParquet(insights, rowsOf(many)));
    let taken = 0;
    const file = {
      ...whole,
      slice: (start: number, end?: number) => {
        taken += (end ?? whole.byteLength) - start;
        return whole.slice(start, end);
      },
    };
    for await (const part of readColumns(insights, file, ['signal.customer']))
      expect(part['signal.customer'][2999]).toBe('k1:2999');
    expect(taken).toBeLessThan(600_000);
  });

  it('have names that the schema knows', async () => {
    const file = fileOfBytes(writeParquet(insights, []));
    const reading = readColumns(insights, file, ['signal.nothing']);
    await expect(reading.next()).rejects.toThrow('there is no column signal.nothing');
  });
});

describe('a file of an earlier release', () => {
  const shipped = shippedSchemas();
  const older = shipped.filter(({ recordName, version }) =>
    shipped.some((other) => other.recordName === recordName && other.version > version),
  );
  const cases = datasets.flatMap((dataset) =>
    older
      .filter(({ recordName }) => recordName === dataset.topic.codec.recordName)
      .map(({ id, version, text }) => ({ dataset, id, version, text, name: dataset.name })),
  );

  it.each(cases)('is read as of this one: $name, version $version', async (given) => {
    const { dataset, id, text } = given;
    const { topic } = dataset;
    const then: Dataset<unknown> = {
      ...dataset,
      topic: { ...topic, codec: { ...topic.codec, schemaId: id } },
    };
    const type = avroType(JSON.parse(text));
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord(id).map(ofAvro), { maxLength: 5 }), async (written) => {
        const frame = Buffer.alloc(5);
        frame.writeUInt32BE(id, 1);
        // What the topic said then, as this release reads it.
        const now = written.map((record) =>
          topic.codec.decode(Buffer.concat([frame, type.toBuffer(record)])),
        );
        const bytes = writeParquet(then, rowsOf(written));
        expect(told(dataset, await readAll(dataset, bytes))).toEqual(told(dataset, rowsOf(now)));
      }),
      { numRuns: 40 },
    );
  });

  it('is there to be read', () => {
    expect(cases.map(({ name }) => name)).toContain('insights');
  });
});

/** The library knows no lone surrogates and no longs beyond 2^52. */
function ofAvro(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Number.isSafeInteger(value)) return (value as number) % 2 ** 50;
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(ofAvro);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [ofAvro(key), ofAvro(of)]));
}

describe('a damaged file', () => {
  const rows = rowsOf(samplesOf(insights) as Insight[]);
  const whole = writeParquet(insights, rows, { groupRows: 2 });
  const damaged = { code: 'archive-damaged' };

  it('is never read as something else, whichever bit has turned', async () => {
    const before = told(insights, rows);
    const flip = fc.record({ at: fc.nat(whole.length - 1), bit: fc.nat(7) });
    await fc.assert(
      fc.asyncProperty(flip, async ({ at, bit }) => {
        const bytes = whole.slice();
        bytes[at] = bytes[at]! ^ (1 << bit);
        const read = await readAll(insights, bytes).then(
          (back) => told(insights, back),
          (error: SignpostError) => error.code,
        );
        // What does not concern the reader, as docs of fields, may be wrong.
        expect([before, 'archive-damaged']).toContainEqual(read);
      }),
      { numRuns: 400 },
    );
  });

  it.each([0, 3, 8, 100, 5000, whole.length - 1])('is refused with %d bytes', async (length) => {
    const reading = readAll(insights, whole.slice(0, length));
    await expect(reading).rejects.toMatchObject(damaged);
  });

  it('is refused by its name and with what to do', async () => {
    const file = fileOfBytes(new Uint8Array(100), 'insights/v1/day=2026-11-22/a.parquet');
    await expect(readParquet(insights, file).next()).rejects.toMatchObject({
      ...damaged,
      message: 'insights/v1/day=2026-11-22/a.parquet is no whole file of the dataset insights',
      hint: expect.stringContaining('earlier version') as unknown,
    });
  });

  it('is also one of another dataset', async () => {
    await expect(readAll(revisions, whole)).rejects.toMatchObject(damaged);
  });

  it('is not one that cannot be fetched', async () => {
    const away = new SignpostError('objects-unavailable', 'the store is away');
    for (const failing of [1, 2]) {
      let call = 0;
      const held = fileOfBytes(whole);
      const file: ParquetFile = {
        ...held,
        slice: (start, end) => {
          call += 1;
          return call === failing ? Promise.reject(away) : held.slice(start, end);
        },
      };
      await expect(readParquet(insights, file).next()).rejects.toBe(away);
    }
  });
});
