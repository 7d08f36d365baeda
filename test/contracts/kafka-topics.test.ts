// `signpost topics apply` on a real cluster: what is missing is made, what differs is told, and changed only when asked.
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import kafkajs, { type Admin } from 'kafkajs';
import { createKafka } from '#core/log/kafka/connect.ts';
import { kafkaSettings, type KafkaSettings } from '#core/log/kafka/settings.ts';
import { noClaims } from '../../services/cli/open-log.ts';
import { applyToCluster } from '../../services/cli/topics/apply.ts';
import { internalTopics, topicsFor } from '../../services/topology.ts';
import { start } from '../support/command.ts';
import { openTestLog } from '../support/kafka-log.ts';
import { kafkaServer } from '../support/servers.ts';

const logger = pino({ level: 'silent' });
const topicPrefix = `topics-${randomBytes(4).toString('hex')}.`;
const departments = ['operations'];
const intake = `${topicPrefix}tickets.reported.v1`;
let settings: KafkaSettings;
let admin: Admin;

beforeAll(async () => {
  const { brokers } = await kafkaServer();
  settings = kafkaSettings.parse({ brokers, topicPrefix, replicationFactor: 1 });
  admin = createKafka(settings, logger).admin();
  await admin.connect();
}, 120_000);
afterAll(async () => {
  const all = (await admin.listTopics()).filter((name) => name.startsWith(topicPrefix));
  if (all.length > 0) await admin.deleteTopics({ topics: all });
  await admin.disconnect();
});

/** A broker hears of a change made elsewhere a little later. */
const patience = { timeout: 10_000, interval: 200 };
const apply = (options: { dryRun?: true; mend?: true; grow?: true } = {}) =>
  applyToCluster(settings, departments, options, logger);

async function configOf(topic: string): Promise<Record<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
  });
  const entries = resources[0]!.configEntries.map((one) => [one.configName, one.configValue]);
  return Object.fromEntries(entries) as Record<string, string>;
}

describe('topics apply', () => {
  test('in a dry run makes nothing, and is not in step', async () => {
    const result = await apply({ dryRun: true });
    expect(result.inStep).toBe(false);
    expect(result.created).toContain(intake);
    expect((await admin.listTopics()).filter((name) => name.startsWith(topicPrefix))).toEqual([]);
  });

  test('makes every topic as it should be, and has nothing to do then', async () => {
    expect(await apply()).toMatchObject({ drift: [], inStep: true });
    expect(await configOf(intake)).toMatchObject({
      'cleanup.policy': 'delete',
      'retention.ms': String(7 * 86_400_000),
      'min.insync.replicas': '1',
      'compression.type': 'producer',
    });
    expect((await configOf(`${topicPrefix}signpost.checkpoints.v1`))['cleanup.policy']).toBe(
      'compact',
    );
    expect(await apply()).toMatchObject({ created: [], changed: [], drift: [], inStep: true });
  });

  test('twice at once makes them once', async () => {
    const shared = { ...settings, topicPrefix: `${topicPrefix}shared.` };
    const both = [1, 2].map(() => applyToCluster(shared, departments, {}, logger));
    expect(await Promise.all(both)).toMatchObject([{ inStep: true }, { inStep: true }]);
  });

  test('finds nothing to change about topics that the log itself has made', async () => {
    const own = { ...settings, topicPrefix: `${topicPrefix}own.` };
    const log = await openTestLog(own, noClaims);
    await log.ensureTopics([...topicsFor(departments), ...internalTopics]);
    await log.close();
    expect(await applyToCluster(own, departments, { dryRun: true }, logger)).toMatchObject({
      created: [],
      drift: [],
      inStep: true,
    });
  });

  test('tells of settings that differ, and mends them when asked, leaving others alone', async () => {
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: intake,
          configEntries: [
            ...Object.entries(await ownConfigOf(intake)),
            ['retention.ms', '1000'],
            ['flush.messages', '777'],
          ]
            .map(([name, value]) => ({ name: name!, value: value! }))
            .filter(({ name }, i, all) => all.findLastIndex((one) => one.name === name) === i),
        },
      ],
    });
    const drift = [
      {
        topic: intake,
        setting: 'retention.ms',
        is: '1000',
        shouldBe: String(7 * 86_400_000),
        remedy: 'mend',
      },
    ];
    await expect.poll(() => apply(), patience).toMatchObject({ drift, inStep: false });
    expect(await apply({ mend: true })).toMatchObject({ changed: drift, drift: [], inStep: true });
    expect((await configOf(intake))['flush.messages']).toBe('777');
  });

  test('adds partitions only when asked, and warns that keys move', async () => {
    const name = `${topicPrefix}insights.legal.v1`;
    const created = { topic: name, numPartitions: 2 };
    await admin.createTopics({ topics: [created], waitForLeaders: false });
    await expect.poll(() => admin.listTopics(), patience).toContain(name);
    const withLegal = (options: { mend?: true; grow?: true }) =>
      applyToCluster(settings, [...departments, 'legal'], options, logger);
    const found = await withLegal({ mend: true });
    expect(found.drift).toEqual([
      { topic: name, setting: 'partitions', is: '2', shouldBe: '4', remedy: 'grow' },
    ]);
    const grown = await withLegal({ grow: true });
    expect(grown).toMatchObject({ drift: [], inStep: true });
    expect(grown.warnings.join()).toContain(`Keys moved to other partitions of ${name}`);
  });

  test('leaves alone what no configuration names, and says so', async () => {
    const legal = `${topicPrefix}insights.legal.v1`;
    expect(await apply()).toMatchObject({ leftOver: [legal], inStep: true });
    expect(await admin.listTopics()).toContain(legal);
  });

  test('as a command exits with 1 while topics are not in step, and with 0 once they are', async () => {
    const other = `${topicPrefix}cli.`;
    const run = async (...more: string[]) => {
      const env = { ...process.env, KAFKA_TOPIC_PREFIX: other, KAFKA_REPLICATION_FACTOR: '1' };
      const brokers = settings.brokers.join();
      const args = ['topics', 'apply', '--brokers', brokers, '--json', ...more];
      const { code, stdout } = await start(args, { env }).ended;
      return { code, result: JSON.parse(stdout.split('\n')[0]!) as { schemas: string[] } };
    };
    expect(await run('--dry-run')).toMatchObject({ code: 1, result: { inStep: false } });
    const made = await run();
    expect(made).toMatchObject({ code: 0, result: { inStep: true, drift: [] } });
    expect(made.result.schemas).toContain('insight v2 (id 11)');
    expect(await run('--dry-run')).toMatchObject({ code: 0, result: { created: [] } });
  }, 60_000);
});

async function ownConfigOf(topic: string): Promise<Record<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
  });
  const own = resources[0]!.configEntries.filter(
    ({ configSource }) => configSource === kafkajs.ConfigSource.TOPIC_CONFIG,
  );
  return Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
}
