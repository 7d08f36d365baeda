// Customers are erased from a real cluster by the command: after the deadline their words are in no file of the broker, of
// Postgres or in the bucket, and everybody else's are where they were. The broker looks for what is past its retention
// every second instead of every five minutes, and the last pass is made as at the deadline.
import { randomBytes, randomUUID } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openObjectStore } from '#core/objects/open-store.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { connectPostgres, type Db } from '#core/store/postgres.ts';
import { startKafka, type Kafka } from '../../scripts/services/kafka.ts';
import { startPostgres, type Postgres } from '../../scripts/services/postgres.ts';
import { datasets } from '../../services/archive/datasets.ts';
import { lastPassFrom, readErasures } from '../../services/archive/erasures.ts';
import { parquetFiles } from '../../services/archive/parquet-files.ts';
import { eraseCustomer } from '../../services/cli/erase/erase-customer.ts';
import { erasePass } from '../../services/cli/erase/erase-pass.ts';
import { resumeErasures } from '../../services/cli/erase/list-erasures.ts';
import { openPlaces } from '../../services/cli/erase/open-places.ts';
import { knownKeys } from '../../services/cli/erase/who.ts';
import { configOf, logAt } from '../../services/cli/open-log.ts';
import { topicsFor } from '../../services/topology.ts';
import { endAll, start, type Running } from '../support/command.ts';
import { archived, plain } from '../support/erasure-world.ts';
import { newBucket } from '../support/s3-bucket.ts';
import { s3Server } from '../support/servers.ts';

const directory = mkdtempSync(join(tmpdir(), 'signpost-erase-cluster-'));
const brokerFiles = join(directory, 'kafka', 'kafka-1');
const postgresFiles = join(directory, 'postgres');
const prefix = `${randomUUID().slice(0, 8)}.`;
const place = { data: directory, isDataNamed: false, config: join(directory, 'signpost.yaml') };
/** Time enough for the ten minutes that a topic is given to delete what is past its retention. */
const deadlineDays = 0.02;

const customers = 6;
const gone = ['C-1', 'C-4'];
const canary = 'quetzal';
const wordOf = (customer: string): string =>
  gone.includes(customer) ? canary : `sparrow${customer.at(-1)}x`;

let kafka: Kafka;
let postgres: Postgres;
let db: Db;
let objects: ObjectStore;
let running: Running;
let intake: string;
const said: string[] = [];

beforeAll(async () => {
  // PostgreSQL never runs as root.
  chmodSync(directory, 0o755);
  const server = await s3Server();
  const [broker, database, bucket] = await Promise.all([
    startKafka({
      dir: join(directory, 'kafka'),
      quickStart: true,
      settings: { 'log.retention.check.interval.ms': '1000' },
    }),
    startPostgres({ dir: postgresFiles, fsync: false }),
    newBucket(server),
  ]);
  kafka = broker;
  postgres = database;
  const url = `s3://${bucket.bucket}/archive`;
  // Uncompressed, so that words are to be found in the broker's files.
  writeFileSync(
    place.config,
    `kafka: { topicPrefix: ${prefix}, replicationFactor: 1, compression: none }
archive:
  url: ${url}
  flushMs: 1000
  graceMs: 60000
  s3: { endpoint: '${server.endpoint}', region: ${server.region} }
`,
  );
  vi.stubEnv('KAFKA_BROKERS', kafka.bootstrap.join(','));
  vi.stubEnv('DATABASE_URL', postgres.url);
  vi.stubEnv('SIGNPOST_PSEUDONYM_KEYS', `k1:${randomBytes(32).toString('base64')}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', server.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.secretAccessKey);
  objects = await openObjectStore(url, { s3: configOf(place).archive.s3 });
  db = connectPostgres({ url: postgres.url });
  const services = ['gateway', 'normalize', 'classify', 'publish', 'aggregate', 'alert', 'archive'];
  const ports = ['--port', '0', '--probe-port', '0'];
  const args = ['run', ...services, ...ports, '--create-topics', '--config', place.config];
  running = start(args, { cwd: directory });
  intake = (await running.says(/Intake at (\S+)/))[1]!;
}, 120_000);

afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await endAll();
  await objects?.close();
  await db?.close();
  await Promise.all([kafka?.stop(), postgres?.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

async function send(kind: 'tickets' | 'posts', records: readonly object[]): Promise<void> {
  await expect
    .poll(
      async () => {
        const response = await fetch(`${intake}/v1/${kind}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(records),
        });
        return response.status;
      },
      { timeout: 60_000, interval: 200 },
    )
    .toBe(202);
}

