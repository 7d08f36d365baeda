// The servers that the other tests stand on: what they give, and that they come back with what they held.
import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { kafkaServer } from '../support/servers.ts';

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
