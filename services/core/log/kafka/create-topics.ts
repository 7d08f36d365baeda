// Topics that are missing are created; what is there is left as it is, and only the number of partitions is checked.
import type { Kafka } from 'kafkajs';
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
  topics: readonly (readonly [string, TopicSpec])[],
  { kafka, settings }: CreateTopicsParts,
): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.createTopics({
      waitForLeaders: false,
      timeout: settings.requestTimeoutMs,
      topics: topics.map(([topic, spec]) => ({
        topic,
        numPartitions: spec.partitions,
        replicationFactor: settings.replicationFactor,
        configEntries: entriesOf(topicConfig(spec, settings)),
      })),
    });
  } catch (error) {
    const causes = error instanceof Error && 'errors' in error ? error.errors : undefined;
    const all: unknown[] = Array.isArray(causes) ? causes : [error];
    // Somebody else may be creating the same topics; what counts is what is there in the end.
    const real = all.find((each) => (each as { type?: unknown }).type !== 'TOPIC_ALREADY_EXISTS');
    if (real !== undefined) throw toSignpostError(real, 'Creating topics', { operation: 'Create' });
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

function entriesOf(config: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(config).map(([name, value]) => ({ name, value }));
}
