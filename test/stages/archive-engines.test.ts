// The archive's files as engines see them: DuckDB finds names, types, docs and statistics as they are documented.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Insight } from '#schemas/insight.ts';
import { datasets, insights } from '../../services/archive/datasets.ts';
import { dataPrefix, dayOf } from '../../services/archive/layout.ts';
import { writeParquet } from '../../services/archive/parquet/write.ts';
import type { ArchivedRow } from '../../services/archive/row.ts';
import { records } from '../schemas/all-codecs.ts';

const root = mkdtempSync(join(tmpdir(), 'signpost-archive-'));
const dayMs = 86_400_000;
const firstDay = Date.UTC(2026, 10, 20);
let duck: DuckDBConnection;

async function ask(sql: string): Promise<readonly Record<string, unknown>[]> {
  return (await duck.runAndReadAll(sql)).getRowObjectsJson();
}

const row = <T>(record: T, offset: number): ArchivedRow<T> => ({
  partition: 1,
  offset,
  timestamp: firstDay + offset,
  origin: null,
  traceparent: null,
  replayOf: null,
  erasedAt: null,
  record,
});

const samplesOf = (recordName: string): readonly unknown[] =>
  records.find(({ fullName }) => fullName === recordName)!.samples.map(({ value }) => value);
const insight = samplesOf('signpost.Insight')[0] as Insight;
const departments = ['operations', 'marketing', 'planning'];

/** 3,000 insights of three days, each of so many departments as its number leaves by 4. */
const many = Array.from({ length: 3000 }, (_, n): Insight => ({
  ...insight,
  id: `insight-${n}`,
  signal: {
    ...insight.signal,
    occurredAt: firstDay + (n % 3) * dayMs + n,
    customer: `k1:${String(n).padStart(5, '0')}`,
    text: n === 7 ? 'naïve 😀 \0 text' : `text ${n}`,
    redactions: n % 2 === 0 ? { phone: n, email: 1 } : {},
  },
  departments: departments
    .slice(0, n % 4)
    .map((department) => ({ department, relevance: 0.5, evidence: [], rest: 0 })),
}));

beforeAll(async () => {
  duck = await (await DuckDBInstance.create(':memory:')).connect();
  await ask("SET TimeZone = 'UTC'");
  for (const dataset of datasets) {
    const rows = samplesOf(dataset.topic.codec.recordName).map(row);
    writeFileSync(join(root, `${dataset.name}.parquet`), writeParquet(dataset, rows));
    writeFileSync(join(root, `${dataset.name}-none.parquet`), writeParquet(dataset, []));
  }
  for (const [index, day] of [0, 1, 2].map((n) => [n, dayOf(firstDay + n * dayMs)] as const)) {
    const folder = join(root, dataPrefix(insights, day));
    mkdirSync(folder, { recursive: true });
    const rows = many.flatMap((record, n) => (n % 3 === index ? [row(record, n)] : []));
    const bytes = writeParquet(insights, rows, { groupRows: 400 });
    writeFileSync(join(folder, 'insights.shared.v1-1-0-3000.parquet'), bytes);
  }
});
afterAll(() => {
  duck.closeSync();
  rmSync(root, { recursive: true });
});

const archived = `read_parquet('${root}/insights/v1/day=*/*.parquet', hive_partitioning = true)`;

describe.each(datasets.map((dataset) => ({ name: dataset.name, dataset })))('$name', (given) => {
  const { name, dataset } = given;

  it('are as many as were written', async () => {
    const written = samplesOf(dataset.topic.codec.recordName).length;
    const files = [`${name}.parquet`, `${name}-none.parquet`];
    const counts = files.map((file) => ask(`SELECT count(*)::int AS n FROM '${root}/${file}'`));
    expect(await Promise.all(counts)).toEqual([[{ n: written }], [{ n: 0 }]]);
  });

  it('are decoded in every column', async () => {
    const file = join(root, `${name}.parquet`);
    const read = await ask(`SELECT * FROM '${file}'`);
    const ordered = read.map(({ _offset }) => Number(_offset));
    expect(ordered).toEqual(read.map((_, n) => n));
  });

  it('have columns by the names of their topic, and where they were on it', async () => {
    const described = await ask(`DESCRIBE SELECT * FROM '${root}/${name}.parquet'`);
    const columns = described.map(({ column_name }) => column_name);
    const fields = Object.keys(samplesOf(dataset.topic.codec.recordName)[0] as object);
    const own = ['_partition', '_offset', '_timestamp', '_origin', '_traceparent'];
    expect(columns).toEqual([...fields, ...own, '_replay_of', '_erased_at']);
  });

  it('say what their columns mean', async () => {
    const told = await ask(
      `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata('${root}/${name}.parquet')`,
    );
    const values = new Map(told.map(({ key, value }) => [key as string, value as string]));
    expect(values.get('signpost.dataset')).toBe(name);
    expect(values.get('signpost.topic')).toBe(dataset.topic.name);
    expect(values.get('signpost.avro.id')).toBe(String(dataset.topic.codec.schemaId));
    const docs = JSON.parse(values.get('signpost.docs')!) as Record<string, string>;
    const leaves = await ask(
      `SELECT DISTINCT path_in_schema AS path FROM parquet_metadata('${root}/${name}.parquet')`,
    );
    // Items of lists and maps are what the list or map is said to be.
    const paths = leaves
      .map(({ path }) => (path as string).split(', '))
      .filter((path) => !['element', 'key', 'value'].includes(path.at(-1)!))
      .map((path) => path.join('.'));
    expect(Object.keys(docs)).toEqual(expect.arrayContaining(paths));
  });
});

