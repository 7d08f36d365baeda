// The queries of docs/archive-queries.md, as they stand there, on an archive that the real pipeline made: they answer what
// the query API answers of the same imports.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AggregatesAnswer } from '../../services/portal/api/answers.ts';
import { endAll, root, start } from '../support/command.ts';
import { openDuck, type Duck } from '../support/duckdb.ts';
import { importLively, signpost, type LivelyImports } from '../support/lively-imports.ts';
import { answer, everyPage, type Asking } from '../support/portal-api.ts';
import { sqlBlocks } from '../support/sql-blocks.ts';
import { standingInsights, type Standing } from '../support/standing-insights.ts';

type Row = AggregatesAnswer['rows'][number];

const directory = mkdtempSync(join(tmpdir(), 'signpost-archive-queries-'));
const month = { from: Date.UTC(2026, 10, 1), to: Date.UTC(2026, 11, 1) };
const blocks = sqlBlocks(readFileSync(join(root, 'docs/archive-queries.md'), 'utf8'));

let duck: Duck;
let portal: Asking;
let standing: Standing[];
let imported: LivelyImports;

/** The only statement under a heading. */
function query(heading: string): string {
  const found = blocks.get(heading);
  if (found?.length !== 1) throw new Error(`There is not one query under ${heading}`);
  return found[0]!;
}

async function prepare(data: string): Promise<void> {
  const files = query('The files that count');
  const address = /(?<=SET VARIABLE archive = ')[^']+/;
  expect(files).toMatch(address);
  await duck.rows(files.replace(address, join(data, 'archive')));
  await duck.rows(query('What stands'));
}

beforeAll(async () => {
  const days = { from: Date.UTC(2026, 9, 25), to: Date.UTC(2026, 10, 12), perHour: 4 };
  imported = await importLively(directory, days);
  const { data, config } = imported;
  await signpost(['archive', 'sync', '--data', data, '--config', config]);
  standing = await standingInsights(data);
  duck = await openDuck();
  await prepare(data);
  const up = start(['up', '--data', data, '--config', config, '--port', '0'], { cwd: directory });
  portal = { url: (await up.says(/(http:\/\/127\.0\.0\.1:\d+)/))[1]! };
  const until = Date.now() + 90_000;
  while ((await counted().catch(() => 0)) < standing.length)
    if (Date.now() > until) throw new Error('The store does not hold all that was imported');
    else await pause(250);
}, 240_000);

afterAll(async () => {
  duck?.close();
  await endAll();
  rmSync(directory, { recursive: true, force: true });
});

async function counted(): Promise<number> {
  const { rows } = await answer<AggregatesAnswer>(
    portal,
    '/v1/aggregates?from=2020-01-01&to=2036-01-01',
  );
  return rows.reduce(
    (sum, { opened, posts, surveyAnswers }) => sum + opened! + posts! + surveyAnswers!,
    0,
  );
}

const aggregates = (question: string): Promise<Row[]> =>
  everyPage<Row>(
    portal,
    `/v1/aggregates?${question}&from=2026-11-01&to=2026-12-01&limit=1000`,
    'rows',
  );
const rounded = (value: number | null): number | null =>
  value === null ? null : Number(value.toFixed(9));
const sorted = (rows: readonly Readonly<Record<string, unknown>>[]): string[] =>
  rows.map((row) => JSON.stringify(row)).toSorted();

test('tickets by area and theme are those that the store counts', async () => {
  const asked = await duck.rows(query('Tickets by area and theme in a month'));
  const rows = await aggregates('groupBy=area,theme&kind=ticket');
  const told = rows
    .filter(({ opened }) => opened! > 0)
    .map(({ place, theme, opened, customers, meanSentiment }) => ({
      area: place?.name ?? null,
      theme,
      opened,
      customers,
      meanSentiment: rounded(meanSentiment),
    }));
  expect(told.length).toBeGreaterThan(50);
  expect(
    sorted(asked.map((row) => ({ ...row, meanSentiment: rounded(Number(row['meanSentiment'])) }))),
  ).toEqual(sorted(told));
});