const occurredAt = new Date(Date.now() - 3_600_000).toISOString();

async function sayAll(): Promise<void> {
  const names = Array.from({ length: customers }, (_, n) => `C-${n}`);
  const ticket = (customerId: string) => ({
    id: `T-${customerId}`,
    version: '1',
    occurredAt,
    customerId,
    status: 'acknowledged',
    name: `outage ${wordOf(customerId)} since the storm`,
  });
  await send('tickets', names.map(ticket));
  // Names nobody: what is known of the ticket does. And the same version with other content is a dead letter.
  await send(
    'tickets',
    names.map((name) => ({
      id: `T-${name}`,
      version: '2',
      occurredAt,
      status: 'inProgress',
      notes: [{ text: `${wordOf(name)} still` }],
    })),
  );
  await send(
    'tickets',
    names.map((name) => ({ ...ticket(name), description: `another ${wordOf(name)}` })),
  );
  await send(
    'posts',
    names.map((name) => ({
      id: `P-${name}`,
      occurredAt,
      authorId: name,
      text: `my internet is slow, ${wordOf(name)}`,
    })),
  );
}

/** Rows of the planners' database with these words. */
async function stored(text: string): Promise<number> {
  const { rows } = await sql<{ rows: number }>`
    SELECT count(*)::int AS rows FROM signpost.words WHERE text LIKE ${`%${text}%`}`
    .execute(db.query)
    .catch(() => ({ rows: [{ rows: -1 }] }));
  return rows[0]!.rows;
}

/** Rows of the archive with these words, by dataset. */
async function kept(text: string): Promise<number> {
  return (await archived(objects)).filter((row) => plain(row).includes(text)).length;
}

function filesWith(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      // Servers delete while it is looked.
      if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
      try {
        return readFileSync(path).includes(text);
      } catch {
        return false;
      }
    });
}

/** PostgreSQL's write-ahead log is reused by and by; what archives it is the operator's to see to (docs/erasure.md). */
const tableFiles = (): readonly string[] =>
  filesWith(postgresFiles, canary).filter((path) => !path.includes('pg_wal'));

/** Objects by their bytes, and Parquet files by the rows in them, whether they count or not. */
async function objectsWith(text: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { key } of objects.list('')) {
    const { bytes } = (await objects.get(key))!;
    let holds = Buffer.from(bytes).includes(text);
    const dataset = datasets.find(({ name }) => key.startsWith(`${name}/`));
    if (dataset !== undefined && key.endsWith('.parquet'))
      for await (const rows of parquetFiles.read(dataset, bytes))
        holds ||= rows.some((row) => plain(row).includes(text));
    if (holds) found.push(key);
  }
  return found;
}

/** What the command prints. */
async function called(work: () => Promise<void>): Promise<Record<string, unknown>[]> {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  said.push(text);
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Topics with words forget at once from now on. */
async function forgetSoon(): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [...kafka.bootstrap], logLevel: 0 }).admin();
  await admin.connect();
  try {
    const there = new Set(await admin.listTopics());
    const names = topicsFor(['operations', 'marketing', 'planning'], {})
      .filter(({ words }) => words !== 'none')
      .map(({ name }) => prefix + name)
      .filter((name) => there.has(name));
    expect(names.length).toBeGreaterThan(8);
    await admin.alterConfigs({
      validateOnly: false,
      resources: names.map((name) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configEntries: Object.entries({
          'retention.ms': '1000',
          'segment.ms': '1000',
          'file.delete.delay.ms': '100',
        }).map(([entry, value]) => ({ name: entry, value })),
      })),
    });
  } finally {
    await admin.disconnect();
  }
}