describe('insights of three days', () => {
  it('have the types of their schema', async () => {
    const described = await ask(`DESCRIBE SELECT * FROM ${archived}`);
    const types = new Map(described.map((each) => [each['column_name'], each['column_type']]));
    expect(types.get('id')).toBe('VARCHAR');
    expect(types.get('themeConfidence')).toBe('DOUBLE');
    expect(types.get('sentiment')).toBe('INTEGER');
    expect(types.get('unsure')).toBe('VARCHAR[]');
    expect(types.get('_offset')).toBe('BIGINT');
    expect(types.get('_timestamp')).toBe('TIMESTAMP WITH TIME ZONE');
    expect(types.get('day')).toBe('DATE');
    expect(types.get('signal')).toContain('redactions MAP(VARCHAR, INTEGER)');
    expect(types.get('signal')).toContain('kind VARCHAR, occurredAt TIMESTAMP WITH TIME ZONE');
    expect(types.get('departments')).toContain(
      'evidence STRUCT(kind VARCHAR, "text" VARCHAR, "start" INTEGER, "end" INTEGER, weight DOUBLE)[]',
    );
  });

  it('are counted by the departments that they hold', async () => {
    const counted = await ask(`
      SELECT d.department AS department, count(*)::int AS n
      FROM (SELECT unnest(departments) AS d FROM ${archived}) GROUP BY ALL ORDER BY n DESC`);
    expect(counted).toEqual(
      departments.map((department, rank) => ({
        department,
        n: many.filter((each) => each.departments.length > rank).length,
      })),
    );
  });

  it('are found by their day, which is that of the event', async () => {
    const days = await ask(`
      SELECT day::varchar AS day, count(*)::int AS n, bool_and(signal.occurredAt::date = day) AS same
      FROM ${archived} GROUP BY day ORDER BY day`);
    expect(days).toEqual(
      [0, 1, 2].map((n) => ({ day: dayOf(firstDay + n * dayMs), n: 1000, same: true })),
    );
  });

  it('keep text and maps as they were', async () => {
    const [found] = await ask(`
      SELECT signal.text AS text, epoch_ms(signal.occurredAt) AS at FROM ${archived} WHERE id = 'insight-7'`);
    expect(found).toEqual({ text: 'naïve 😀 \0 text', at: String(firstDay + dayMs + 7) });
    const [sum] = await ask(`SELECT sum(signal.redactions['phone'])::int AS n FROM ${archived}`);
    expect(sum).toEqual({
      n: many.reduce((n, { signal }) => n + (signal.redactions['phone'] ?? 0), 0),
    });
  });

  it('have statistics by which row groups are passed over', async () => {
    const file = `${root}/insights/v1/day=${dayOf(firstDay)}/insights.shared.v1-1-0-3000.parquet`;
    const bounds = await ask(`
      SELECT row_group_id::int AS id, path_in_schema AS path, stats_min_value AS min, stats_max_value AS max,
        stats_null_count::int AS nulls, compression
      FROM parquet_metadata('${file}')
      WHERE path_in_schema IN ('_offset', 'signal, customer', 'signal, inReplyTo') ORDER BY path, id`);
    expect(bounds.map(({ path, id, min, max }) => [path, id, min, max])).toEqual([
      ['_offset', 0, '0', '1197'],
      ['_offset', 1, '1200', '2397'],
      ['_offset', 2, '2400', '2997'],
      ['signal, customer', 0, 'k1:00000', 'k1:01197'],
      ['signal, customer', 1, 'k1:01200', 'k1:02397'],
      ['signal, customer', 2, 'k1:02400', 'k1:02997'],
      ...[0, 1, 2].map((id) => ['signal, inReplyTo', id, null, null]),
    ]);
    expect(bounds.at(-1)).toMatchObject({ nulls: 200, compression: 'ZSTD' });
  });

  it('have bounds for every column that has values', async () => {
    const missing = await ask(`
      SELECT path_in_schema AS path FROM parquet_metadata('${root}/insights/v1/day=*/*.parquet')
      WHERE stats_null_count < num_values AND stats_min_value IS NULL`);
    expect(missing).toEqual([]);
  });
});
