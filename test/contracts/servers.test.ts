// The servers that the other tests stand on: what they give, and that they come back with what they held.
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { kafkaServer, postgresServer } from '../support/servers.ts';

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
