// Signpost's command on a real Kafka, Postgres and S3, with a prefix, a database and a bucket of its own: what a test of
// the archive on a cluster needs, lost topics included.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { createKafka } from '#core/log/kafka/connect.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import type { Log } from '#core/log/port.ts';
import { connectPostgres, type Db } from '#core/store/postgres.ts';
import { noClaims } from '../../services/cli/open-log.ts';
import { endAll, run, start, type Running } from './command.ts';
import { openTestLog, testLogger, testSettings } from './kafka-log.ts';
import { newBucket } from './s3-bucket.ts';
import { kafkaServer, postgresServer, s3Server } from './servers.ts';

export interface ClusterWorld {
  readonly directory: string;
  readonly settings: KafkaSettings;
  readonly db: Db;
  readonly log: Log;
  /** Runs a command to its end. @throws Error with what it says where it fails */
  readonly command: (...args: readonly string[]) => Promise<string>;
  /** What it prints with `--json`, whether or not it succeeds. */
  readonly json: <T>(...args: readonly string[]) => Promise<T>;
  /** Services in one process, once they run. */
  readonly services: (...names: readonly string[]) => Promise<Running>;
  /** Deletes every topic, and waits until none is there. */
  readonly loseTopics: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function createClusterWorld(): Promise<ClusterWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'signpost-cluster-'));
  const config = join(directory, 'signpost.yaml');
  const servers = await Promise.all([kafkaServer(), s3Server(), postgresServer()]);
  const [{ brokers }, s3, postgres] = servers;
  const settings = testSettings(brokers);
  const bucket = await newBucket(s3);
  writeFileSync(
    config,
    `kafka:
  topicPrefix: ${settings.topicPrefix}
  replicationFactor: 1
  sessionTimeoutMs: 6000
archive:
  url: s3://${bucket.bucket}/${bucket.prefix}
  s3: { endpoint: ${s3.endpoint}, region: ${s3.region} }
`,
  );
  const database = await newDatabase(postgres.url);
  const options = {
    cwd: directory,
    env: {
      ...process.env,
      KAFKA_BROKERS: brokers.join(','),
      DATABASE_URL: database,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      SIGNPOST_PSEUDONYM_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    },
  };
  const command = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run([...args, '--config', config], options);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  };
  await command('topics', 'apply');
  const log = await openTestLog(settings, noClaims);
  const db = connectPostgres({ url: database });
  return {
    directory,
    settings,
    db,
    log,
    command,
    json: async <T>(...args: readonly string[]) => {
      const ended = await run([...args, '--json', '--config', config], options);
      if (ended.stdout === '') throw new Error(`${args.join(' ')}: ${ended.stderr}`);
      return JSON.parse(ended.stdout) as T;
    },
    async services(...names) {
      const args = ['run', ...names, '--config', config, '--probe-port', '0', '--port', '0'];
      const running = start(args, options);
      await running.says(/^Running /m);
      return running;
    },
    loseTopics: () => loseTopics(settings),
    async close() {
      await endAll();
      await Promise.all([log.close(), db.close()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function newDatabase(server: string): Promise<string> {
  const name = `cluster_${randomUUID().replaceAll('-', '')}`;
  const admin = connectPostgres({ url: server });
  await sql`CREATE DATABASE ${sql.id(name)}`.execute(admin.query);
  await admin.close();
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function loseTopics(settings: KafkaSettings): Promise<void> {
  const admin = createKafka(settings, testLogger).admin();
  await admin.connect();
  const own = async (): Promise<string[]> =>
    (await admin.listTopics()).filter((name) => name.startsWith(settings.topicPrefix));
  await admin.deleteTopics({ topics: await own() });
  while ((await own()).length > 0) await pause(50);
  await admin.disconnect();
}