test('insights by department and day are those that the store counts', async () => {
  const asked = await duck.rows(query('Insights by department and day'));
  const rows = await aggregates('groupBy=department&bucket=day');
  const told = rows
    .filter(({ department }) => department !== null)
    .map(({ department, start: day, opened, posts, surveyAnswers }) => ({
      department,
      day: day!.slice(0, 10),
      opened,
      posts,
      surveyAnswers,
    }))
    .filter(({ opened, posts, surveyAnswers }) => opened! + posts! + surveyAnswers! > 0);
  expect(told.length).toBeGreaterThan(50);
  expect(sorted(asked)).toEqual(sorted(told));
});

test('NPS by region is what the store says', async () => {
  const asked = await duck.rows(query('NPS by region'));
  const rows = await aggregates('groupBy=region&kind=survey');
  const told = rows
    .filter(({ nps }) => nps !== null)
    .map(({ place, nps }) => ({ region: place?.name ?? null, nps: rounded(nps) }));
  expect(told.length).toBeGreaterThan(2);
  expect(sorted(asked.map(({ region, nps }) => ({ region, nps: rounded(Number(nps)) })))).toEqual(
    sorted(told),
  );
});

test('customers who may leave are those of what stands', async () => {
  const asked = await duck.rows(query('Customers who may leave, by product'));
  const said = standing.filter(
    ({ at, insight }) => at >= month.from && at < month.to && insight.signal.customer !== null,
  );
  const distinct = (of: readonly Standing[]): number =>
    new Set(of.map(({ insight }) => insight.signal.customer)).size;
  const told = [...Map.groupBy(said, ({ insight }) => insight.signal.product)].map(
    ([product, of]) => ({
      product,
      customers: distinct(of),
      mayLeave: distinct(of.filter(({ insight }) => insight.churnRisk >= 0.5)),
    }),
  );
  expect(told.some(({ mayLeave }) => mayLeave > 0)).toBe(true);
  expect(sorted(asked)).toEqual(sorted(told));
});

test('updates and judgements made anew are among what was asked, or nothing was shown', async () => {
  const [row] = await duck.rows(`
    SELECT count(*) AS records, count(DISTINCT [signal.kind, signal.source, signal.sourceId]) AS things,
      count(*) FILTER (filename LIKE '%/revisions/v1/%') AS revised
    FROM read_parquet(getvariable('files'), filename = true)`);
  const { records, things, revised } = row as Record<string, number>;
  expect(things).toBe(standing.length);
  expect(records).toBeGreaterThan(1.5 * things!);
  expect(revised).toBeGreaterThan(100);
});

test('a plain glob reads every record once', async () => {
  const days = await duck.rows(query('A quick look'));
  const [row] = await duck.rows(`
    SELECT count(*) AS records FROM read_parquet(getvariable('files'), filename = true)
    WHERE filename LIKE '%/insights/v1/%'`);
  expect(days.reduce((sum, { records }) => sum + Number(records), 0)).toBe(row!['records']);
});

test('asked anew after small files became few, every query answers the same', async () => {
  const questions = [
    'Tickets by area and theme in a month',
    'Insights by department and day',
    'NPS by region',
    'Customers who may leave, by product',
  ];
  const answers = async () => {
    const all = [];
    for (const each of questions) all.push(await duck.rows(query(each)));
    return all;
  };
  const files = async () =>
    Number((await duck.rows("SELECT len(getvariable('files')) AS files"))[0]!['files']);
  const before = { answers: await answers(), files: await files() };
  const { data, config } = imported;
  await signpost(['archive', 'compact', '--data', data, '--config', config]);
  // Whoever holds the older list can still read it.
  await duck.rows(query('What stands'));
  expect(await answers()).toEqual(before.answers);
  await prepare(data);
  expect(await files()).toBeLessThan(before.files / 2);
  expect(await answers()).toEqual(before.answers);
});
