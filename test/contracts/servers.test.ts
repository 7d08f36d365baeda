// The servers that the other tests stand on: what they give, that they can be killed and come back with what they held,
// and that nothing of them stays behind.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { FolderReport } from '../../scripts/services/folder.ts';
import { findProcess } from '../../scripts/services/process-table.ts';
import { endAll, root, run, start } from '../support/command.ts';
import { kafkaServer, postgresServer, s3Server } from '../support/servers.ts';

const dir = mkdtempSync(join(tmpdir(), 'signpost-servers-test-'));
// PostgreSQL run by root runs as another user, who must get through to its own folder.
chmodSync(dir, 0o711);
const node = join(root, 'bin/node');
const script = join(root, 'scripts/services.ts');
const services = (...args: readonly string[]) =>
  run([script, ...args, '--data', dir], { program: node });

// These servers outlive the command that started them on purpose, so they would outlive a test run that is killed.
const guard = spawn(
  'sh',
  [
    '-c',
    'read -r _; for _ in 1 2 3 4 5 6 7 8 9; do "$1" "$2" down --data "$3" && break; sleep 5; done; rm -rf -- "$3"',
    'signpost-guard',
    node,
    script,
    dir,
  ],
  { stdio: ['pipe', 'ignore', 'ignore'], detached: true },
);
guard.unref();
(guard.stdin as Socket).unref();

const kafkaClient = (config: KafkaConfig): Kafka =>
  new Kafka({ logLevel: logLevel.NOTHING, retry: { retries: 0 }, ...config });
const s3Client = (server: S3ClientConfig): S3Client =>
  new S3Client({ region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, ...server });

