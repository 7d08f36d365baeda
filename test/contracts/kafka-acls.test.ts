// The access rights of a deployment on a broker that denies everything else: each service can do its work, and no more.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs, { type AclEntry } from 'kafkajs';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { roughLag } from '#core/lag.ts';
import { createKafka } from '#core/log/kafka/connect.ts';
import { openKafkaLog } from '#core/log/kafka/open.ts';
import { kafkaSettings, type KafkaSettings } from '#core/log/kafka/settings.ts';
import type { Log } from '#core/log/port.ts';
import { startKafka, type Kafka } from '../../scripts/services/kafka.ts';
import { aclRules, usersOf, type AclRule } from '../../services/cli/topics/acls.ts';
import { announceOnCluster } from '../../services/cli/topics/announce-on-cluster.ts';
import { openClusterTopics } from '../../services/cli/topics/cluster-topics.ts';
import { applyToCluster } from '../../services/cli/topics/apply.ts';
import { behindGateway } from '../../services/cli/run/services.ts';
import { noClaims } from '../../services/cli/open-log.ts';
import { insightsReplayed } from '../../services/topology.ts';

const departments = ['operations', 'marketing'];
const topicPrefix = 'rights.';
const options = {
  departments,
  topicPrefix,
  principalPrefix: 'User:',
  runAs: new Map<string, string>(),
  auditor: true,
};
const logger = pino({ level: 'silent' });
const directory = mkdtempSync(join(tmpdir(), 'signpost-acls-'));
const passwords = Object.fromEntries(
  usersOf(options).map((user) => [user, randomBytes(9).toString('hex')]),
);
let kafka: Kafka;
const open: Log[] = [];

function settingsOf(user: string): KafkaSettings {
  return kafkaSettings.parse({
    brokers: kafka.secured!.sasl,
    topicPrefix,
    replicationFactor: 1,
    sasl: { mechanism: 'scram-sha-256', username: user, password: passwords[user] },
  });
}

async function logOf(user: string): Promise<Log> {
  const log = await openKafkaLog({ settings: settingsOf(user), claims: noClaims, logger });
  open.push(log);
  return log;
}

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const resources = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  'transactional-id': AclResourceTypes.TRANSACTIONAL_ID,
};
const operations = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  Alter: AclOperationTypes.ALTER,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
  AlterConfigs: AclOperationTypes.ALTER_CONFIGS,
};

function entriesOf(rule: AclRule): AclEntry[] {
  return rule.operations.map((operation) => ({
    principal: rule.principal,
    host: '*',
    operation: operations[operation],
    permissionType: AclPermissionTypes.ALLOW,
    resourceType: resources[rule.resource],
    resourceName: rule.name,
    resourcePatternType:
      rule.pattern === 'prefixed' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
  }));
}

beforeAll(async () => {
  kafka = await startKafka({ dir: directory, users: passwords, quickStart: true });
  const administrator = kafkaSettings.parse({ brokers: kafka.bootstrap });
  const admin = createKafka(administrator, logger).admin();
  await admin.connect();
  await admin.createAcls({ acl: aclRules(options).flatMap(entriesOf) });
  await admin.disconnect();
  await applyToCluster(settingsOf('operator'), departments, {}, logger);
}, 120_000);
afterAll(async () => {
  await Promise.allSettled(open.map((log) => log.close()));
  await kafka.stop();
  rmSync(directory, { recursive: true, force: true });
});

const intake = 'tickets.reported.v1';
const signals = 'signals.normalized.v1';
const record = (topic: string) => ({
  topic,
  key: 'k',
  value: Buffer.from('words'),
  headers: {},
  timestamp: Date.now(),
});
const refused = {
  code: 'log-refused',
  message: expect.stringContaining('this client has no right to'),
};
const denial = /not authorized|find group coordinator/i;

/** Passes one record on, as a stage does. */
async function passOn(log: Log, group: string, from: string, to: string): Promise<number> {
  const subscription = await log.subscribe({ group, topics: [from] });
  const batch = await subscription.next(AbortSignal.timeout(20_000));
  if (batch === null) throw new Error('nothing came');
  await batch.commit([record(to)]);
  await subscription.close();
  return batch.records.length;
}