describe('words of erased customers on a cluster', () => {
  it('are in the files of all three before', { timeout: 180_000 }, async () => {
    await sayAll();
    const wait = { timeout: 90_000, interval: 500 };
    await expect.poll(() => stored(canary), wait).toBe(2 * gone.length);
    // Of each three signals, three insights and a dead letter.
    await expect.poll(() => kept(canary), wait).toBe(7 * gone.length);
    expect(filesWith(brokerFiles, canary)).not.toEqual([]);
    await sql`CHECKPOINT`.execute(db.query);
    expect(tableFiles()).not.toEqual([]);
  });

  it(
    'go from database and archive at once, and the report says what topics keep beyond the deadline',
    { timeout: 120_000 },
    async () => {
      for (const customer of gone) {
        const [report] = await called(() =>
          eraseCustomer(place, { data: directory, customer, deadline: deadlineDays, json: true }),
        );
        expect(report).toMatchObject({
          state: 'under way',
          passes: 1,
          lettersSearched: true,
          removed: {
            'archive signals': 3,
            'archive insights': 3,
            'archive rejected': 1,
            'database words': 2,
            'database facts': 2,
          },
        });
        expect((report!['removed'] as Record<string, number>)['ticket updates']).toBeGreaterThan(0);
        expect(report!['late']).toEqual(
          expect.arrayContaining([expect.stringContaining('signals.normalized.v1')]),
        );
      }
      expect(await stored(canary)).toBe(0);
      expect(await kept(canary)).toBe(0);
      // Said after the moment of asking: it is new.
      await send('posts', [
        { id: 'P-new', occurredAt, authorId: gone[0], text: 'slow internet, robinson' },
      ]);
      const wait = { timeout: 60_000, interval: 500 };
      await expect.poll(() => stored('robinson'), wait).toBe(1);
      await expect.poll(() => kept('robinson'), wait).toBe(2);
    },
  );

  it(
    'are gone from the files of the broker once their time is over',
    { timeout: 120_000 },
    async () => {
      running.child.kill('SIGTERM');
      expect(await running.ended).toMatchObject({ code: 0 });
      await forgetSoon();
      await expect
        .poll(() => filesWith(brokerFiles, canary), { timeout: 60_000, interval: 500 })
        .toEqual([]);
    },
  );

  it(
    'are nowhere when the deadline is over, and all others are',
    { timeout: 120_000 },
    async () => {
      const reports = await called(() => resumeErasures(place, { data: directory, json: true }));
      // Topics are told by the settings that they have by now.
      expect(reports.map(({ late }) => late)).toEqual(gone.map(() => []));
      const config = configOf(place);
      const at = logAt(place, () => config);
      const places = await openPlaces({
        at,
        config,
        keys: knownKeys(at, config),
        raw: () => undefined,
        mode: 'erase',
        signal: new AbortController().signal,
      });
      try {
        const last = Math.max(...(await readErasures(objects)).map(lastPassFrom)) + 1_000;
        for (let passes = 0; passes < 4; passes += 1)
          if ((await erasePass({ ...places.parts, now: () => last })).length === 0) break;
      } finally {
        await places.close();
      }
      const erasures = await readErasures(objects);
      expect(
        erasures.map(({ doneAt, deadlineAt }) => doneAt !== null && doneAt < deadlineAt),
      ).toEqual(gone.map(() => true));
      await sql`CHECKPOINT`.execute(db.query);
      expect(tableFiles()).toEqual([]);
      expect(await objectsWith(canary)).toEqual([]);
      expect(filesWith(brokerFiles, canary)).toEqual([]);
      for (const customer of ['C-0', 'C-2', 'C-3', 'C-5']) {
        expect(await stored(wordOf(customer))).toBe(2);
        expect(await kept(wordOf(customer))).toBe(7);
      }
      expect(await stored('robinson')).toBe(1);
      expect(said.join('\n')).not.toMatch(/C-[14]|k1:/);
    },
  );
});
