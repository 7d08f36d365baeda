// Topics that are missing are created; what is there is left as it is, and only the number of partitions is checked.
import type { Admin, Kafka } from 'kafkajs';
import { SignpostError } from '../../errors.ts';
import type { TopicSpec } from '../port.ts';
import type { Brokers } from './brokers.ts';
import { toSignpostError } from './kafka-error.ts';
import { errorAbout } from './requests.ts';
import type { KafkaSettings } from './settings.ts';
import { topicConfig } from './topic-config.ts';

export interface CreateTopicsParts {
  readonly kafka: Kafka;
  readonly brokers: Brokers;
  readonly settings: KafkaSettings;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const UNKNOWN_TOPIC = 3;
const REFUSED = 29;
const READY_MS = 15_000;
const STEP_MS = 50;

/** @throws SignpostError `topic-mismatch`, `log-refused` where this client may not create topics. */
export async function createTopics(
  specs: readonly TopicSpec[],
  parts: CreateTopicsParts,
): Promise<void> {
  const { brokers, settings, now, sleep } = parts;
  const wanted = new Map(specs.map((spec) => [settings.topicPrefix + spec.name, spec]));
  const missing = (await describe(brokers, [...wanted.keys()])).missing;
  if (missing.length > 0) {
    await create(
      missing.map((name) => [name, wanted.get(name)!]),
      parts,
    );
  }
  for (const until = now() + READY_MS; ;) {
    const { found, ready } = await describe(brokers, [...wanted.keys()]);
    for (const [name, partitions] of found) {
      const spec = wanted.get(name)!;
      if (partitions === spec.partitions) continue;
      throw new SignpostError(
        'topic-mismatch',
        `Topic ${spec.name} has ${partitions} partitions, not ${spec.partitions}`,
        { hint: 'Keys would move between partitions: `signpost topics apply` says how to go on.' },
      );
    }
    if (ready) return;
    if (now() > until) {
      throw new SignpostError('log-unavailable', 'Topics were created, but have no leaders yet');
    }
    await sleep(STEP_MS);
  }
}

async function describe(
  brokers: Brokers,
  names: readonly string[],
): Promise<{ found: Map<string, number>; missing: string[]; ready: boolean }> {
  try {
    const { topics } = await brokers.metadata(names);
    const refused = topics.find(({ errorCode }) => errorCode === REFUSED);
    if (refused !== undefined) throw errorAbout(refused.errorCode, refused.name);
    const missing = topics.filter(({ errorCode }) => errorCode === UNKNOWN_TOPIC);
    const found = topics.filter(({ errorCode }) => errorCode === 0);
    return {
      missing: missing.map(({ name }) => name),
      found: new Map(found.map(({ name, partitions }) => [name, partitions.length])),
      ready:
        found.length === names.length &&
        found.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)),
    };
  } catch (error) {
    throw toSignpostError(error, 'Describing topics', { operation: 'Describe' });
  }
}

async function create(
  specs: readonly (readonly [string, TopicSpec])[],
  { kafka, settings }: CreateTopicsParts,
): Promise<void> {
  const admin = kafka.admin();
  const { replicationFactor, requestTimeoutMs } = settings;
  try {
    await admin.connect();
    const topics = specs.map(([name, spec]) => ({
      name,
      partitions: spec.partitions,
      replicationFactor,
      config: topicConfig(spec, settings),
    }));
    await makeTopics(admin, topics, requestTimeoutMs);
  } catch (error) {
    throw toSignpostError(error, 'Creating topics', { operation: 'Create' });
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

export interface NewTopic {
  /** On the cluster: with the prefix. */
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** By Kafka's own names of topic settings. */
  readonly config: Readonly<Record<string, string>>;
}

/** Makes topics; those that somebody else made meanwhile are left as they are. Brokers hear of them one after the other. */
export async function makeTopics(
  admin: Pick<Admin, 'createTopics'>,
  topics: readonly NewTopic[],
  timeoutMs: number,
): Promise<void> {
  try {
    await admin.createTopics({
      // kafkajs gives up when a broker has not heard of a topic yet; whoever asks looks again.
      waitForLeaders: false,
      timeout: timeoutMs,
      topics: topics.map(({ name, partitions, replicationFactor, config }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
      })),
    });
  } catch (error) {
    const causes = error instanceof Error && 'errors' in error ? error.errors : undefined;
    const all: unknown[] = Array.isArray(causes) ? causes : [error];
    // What counts is what is there in the end.
    const real = all.find((each) => (each as { type?: unknown }).type !== 'TOPIC_ALREADY_EXISTS');
    if (real !== undefined) throw real;
  }
}