describe('each service can do its work', () => {
  test('the operator creates topics, announces schemas and finds all in step', async () => {
    const parts = { settings: settingsOf('operator'), url: undefined, departments, logger };
    expect((await announceOnCluster(parts)).length).toBeGreaterThan(0);
    expect(await announceOnCluster(parts)).toEqual([]);
    const again = await applyToCluster(settingsOf('operator'), departments, {}, logger);
    expect(again).toMatchObject({ created: [], drift: [], inStep: true });
  });

  test('the gateway appends, and keeps checkpoints', async () => {
    const log = await logOf('gateway');
    await log.append([record(intake)], { checkpoints: { import: 'line 7' } });
    expect(await log.checkpoint('import')).toBe('line 7');
  });

  test('the gateway sees what waits behind it, and sees it taken', async () => {
    const log = await logOf('gateway');
    expect(await roughLag(log, behindGateway)).toBeGreaterThan(0);
    const taken = await passOn(await logOf('normalize'), 'signpost.normalize', intake, signals);
    expect(taken).toBe(1);
    expect(await roughLag(log, behindGateway)).toBe(0);
  }, 60_000);

  test('classify and publish pass records on in transactions', async () => {
    const steps = [
      ['classify', signals, 'insights.shared.v1'],
      ['publish', 'insights.shared.v1', 'insights.operations.v1'],
    ] as const;
    for (const [service, from, to] of steps) {
      expect(await passOn(await logOf(service), `signpost.${service}`, from, to)).toBe(1);
    }
  }, 60_000);

  test('a department reads its own stream in its own groups', async () => {
    const read = await consume('department-operations', 'insights.operations.v1', 'operations.bi');
    expect(read).toBe('words');
  }, 60_000);

  test('the operator makes topics for what is replayed, which data teams read', async () => {
    const topic = insightsReplayed('mine');
    const log = await logOf('operator');
    await log.ensureTopics([topic]);
    await log.append([{ ...record(topic.name), key: null }], { checkpoints: { replay: '1' } });
    const data = await logOf('data');
    const parts = await Promise.all([0, 1, 2, 3].map((each) => data.read(topic.name, each, 0)));
    expect(parts.flatMap(({ records }) => records).length).toBe(1);
  });

  test('whoever keeps the archive sees for how long words stay on the topics it reads', async () => {
    const cluster = await openClusterTopics(settingsOf('archive'), logger);
    const words = ['insights.shared.v1', 'records.rejected.v1', insightsReplayed('mine').name];
    const names = new Set(words.map((name) => topicPrefix + name));
    const { actual } = await cluster.describe(names);
    await cluster.close();
    expect(actual.length).toBe(3);
    for (const { config } of actual) expect(Number(config['retention.ms'])).toBeGreaterThan(0);
  });

  test('the auditor reads what came in', async () => {
    const log = await logOf('auditor');
    const parts = await Promise.all([0, 1, 2, 3].map((each) => log.read(intake, each, 0)));
    expect(parts.flatMap(({ records }) => records).length).toBe(1);
  });
});

describe('and no more', () => {
  test.concurrent.each([
    ['classify', intake],
    ['publish', intake],
    ['gateway', intake],
    ['data', intake],
    ['data', 'records.rejected.v1'],
    ['department-operations', 'insights.marketing.v1'],
    ['department-operations', 'insights.shared.v1'],
    ['normalize', signals],
  ])('%s cannot read %s', async (user, topic) => {
    const log = await logOf(user);
    await expect(log.read(topic, 0, 0)).rejects.toMatchObject(refused);
  });

  test.each([
    ['classify', signals],
    ['normalize', intake],
    ['department-operations', 'insights.operations.v1'],
    ['data', 'insights.shared.v1'],
    ['data', insightsReplayed('mine').name],
    ['auditor', intake],
    ['classify', 'signpost.schemas.v1'],
  ])('%s cannot write to %s', async (user, topic) => {
    const log = await logOf(user);
    await expect(log.append([record(topic)])).rejects.toMatchObject(refused);
  });

  test('a department cannot read in another’s group, nor move a stage’s offsets', async () => {
    for (const group of ['marketing', 'operational', `${topicPrefix}signpost.publish`]) {
      await expect(
        consume('department-operations', 'insights.operations.v1', group),
      ).rejects.toThrow(denial);
    }
  }, 60_000);

  test('who may not see how far a group is, is told so, and not that it has read nothing', async () => {
    for (const user of ['classify', 'data']) {
      await expect(roughLag(await logOf(user), behindGateway)).rejects.toMatchObject({
        code: 'log-refused',
        message: expect.stringContaining(`Describe group ${topicPrefix}signpost.normalize`),
      });
    }
  }, 30_000);

  test('a stage cannot write in the name of another', async () => {
    const producer = createKafka(settingsOf('classify'), logger).producer({
      transactionalId: `${topicPrefix}signpost.normalize.${topicPrefix}${intake}.0`,
      maxInFlightRequests: 1,
      idempotent: true,
      retry: { retries: 1 },
    });
    await producer.connect();
    await expect(producer.transaction()).rejects.toThrow(denial);
    await producer.disconnect();
  }, 30_000);

  test('a service cannot make topics or change them', async () => {
    await expect(
      applyToCluster({ ...settingsOf('normalize') }, ['legal'], {}, logger),
    ).rejects.toMatchObject(refused);
  });
});

/** The first record of a topic, as a reader of its own tools reads it. */
async function consume(user: string, topic: string, groupId: string): Promise<string | undefined> {
  const consumer = createKafka(settingsOf(user), logger).consumer({
    groupId,
    retry: { retries: 0, restartOnFailure: async () => false },
  });
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  promise.catch(() => {});
  consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: topicPrefix + topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => resolve(message.value?.toString()) });
    return await promise;
  } finally {
    await consumer.disconnect();
  }
}
