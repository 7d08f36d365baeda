// The servers that the other tests stand on: what they give, and that they come back with what they held.
import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { kafkaServer, postgresServer, s3Server } from '../support/servers.ts';

test('a test run has a Kafka broker', async () => {
  const { brokers } = await kafkaServer();
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    expect((await admin.describeCluster()).brokers.length).toBeGreaterThan(0);
  } finally {
    await admin.disconnect();
  }
}, 60_000);

test('a test run has a PostgreSQL in which tests may create their databases', async () => {
  const client = new Client((await postgresServer()).url);
  await client.connect();
  try {
    const { rows } = await client.query<{ rolcreatedb: boolean }>(
      'select rolcreatedb from pg_roles where rolname = current_user',
    );
    expect(rows).toEqual([{ rolcreatedb: true }]);
  } finally {
    await client.end();
  }
}, 60_000);

test('a test run has an S3 server on which exactly one of many writers of a new key wins', async () => {
  const { endpoint, region, ...credentials } = await s3Server();
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
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
}, 60_000);