async function query(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

describe('the servers of a test run', () => {
  test('Kafka creates no topic that nobody asked for', async () => {
    const { brokers } = await kafkaServer();
    const admin = kafkaClient({ brokers }).admin();
    await admin.connect();
    try {
      expect((await admin.describeCluster()).brokers.length).toBeGreaterThan(0);
      await expect(
        admin.fetchTopicMetadata({ topics: [`never-made-${randomUUID()}`] }),
      ).rejects.toThrow(/does not host this topic-partition/);
    } finally {
      await admin.disconnect();
    }
  });

  test('PostgreSQL lets tests create their databases', async () => {
    const { url } = await postgresServer();
    const sql = 'select rolcreatedb from pg_roles where rolname = current_user';
    expect(await query(url, sql)).toEqual([[true]]);
  });

  test('S3 lets exactly one of many writers of a new key win', async () => {
    const { endpoint, region, ...credentials } = await s3Server();
    const client = s3Client({ endpoint, region, credentials });
    const Bucket = `servers-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket }));
    const writers = await Promise.allSettled(
      Array.from({ length: 10 }, (_, writer) =>
        client.send(
          new PutObjectCommand({ Bucket, Key: 'a/key', Body: `${writer}`, IfNoneMatch: '*' }),
        ),
      ),
    );
    const lost = writers.filter((writer) => writer.status === 'rejected');
    expect(lost.map(({ reason }) => (reason as Error).name)).toEqual(
      Array.from({ length: 9 }, () => 'PreconditionFailed'),
    );
    client.destroy();
  });
});

test('the Kafka that is run does not forget transactions over a hard stop, as KAFKA-20734 does', () => {
  const forgetful = ['4.3.0', '4.3.1', '4.4.0'];
  const { version } = JSON.parse(
    readFileSync(join(root, 'scripts/services/kafka-jars.json'), 'utf8'),
  ) as { version: string };
  const images = ['docker-compose.yml', 'test/support/servers/containers.ts'].map(
    (file) => /apache\/kafka:([\d.]+)/.exec(readFileSync(join(root, file), 'utf8'))?.[1],
  );
  expect(images).toEqual([version, version]);
  expect(forgetful).not.toContain(version);
});

describe('servers named in the environment', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('are taken as they are named, without asking whether they answer', async () => {
    vi.stubEnv('SIGNPOST_TEST_KAFKA', 'one:9092,two:9092');
    vi.stubEnv('SIGNPOST_TEST_POSTGRES', 'postgres://me@host/db');
    vi.stubEnv('SIGNPOST_TEST_S3', 'https://key:a%2Fsecret@host:7070/?region=eu-west-1');
    expect(await kafkaServer()).toEqual({ brokers: ['one:9092', 'two:9092'] });
    expect(await postgresServer()).toEqual({ url: 'postgres://me@host/db' });
    expect(await s3Server()).toEqual({
      endpoint: 'https://host:7070',
      region: 'eu-west-1',
      accessKeyId: 'key',
      secretAccessKey: 'a/secret',
    });
  });
});

describe('servers of a folder', () => {
  let report: FolderReport;
  const alive = (): readonly string[] =>
    report.servers
      .filter(({ pid }) => pid !== null && findProcess(pid) !== undefined)
      .map(({ name }) => name);
  const environment = (name: string): string => report.environment[name]!;
  const s3 = (): S3Client =>
    s3Client({
      endpoint: environment('AWS_ENDPOINT_URL_S3'),
      credentials: {
        accessKeyId: environment('AWS_ACCESS_KEY_ID'),
        secretAccessKey: environment('AWS_SECRET_ACCESS_KEY'),
      },
    });
  const status = async (): Promise<FolderReport> =>
    JSON.parse((await services('status', '--json')).stdout) as FolderReport;

  beforeAll(async () => {
    const up = await services('up', '--quick', '--users', 'alice', '--json');
    if (up.code !== 0) throw new Error(up.stderr);
    report = JSON.parse(up.stdout) as FolderReport;
  });
  afterAll(async () => {
    // A command that outlived its test still holds the folder.
    await endAll();
    await services('down');
    rmSync(dir, { recursive: true });
    guard.kill('SIGKILL');
  });

  test('a second up in the same folder says what already runs and starts nothing', async () => {
    const again = await services('up', '--json');
    expect(again.code).toBe(0);
    expect(again.stderr.trim().split('\n').toSorted()).toEqual(
      report.servers.map(({ name, pid }) => `${name} already runs, as pid ${pid}.`),
    );
    expect((JSON.parse(again.stdout) as FolderReport).servers).toEqual(report.servers);
  });

  test('a folder keeps the Kafka it has', async () => {
    const other = await services('up', '--kafka', '--brokers', '3');
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/holds a Kafka of 1 broker\(s\), not 3/);
  });

  test('killed servers come back on their ports with what they held', async () => {
    const kafka = kafkaClient({ brokers: [environment('KAFKA_BROKERS')] });
    const admin = kafka.admin();
    await admin.connect();
    // Asked at once, a broker may not know the topic yet, and kafkajs takes that for an answer.
    await admin.createTopics({ topics: [{ topic: 'kept' }], waitForLeaders: false });
    const isKnown = () =>
      admin.fetchTopicOffsets('kept').then(
        () => true,
        () => false,
      );
    await expect.poll(isKnown).toBe(true);
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: 'kept', messages: [{ value: 'one' }, { value: 'two' }] });
    await producer.disconnect();
    await admin.disconnect();
    await query(environment('DATABASE_URL'), 'create table kept as select 42 as answer');
    const client = s3();
    await client.send(new CreateBucketCommand({ Bucket: 'kept' }));
    await client.send(new PutObjectCommand({ Bucket: 'kept', Key: 'key', Body: 'value' }));

    const killed = await services('kill', 'kafka-1', 'postgres', 's3');
    expect(killed.stdout.match(/stopped/g)).toHaveLength(3);
    expect(alive()).toEqual([]);

    const started = await services('start', '--quick', 'kafka-1', 'postgres', 's3');
    expect(started.stderr).toBe('');
    const before = report;
    report = await status();
    expect(report.environment).toEqual(before.environment);
    expect(report.servers.map(({ state }) => state)).toEqual(['running', 'running', 'running']);

    await admin.connect();
    expect(await admin.fetchTopicOffsets('kept')).toMatchObject([{ high: '2' }]);
    await admin.disconnect();
    expect(await query(environment('DATABASE_URL'), 'select answer from kept')).toEqual([[42]]);
    const object = await client.send(new GetObjectCommand({ Bucket: 'kept', Key: 'key' }));
    expect(await object.Body?.transformToString()).toBe('value');
    client.destroy();
  }, 120_000);

  test('a paused server is alive but answers nothing until it is resumed', async () => {
    const url = environment('DATABASE_URL');
    expect((await services('pause', 'postgres')).stdout).toMatch(/postgres +paused/);
    await expect(query(url, 'select 1')).rejects.toThrow(/timeout/);
    expect((await services('resume', 'postgres')).stdout).toMatch(/postgres +running/);
    expect(await query(url, 'select 1')).toEqual([[1]]);
  });

  test('a Kafka with users knows them by SCRAM over TLS, refuses others, and lets nobody read without an ACL', async () => {
    const { saslTls, sasl, users, caFile } = report.secured!;
    const brokers = [...saslTls];
    const ssl = { ca: [readFileSync(caFile, 'utf8')] };
    const alice = kafkaClient({
      brokers,
      ssl,
      sasl: { mechanism: 'scram-sha-256', username: 'alice', password: users['alice']! },
    }).admin();
    await alice.connect();
    await expect(alice.createTopics({ topics: [{ topic: 'hers' }] })).rejects.toMatchObject({
      errors: [{ type: 'TOPIC_AUTHORIZATION_FAILED' }],
    });
    await alice.disconnect();
    const mallory = kafkaClient({
      brokers: [...sasl],
      sasl: { mechanism: 'plain', username: 'alice', password: 'guessed' },
    }).admin();
    await expect(mallory.connect()).rejects.toThrow(/Authentication failed/);
  });

  test('an unknown server is refused with the names of those there are', async () => {
    const unknown = await services('kill', 'kafka-7');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toBe(`There is no kafka-7 in ${dir}; there is kafka-1, postgres, s3.\n`);
  });
});

test('a server that a killed process had started, even one it had paused, dies with it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signpost-servers-test-'));
  chmodSync(folder, 0o711);
  const owner = start(
    [
      '--input-type=module',
      '--eval',
      `const { startPostgres } = await import(${JSON.stringify(join(root, 'scripts/services/postgres.ts'))});
       const { node } = await startPostgres({ dir: ${JSON.stringify(folder)} });
       const pid = node.pid;
       await node.pause();
       console.log('pid ' + pid);
       setInterval(() => {}, 1000);`,
    ],
    { program: node },
  );
  const pid = Number((await owner.says(/pid (\d+)/))[1]);
  expect(findProcess(pid)).toBeDefined();
  process.kill(owner.child.pid!, 'SIGKILL');
  await expect.poll(() => findProcess(pid), { timeout: 10_000 }).toBeUndefined();
  await expect.poll(() => existsSync(join(folder, 'postgres/postmaster.pid'))).toBe(false);
  rmSync(folder, { recursive: true });
});
