// `npm run bench -- archive`: insights into Parquet files and back, on one core; what a row takes, beside JSON and Avro.
import { zstdCompressSync } from 'node:zlib';
import type { Insight } from '#schemas/insight.ts';
import { insights as dataset } from '../../services/archive/datasets.ts';
import { fileOfBytes } from '../../services/archive/parquet/read-file.ts';
import { readColumns, readParquet } from '../../services/archive/parquet/read.ts';
import { writeParquet } from '../../services/archive/parquet/write.ts';
import type { ArchivedRow } from '../../services/archive/row.ts';
import { benchCompaction } from './archive-compaction.ts';
import { createBenchInsights } from './insights.ts';

/** A chunk of a busy topic. */
const fileRows = 50_000;

export interface BenchTable {
  readonly title: string;
  readonly rows: readonly object[];
}

export async function benchArchive(records: number): Promise<readonly BenchTable[]> {
  return [...(await benchFiles(records)), ...(await benchCompaction(variedInsights(), records))];
}

/** Files of 50,000 rows, one after the other; memory is that of the whole process. */
async function benchFiles(records: number): Promise<readonly BenchTable[]> {
  const { codec } = dataset.topic;
  const make = variedInsights();
  const spent = { decode: 0, write: 0, read: 0, readCustomers: 0 };
  const bytes = { parquet: 0, avro: 0, json: 0, jsonZstd: 0 };
  const residentMb: number[] = [];
  // The first file warms up and does not count.
  for (let first = -fileRows; first < records; first += fileRows) {
    const rows = Math.min(fileRows, records - Math.max(first, 0));
    const values = Array.from({ length: rows }, (_, n) => codec.encode(make(n + fileRows + first)));
    const step = { decode: 0, write: 0, read: 0, readCustomers: 0 };
    const decoded = await timed(step, 'decode', () =>
      values.map((value, n) => rowOf(codec.decode(value), Math.max(first, 0) + n)),
    );
    const file = await timed(step, 'write', () => writeParquet(dataset, decoded));
    await timed(step, 'read', async () => {
      for await (const batch of readParquet(dataset, fileOfBytes(file))) void batch;
    });
    await timed(step, 'readCustomers', async () => {
      const names = ['signal.customer'] as const;
      for await (const part of readColumns(dataset, fileOfBytes(file), names)) void part;
    });
    if (first < 0) continue;
    for (const what of Object.keys(spent) as (keyof typeof spent)[]) spent[what] += step[what];
    const lines = Buffer.from(decoded.map(({ record }) => JSON.stringify(record)).join('\n'));
    bytes.parquet += file.length;
    bytes.avro += values.reduce((sum, value) => sum + value.length, 0);
    bytes.json += lines.length;
    bytes.jsonZstd += zstdCompressSync(lines).length;
    residentMb.push(Math.round(process.memoryUsage().rss / 1e6));
  }
  const perSecond = (cpuUs: number): number => Math.round(records / (cpuUs / 1e6));
  const perRow = (total: number): number => Math.round((total / records) * 10) / 10;
  return [
    {
      title: `${records} insights, rows for a second of processor time`,
      rows: [
        {
          'decode Avro': perSecond(spent.decode),
          'write Parquet': perSecond(spent.write),
          'read Parquet': perSecond(spent.read),
          'read customers alone': perSecond(spent.readCustomers),
        },
      ],
    },
    {
      title: 'Bytes a row',
      rows: [
        {
          Parquet: perRow(bytes.parquet),
          'JSON lines': perRow(bytes.json),
          'JSON lines, zstd': perRow(bytes.jsonZstd),
          'Avro on the topic': perRow(bytes.avro),
        },
      ],
    },
    {
      title: 'Memory of the process, MB',
      rows: [{ 'after the first file': residentMb[0], most: Math.max(...residentMb) }],
    },
  ];
}

/** Texts of one insight and another: hardly any two are the same. */
function variedInsights(): (n: number) => Insight {
  const make = createBenchInsights();
  return (n) => {
    const insight = make(n, 1);
    const { text } = insight.signal;
    const other = make(Math.floor(n / 2000) * 7 + n * 13, 1).signal.text;
    return { ...insight, signal: { ...insight.signal, text: `${text} ${other}` } };
  };
}

function rowOf(record: Insight, n: number): ArchivedRow<Insight> {
  return {
    partition: 0,
    offset: n,
    timestamp: record.signal.receivedAt,
    origin: `tickets.reported.v1/0/${n}`,
    traceparent: null,
    replayOf: null,
    erasedAt: null,
    record,
  };
}

/** Adds the processor time that `work` takes, microseconds. */
async function timed<Name extends string, R>(
  spent: Record<Name, number>,
  name: Name,
  work: () => R | Promise<R>,
): Promise<R> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  spent[name] += user + system;
  return result;
}
