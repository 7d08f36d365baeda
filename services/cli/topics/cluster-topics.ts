// The topics of a Kafka cluster as they are, and the few changes that `topics apply` makes to them. Nothing is deleted.
import kafkajs, { type Admin } from 'kafkajs';
import { createKafka } from '#core/log/kafka/connect.ts';
import { makeTopics } from '#core/log/kafka/create-topics.ts';
import { toSignpostError, type Operation } from '#core/log/kafka/kafka-error.ts';
import { clusterName, type KafkaSettings } from '#core/log/kafka/settings.ts';
import type { Logger } from '#core/logger.ts';
import type { ActualTopic } from './drift.ts';
import type { WantedTopic } from './wanted.ts';

export interface ClusterTopics {
  /** Brokers that answer. */
  brokers(): Promise<number>;
  /** Those of `names` that exist, and every other topic by its name alone. */
  describe(names: ReadonlySet<string>): Promise<{ actual: ActualTopic[]; others: string[] }>;
  /** Brokers hear of them one after the other. */
  create(topics: readonly WantedTopic[]): Promise<void>;
  /** Adds partitions up to `partitions`. */
  grow(topic: string, partitions: number): Promise<void>;
  /** Sets these and leaves every other setting of the topic as it is. */
  configure(topic: string, config: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

const { ConfigResourceTypes, ConfigSource } = kafkajs;

/** @throws SignpostError `log-unavailable`, `log-refused`; so do its methods. */
export async function openClusterTopics(
  settings: KafkaSettings,
  logger: Logger,
): Promise<ClusterTopics> {
  const admin = createKafka(settings, logger).admin();
  const call = async <T>(
    doing: string,
    work: () => Promise<T>,
    operation: Operation = 'Describe',
  ): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw toSignpostError(firstOf(error), doing, { operation });
    }
  };
  await call(`Connecting to ${clusterName(settings)}`, () => admin.connect());
  return {
    brokers: () =>
      call('Asking for brokers', async () => (await admin.describeCluster()).brokers.length),
    describe: (names) => call('Describing topics', () => describe(admin, names)),
    create: (topics) =>
      call(
        'Creating topics',
        async () => {
          if (topics.length > 0) await makeTopics(admin, topics, settings.requestTimeoutMs);
        },
        'Create',
      ),
    grow: (topic, count) =>
      call(
        `Adding partitions to ${topic}`,
        async () => {
          await admin.createPartitions({ topicPartitions: [{ topic, count }] });
        },
        'Alter',
      ),
    configure: (topic, config) =>
      call(
        `Changing settings of ${topic}`,
        async () => {
          // The request sets all of a topic's own settings: what it leaves out would fall back to the cluster's default.
          const own = (await settingsOf(admin, [topic])).get(topic)?.own ?? {};
          await admin.alterConfigs({
            validateOnly: false,
            resources: [
              {
                type: ConfigResourceTypes.TOPIC,
                name: topic,
                configEntries: entriesOf({ ...own, ...config }),
              },
            ],
          });
        },
        'AlterConfigs',
      ),
    close: () => admin.disconnect(),
  };
}

async function describe(
  admin: Admin,
  names: ReadonlySet<string>,
): Promise<{ actual: ActualTopic[]; others: string[] }> {
  const all = await admin.listTopics();
  const found = all.filter((name) => names.has(name));
  const others = all.filter((name) => !names.has(name));
  if (found.length === 0) return { actual: [], others };
  const { topics } = await admin.fetchTopicMetadata({ topics: found });
  const settings = await settingsOf(admin, found);
  const actual = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.length,
    replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    config: settings.get(name)?.all ?? {},
  }));
  return { actual, others };
}

interface TopicSettings {
  readonly all: Readonly<Record<string, string>>;
  /** Set on the topic itself. */
  readonly own: Readonly<Record<string, string>>;
}

async function settingsOf(
  admin: Admin,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicSettings>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => {
      const plain = (entries: typeof configEntries) =>
        Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
      const own = configEntries.filter(
        ({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG,
      );
      return [resourceName, { all: plain(configEntries), own: plain(own) }];
    }),
  );
}

function entriesOf(config: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(config).map(([name, value]) => ({ name, value }));
}

/** Of several topics' errors the first says why as well as any. */
function firstOf(error: unknown): unknown {
  const errors = error instanceof Error && 'errors' in error ? error.errors : undefined;
  return Array.isArray(errors) && errors.length > 0 ? errors[0] : error;
}
