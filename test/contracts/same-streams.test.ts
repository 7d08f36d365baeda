// The same files, imported by the real commands, give every department the same insights with the same judgements on a
// Kafka cluster, with a process for each stage, as on the embedded log. Real files are compared too where
// SIGNPOST_REAL_DATA names their folder (mappings of their names are shipped).
import { randomBytes, randomUUID } from 'node:crypto';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import { openKafkaReader } from '#core/log/kafka/open.ts';
import type { LogReader } from '#core/log/port.ts';
import { connectPostgres, type Db } from '#core/store/postgres.ts';
import { stageNames } from '../../services/cli/stage-names.ts';
import type { SyntheticKind } from '../../services/gateway/synthetic/event.ts';
import { generate } from '../../services/gateway/synthetic/generate.ts';
import { endAll, run, start } from '../support/command.ts';
import { testLogger, testSettings } from '../support/kafka-log.ts';
import { kafkaServer, postgresServer } from '../support/servers.ts';
import { readStreams, type Streams } from '../support/streams.ts';

interface Import {
  readonly kind: SyntheticKind;
  readonly file: string;
  readonly mapping: string;
}

interface Report {
  readonly accepted: number;
  readonly insights: number;
  readonly perDepartment: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
  readonly rejected: Readonly<Record<string, number>>;
}

const realData = process.env['SIGNPOST_REAL_DATA'];
const realFiles: readonly (readonly [kind: SyntheticKind, mapping: string])[] = [
  ['tickets', 'us-isp-complaints'],
  ['posts', 'telco-support-posts'],
  ['surveys', 'ke-telco-app-reviews'],
  ['surveys', 'in-call-quality'],
];

const directory = mkdtempSync(join(tmpdir(), 'signpost-same-'));
const config = join(directory, 'signpost.yaml');
const env: NodeJS.ProcessEnv = {
  ...process.env,
  SIGNPOST_PSEUDONYM_KEYS: `k1:${randomBytes(32).toString('base64')}`,
};
const database = `same_${randomUUID().replaceAll('-', '')}`;
let settings: ReturnType<typeof testSettings>;
let admin: Db;

beforeAll(async () => {
  const [{ brokers }, { url }] = await Promise.all([kafkaServer(), postgresServer()]);
  settings = testSettings(brokers);
  const { topicPrefix, replicationFactor } = settings;
  admin = connectPostgres({ url });
  await sql`CREATE DATABASE ${sql.id(database)}`.execute(admin.query);
  const own = new URL(url);
  own.pathname = `/${database}`;
  const cluster = {
    kafka: { brokers, topicPrefix, replicationFactor },
    database: { url: own.href },
  };
  writeFileSync(config, JSON.stringify(cluster));
  await done('topics', 'apply', '--config', config, '--json');
  await Promise.all(
    stageNames.map((stage) =>
      start(['run', stage, '--config', config, '--probe-port', '0'], {
        env,
        cwd: directory,
      }).says(/Running/),
    ),
  );
});
afterAll(async () => {
  await endAll();
  await sql`DROP DATABASE IF EXISTS ${sql.id(database)} WITH (FORCE)`.execute(admin.query);
  await admin.close();
  rmSync(directory, { recursive: true });
});

