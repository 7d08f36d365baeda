// A cluster of a storm's own in one folder: brokers, database, topics, and the configuration that services are given.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import kafkajs, { type Kafka as Client } from 'kafkajs';
import { startKafka, type Kafka } from '../services/kafka.ts';
import { startPostgres, type Postgres } from '../services/postgres.ts';

export interface Cluster {
  readonly folder: string;
  readonly logs: string;
  readonly kafka: Kafka;
  readonly postgres: Postgres;
  /** Path of the configuration file. */
  readonly config: string;
  /** Of every copy. */
  readonly env: NodeJS.ProcessEnv;
  /** A plain client. */
  readonly client: Client;
  /** Runs a command of Signpost to its end. */
  signpost(...args: string[]): Promise<{ readonly code: number; readonly stdout: string }>;
  /** Stops the servers; removes the folder unless `keep`. */
  close(keep: boolean): Promise<void>;
}

export interface ClusterOptions {
  readonly root: string;
  readonly brokers: 1 | 3;
  readonly partitions: number;
  readonly sessionTimeoutMs: number;
}

export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { root, brokers, partitions, sessionTimeoutMs } = options;
  const folder = mkdtempSync(join(tmpdir(), 'signpost-storm-'));
  // PostgreSQL run by root runs as another user, who must get through to its own folder.
  chmodSync(folder, 0o711);
  const logs = join(folder, 'logs');
  mkdirSync(logs);
  const started = await Promise.allSettled([
    // Starting is most of what a broker does here.
    startKafka({ dir: join(folder, 'kafka'), brokers, quickStart: true }),
    startPostgres({ dir: join(folder, 'postgres') }),
  ]);
  const [brokersUp, databaseUp] = started.map((each) =>
    each.status === 'fulfilled' ? each.value : undefined,
  ) as [Kafka | undefined, Postgres | undefined];
  const close = async (keep: boolean): Promise<void> => {
    await Promise.allSettled([brokersUp?.stop(), databaseUp?.stop()]);
    if (!keep) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const failed = started.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return await prepared(brokersUp!, databaseUp!);
  } catch (error) {
    await close(false);
    throw error;
  }

  async function prepared(kafka: Kafka, postgres: Postgres): Promise<Cluster> {
    const config = join(folder, 'signpost.yaml');
    writeFileSync(
      config,
      JSON.stringify({
        kafka: {
          brokers: kafka.bootstrap,
          replicationFactor: brokers,
          sessionTimeoutMs,
          // What a killed gateway left open hides the intake for so long: a short storm would wait for little else.
          transactionTimeoutMs: Math.min(15_000, 2 * sessionTimeoutMs),
          heartbeatIntervalMs: Math.min(1_000, Math.floor(sessionTimeoutMs / 6)),
        },
        database: { url: postgres.url },
        gateway: { retryAfterSeconds: 1 },
      }),
    );
    const env = {
      ...process.env,
      KAFKA_BROKERS: undefined,
      DATABASE_URL: undefined,
      SCHEMA_REGISTRY_URL: undefined,
      SIGNPOST_PSEUDONYM_KEYS: `storm:${randomBytes(32).toString('base64')}`,
    };
    const client = new kafkajs.Kafka({
      clientId: 'storm',
      brokers: [...kafka.bootstrap],
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries: 10, maxRetryTime: 2_000 },
    });
    const signpost: Cluster['signpost'] = async (...args) => {
      try {
        const ran = promisify(execFile)(join(root, 'bin/signpost'), [...args, '--config', config], {
          cwd: folder,
          env,
          timeout: 180_000,
          maxBuffer: 1 << 26,
        });
        return { code: 0, stdout: (await ran).stdout };
      } catch (error) {
        const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
        if (typeof code !== 'number' || stdout === '')
          throw new Error(`signpost ${args.join(' ')}: ${stderr}`, { cause: error });
        return { code, stdout };
      }
    };
    await signpost('topics', 'apply');
    await grow(client, partitions);
    return { folder, logs, kafka, postgres, config, env, client, signpost, close };
  }
}

/** Brings topics of records to so many partitions, before there are any records. */
async function grow(client: Client, partitions: number): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata();
    const small = topics.filter(
      ({ name, partitions: has }) =>
        /^(tickets|posts|surveys|signals|insights|records)\./.test(name) && has.length < partitions,
    );
    if (small.length > 0)
      await admin.createPartitions({
        topicPartitions: small.map(({ name }) => ({ topic: name, count: partitions })),
      });
  } finally {
    await admin.disconnect();
  }
}
