// The servers of the bench on this machine, as their users run them: durable, nothing tuned. Each way gets topics of its
// own and an empty database, so that none finds what another left.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { SignpostError } from '#core/errors.ts';
import { createKafka } from '#core/log/kafka/connect.ts';
import { kafkaSettings, type KafkaSettings } from '#core/log/kafka/settings.ts';
import { createLogger } from '#core/logger.ts';
import { announceOnCluster } from '../../../services/cli/topics/announce-on-cluster.ts';
import { applyToCluster } from '../../../services/cli/topics/apply.ts';
import { startKafka } from '../../services/kafka.ts';
import { startPostgres } from '../../services/postgres.ts';

export const logger = createLogger('bench', 'error');
export const departments = [
  'operations',
  'marketing',
  'planning',
  'customer-service',
  'billing',
  'it',
];

export interface Fusion {
  readonly enabled: boolean;
  readonly write: readonly string[];
}

/** One pipeline on the cluster: topics, and a database for claims. */
export interface Deployment {
  readonly settings: KafkaSettings;
  readonly databaseUrl: string;
  /** A configuration file for `--config`. */
  configure(fusion: Fusion): string;
  /** Deletes its topics. */
  remove(): Promise<void>;
}

export interface Cluster {
  readonly pids: { readonly broker: number; readonly postgres: number };
  deploy(): Promise<Deployment>;
  stop(): Promise<void>;
}

export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'signpost-bench-'));
  // Postgres may run as another user, who must be able to enter.
  chmodSync(folder, 0o755);
  const kafka = await startKafka({ dir: join(folder, 'kafka') });
  const postgres = await startPostgres({ dir: join(folder, 'postgres') }).catch(
    async (error: unknown) => {
      await kafka.stop();
      throw error;
    },
  );
  let count = 0;
  return {
    pids: { broker: kafka.nodes[0]!.pid!, postgres: postgres.node.pid! },
    async deploy() {
      count += 1;
      const settings = kafkaSettings.parse({
        brokers: kafka.bootstrap,
        topicPrefix: `bench${count}.`,
        replicationFactor: 1,
      });
      await applyToCluster(settings, departments, {}, logger);
      await onceServed(() => announceOnCluster({ settings, url: undefined, departments, logger }));
      const databaseUrl = await createDatabase(postgres.url, `bench${count}`);
      return {
        settings,
        databaseUrl,
        configure(fusion) {
          const file = join(folder, `bench${count}.yaml`);
          const { brokers, topicPrefix, replicationFactor } = settings;
          // YAML reads JSON.
          const config = {
            logLevel: 'error',
            fusion,
            kafka: { brokers, topicPrefix, replicationFactor },
            database: { url: databaseUrl },
          };
          writeFileSync(file, JSON.stringify(config));
          return file;
        },
        async remove() {
          const admin = createKafka(settings, logger).admin();
          await admin.connect();
          const names = (await admin.listTopics()).filter((name) =>
            name.startsWith(settings.topicPrefix),
          );
          await admin.deleteTopics({ topics: names });
          await admin.disconnect();
        },
      };
    },
    async stop() {
      await Promise.all([kafka.stop(), postgres.stop()]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** On a busy machine a broker takes its time before it leads the partitions it was just given. */
async function onceServed(attempt: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await attempt();
      return;
    } catch (error) {
      const isAway = error instanceof SignpostError && error.code === 'log-unavailable';
      if (!isAway || tries === 10) throw error;
    }
  }
}

async function createDatabase(url: string, name: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}