/** The output of a command that ends well. */
async function done(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args, { env, cwd: directory });
  if (code !== 0) throw new Error(`signpost ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

async function importAll(imports: readonly Import[], ...place: readonly string[]) {
  const reports: Report[] = [];
  for (const { kind, file, mapping } of imports) {
    const args = ['import', kind, file, '--mapping', mapping, '--json', ...place];
    const { accepted, insights, perDepartment, dropped, rejected } = JSON.parse(
      await done(...args),
    ) as Report;
    reports.push({ accepted, insights, perDepartment, dropped, rejected });
  }
  return reports;
}

async function streamsOf(log: LogReader): Promise<Streams> {
  try {
    return await readStreams(log);
  } finally {
    await log.close();
  }
}

/** Imports into a data directory and into the cluster side by side. @returns the reports, the same for both */
async function compare(imports: readonly Import[]): Promise<readonly Report[]> {
  const data = join(directory, randomUUID());
  const [embedded, kafka] = await Promise.all([
    importAll(imports, '--data', data),
    importAll(imports, '--config', config),
  ]);
  expect(kafka).toEqual(embedded);
  const wanted = await streamsOf(await openEmbeddedLogReader({ directory: data }));
  const got = await streamsOf(await openKafkaReader({ settings, logger: testLogger }));
  expect(Object.keys(got)).toEqual(Object.keys(wanted));
  for (const [stream, insights] of Object.entries(wanted)) {
    const others = got[stream]!;
    const differing = [...insights].filter(([id, said]) => others.get(id) !== said);
    expect({ stream, differing }).toEqual({ stream, differing: [] });
    const sources = new Set([...insights.values()].map(sourceOf));
    const more = [...others].filter(
      ([id, said]) => sources.has(sourceOf(said)) && !insights.has(id),
    );
    expect({ stream, more }).toEqual({ stream, more: [] });
  }
  return embedded;
}

function sourceOf(insight: string): string {
  return (JSON.parse(insight) as { signal: { source: string } }).signal.source;
}

const places = ['country', 'region', 'city', 'area', 'postcode', 'lat', 'lon', 'site'];
const common = {
  id: 'id',
  channel: 'channel',
  product: 'product',
  technology: 'technology',
  language: 'language',
  ...Object.fromEntries(places.map((name) => [`place.${name}`, `place.${name}`])),
};
const createdAt = { column: 'createdAt', format: 'epoch-milliseconds' };
const at = { column: 'at', format: 'epoch-milliseconds' };
const ofTickets = ['name', 'description', 'ticketType', 'severity', 'priority', 'status'];
const ofPosts = ['authorId', 'authorRole', 'title', 'text', 'inReplyTo', 'threadId'];
const ofSurveys = ['customerId', 'scale', 'score', 'question', 'verbatim'];
const same = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, name]));
const mappings: Readonly<Record<SyntheticKind, object>> = {
  tickets: {
    fields: { ...common, ...same(['version', 'customerId', ...ofTickets]), createdAt },
    notes: { each: 'notes', fields: { id: 'id', at, author: 'author', text: 'text' } },
  },
  posts: { fields: { ...common, ...same(ofPosts) } },
  surveys: { fields: { ...common, ...same(ofSurveys) } },
};

/** What made-up customers and their provider say, in one file for each kind, as JSON lines. */
function madeUpFiles(records: number): readonly Import[] {
  const lines: Record<SyntheticKind, string[]> = { tickets: [], posts: [], surveys: [] };
  let made = 0;
  const from = Date.UTC(2026, 0, 5);
  for (const { kind, input } of generate({ seed: 7, from, to: Infinity, ratePerHour: 500 })) {
    const length = lines[kind].push(JSON.stringify(input));
    // Besides the generator's own duplicates: the same line much later, and the same id with other words at once.
    if (made % 10 === 0) lines[kind].push(lines[kind][length >> 1]!);
    if (made % 100 === 0) lines[kind].push(JSON.stringify({ ...input, product: 'Other' }));
    made += 1;
    if (made === records) break;
  }
  return Object.entries(lines).map(([name, each]) => {
    const kind = name as SyntheticKind;
    const file = join(directory, `${kind}.jsonl`);
    const mapping = join(directory, `${kind}.yaml`);
    const time = { column: 'occurredAt', format: 'epoch-milliseconds' };
    const source = `made-up-${kind}`;
    writeFileSync(file, `${each.join('\n')}\n`);
    writeFileSync(
      mapping,
      JSON.stringify({ source, kind, format: 'jsonl', time, ...mappings[kind] }),
    );
    return { kind, file, mapping };
  });
}

test('made-up tickets with updates, posts and surveys, with duplicates, give the same streams on Kafka as on the embedded log', async () => {
  const [tickets, posts, surveys] = await compare(madeUpFiles(2_000));
  // What was to be compared was there.
  expect(tickets!.dropped['duplicate']).toBeGreaterThan(0);
  expect(tickets!.rejected['id-conflict']).toBeGreaterThan(0);
  expect(posts!.dropped['company-author']).toBeGreaterThan(0);
  expect(surveys!.insights).toBeGreaterThan(0);
}, 180_000);

test.each(realData === undefined ? [] : realFiles)(
  'real %s of %s give the same streams',
  async (kind, mapping) => {
    const [name] = globSync(`${kind}/${mapping}-*`, { cwd: realData! });
    const [report] = await compare([{ kind, file: join(realData!, name!), mapping }]);
    expect(report!.accepted).toBeGreaterThan(0);
  },
  600_000,
);
