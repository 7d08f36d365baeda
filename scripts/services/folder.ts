// All the servers of one folder together: opened from what the folder holds, started, stopped, described.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openKafka, type Kafka, type SecuredListeners } from './kafka.ts';
import type { KafkaUsers } from './kafka-security.ts';
import { openPostgres, type Postgres } from './postgres.ts';
import { openS3, type S3 } from './s3.ts';
import { ServerError } from './server-error.ts';
import { allOf, type ServerProcess } from './server-process.ts';

export const serviceNames = ['kafka', 'postgres', 's3'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface FolderOptions {
  readonly only: readonly ServiceName[];
  /** Lays out what the folder does not hold yet; otherwise that is left out. */
  readonly create: boolean;
  readonly quickStart: boolean;
  /** Of a Kafka that is laid out now. */
  readonly brokers?: 1 | 3;
  readonly users?: KafkaUsers;
}

export interface ServerReport {
  readonly name: string;
  readonly state: ServerProcess['state'];
  readonly pid: number | null;
  /** `host:port` */
  readonly address: string;
  readonly log: string;
}

export interface FolderReport {
  readonly dir: string;
  readonly servers: readonly ServerReport[];
  /** Environment variables with which programs reach the servers. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of a Kafka with users. */
  readonly secured?: SecuredListeners;
}

export interface Services {
  readonly servers: readonly ServerProcess[];
  /** @throws ServerError `unknown-server` */
  server(name: string): ServerProcess;
  start(): Promise<void>;
  stop(): Promise<void>;
  report(): FolderReport;
}

export async function openServices(folder: string, options: FolderOptions): Promise<Services> {
  const dir = resolve(folder);
  const wanted = (name: ServiceName): boolean =>
    options.only.includes(name) && (options.create || existsSync(join(dir, `${name}.json`)));
  const common = { dir, lifetime: 'until-stopped' } as const;
  const { brokers, users, quickStart } = options;
  const kafka = wanted('kafka')
    ? await openKafka({
        ...common,
        quickStart,
        ...(brokers === undefined ? {} : { brokers }),
        ...(users === undefined ? {} : { users }),
      })
    : undefined;
  const postgres = wanted('postgres') ? await openPostgres(common) : undefined;
  const s3 = wanted('s3') ? await openS3(common) : undefined;

  const clusters = kafka === undefined ? [] : [kafka];
  const single = [postgres, s3].filter((server) => server !== undefined);
  const servers = [...(kafka?.nodes ?? []), ...single.map(({ node }) => node)];
  return {
    servers,
    server: (name) => {
      const found = servers.find((server) => server.name === name);
      if (found !== undefined) return found;
      const known = servers.map((server) => server.name).join(', ');
      throw new ServerError(
        'unknown-server',
        `There is no ${name} in ${dir}; there is ${known === '' ? 'nothing' : known}.`,
      );
    },
    start: async () => {
      const stopped = single.filter(({ node }) => node.pid === undefined);
      await allOf([...clusters, ...stopped].map((server) => server.start()));
    },
    stop: () => allOf([...clusters, ...single].map((server) => server.stop())),
    report: () => ({
      dir,
      servers: [
        ...(kafka?.nodes ?? []).map((node) => reportOf(node, node.address)),
        ...(postgres === undefined ? [] : [reportOf(postgres.node, new URL(postgres.url).host)]),
        ...(s3 === undefined ? [] : [reportOf(s3.node, new URL(s3.endpoint).host)]),
      ],
      environment: environmentOf(kafka, postgres, s3),
      ...(kafka?.secured === undefined ? {} : { secured: kafka.secured }),
    }),
  };
}

function reportOf(server: ServerProcess, address: string): ServerReport {
  const { name, state, pid, logFile } = server;
  return { name, state, pid: pid ?? null, address, log: logFile };
}

function environmentOf(
  kafka: Kafka | undefined,
  postgres: Postgres | undefined,
  s3: S3 | undefined,
): Readonly<Record<string, string>> {
  return {
    ...(kafka === undefined ? {} : { KAFKA_BROKERS: kafka.bootstrap.join(',') }),
    ...(postgres === undefined ? {} : { DATABASE_URL: postgres.url }),
    ...(s3 === undefined
      ? {}
      : {
          AWS_ENDPOINT_URL_S3: s3.endpoint,
          AWS_REGION: s3.region,
          AWS_ACCESS_KEY_ID: s3.accessKeyId,
          AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        }),
  };
}

/** For people: a line for each server. */
export function describeServers(report: FolderReport): string {
  if (report.servers.length === 0) return `There are no servers in ${report.dir}.\n`;
  return report.servers
    .map(({ name, state, pid, address }) =>
      [name.padEnd(9), state.padEnd(8), String(pid ?? '-').padEnd(8), `${address}\n`].join(' '),
    )
    .join('');
}

/** For people: what to export to reach the servers, and who may log in to Kafka. */
export function describeAccess({ environment, secured }: FolderReport): string {
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
  if (secured !== undefined) {
    lines.push(
      '',
      `SASL           ${secured.sasl.join(',')}`,
      `SASL with TLS  ${secured.saslTls.join(',')}, trust ${secured.caFile}`,
      ...Object.entries(secured.users).map(([name, word]) => `user           ${name} ${word}`),
    );
  }
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
}
