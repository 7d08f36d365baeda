// The real servers that tests run against, one of each per test run, shared by all its files: those named in the
// environment, else containers, else native ones. A server that cannot be had fails the test and says what to do.
// Files keep apart by a random prefix for topics and groups, a database or a bucket of their own.
import { inject } from 'vitest';

export interface KafkaServer {
  /** `host:port` of every broker. */
  readonly brokers: string[];
}

/** From `SIGNPOST_TEST_KAFKA` (`host:port,…`), else started on first demand. */
export async function kafkaServer(): Promise<KafkaServer> {
  const named = process.env['SIGNPOST_TEST_KAFKA'];
  return named ? { brokers: named.split(',') } : ask<KafkaServer>('kafka');
}

export interface PostgresServer {
  /** `postgres://…` of a superuser, who may create databases. */
  readonly url: string;
}

/** From `SIGNPOST_TEST_POSTGRES` (`postgres://…`), else started on first demand. */
export async function postgresServer(): Promise<PostgresServer> {
  const named = process.env['SIGNPOST_TEST_POSTGRES'];
  return named ? { url: named } : ask<PostgresServer>('postgres');
}

export interface S3Server {
  /** `http://host:port`; reached with `forcePathStyle`. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * From `SIGNPOST_TEST_S3` (`http://accessKeyId:secretAccessKey@host:port`, and `?region=` where it is not us-east-1),
 * else started on first demand. It honours If-None-Match and If-Match. Buckets are made by the tests.
 */
export async function s3Server(): Promise<S3Server> {
  const named = process.env['SIGNPOST_TEST_S3'];
  if (!named) return ask<S3Server>('s3');
  const url = new URL(named);
  return {
    endpoint: url.origin,
    region: url.searchParams.get('region') ?? 'us-east-1',
    accessKeyId: decodeURIComponent(url.username),
    secretAccessKey: decodeURIComponent(url.password),
  };
}

async function ask<Server>(name: string): Promise<Server> {
  const response = await fetch(`${inject('serverDesk')}/${name}`);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Server;
}
