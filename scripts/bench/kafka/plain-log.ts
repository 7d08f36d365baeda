// The Kafka log without its transactions: all else is the same, outputs are written, then the offset is committed. What a
// crash in between leaves is done twice; beside it the bench shows what exactly once costs.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, Kafka } from 'kafkajs';
import { createBrokers, type Brokers } from '#core/log/kafka/brokers.ts';
import type { ClaimStore } from '#core/log/kafka/claim-store.ts';
import { compressorOf } from '#core/log/kafka/compression.ts';
import { createKafka } from '#core/log/kafka/connect.ts';
import { joinGroup } from '#core/log/kafka/membership.ts';
import { boundsOf, committedOf, keyOf } from '#core/log/kafka/offsets.ts';
import { openKafkaReader } from '#core/log/kafka/open.ts';
import { packOutgoing, type OutgoingOptions } from '#core/log/kafka/outgoing.ts';
import { stampBatch, type ClosedBatch } from '#core/log/kafka/record-batch.ts';
import { produce } from '#core/log/kafka/requests.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { subscribe } from '#core/log/kafka/subscription.ts';
import type { InputOffset, Transactor } from '#core/log/kafka/transactions.ts';
import type { Log, SubscribeOptions, Subscription } from '#core/log/port.ts';
import { logger } from './cluster.ts';

/** As many as the log has. */
const WRITING_CONNECTIONS = 4;
const ATTRIBUTES_AT = 21;
const TRANSACTIONAL = 0x10;

/** @param claims of normalize */
export async function openPlainLog(settings: KafkaSettings, claims: ClaimStore): Promise<Log> {
  const kafka = createKafka(settings, logger);
  const reader = await openKafkaReader({ settings, logger });
  const writers = Array.from({ length: WRITING_CONNECTIONS }, () => createBrokers(kafka));
  const [first] = writers as [Brokers];
  const subscriptions: Subscription[] = [];
  const wireTopic = (topic: string): string => settings.topicPrefix + topic;
  const packing: OutgoingOptions = {
    partitionsOf: (topic) => first.partitionsOf(topic),
    wireTopic,
    compressor: compressorOf(settings.compression),
    schemaIds: undefined,
    random: Math.random,
  };

  async function join(options: SubscribeOptions): Promise<Subscription> {
    const group = wireTopic(options.group);
    const brokers = createBrokers(kafka);
    let member: Consumer | undefined;
    let lanes = 0;
    const subscription = await subscribe(options, {
      group,
      brokers,
      claims,
      schemaIds: undefined,
      wireTopic,
      fetchWaitMs: settings.fetchWaitMs,
      fetchBytesPerPartition: settings.fetchBytesPerPartition,
      retakeMs: settings.heartbeatIntervalMs,
      pack: (records) => packOutgoing(records, packing),
      sleep,
      transactorOf() {
        lanes += 1;
        const writer = writers[lanes % writers.length]!;
        return plainWriter(writer, settings.requestTimeoutMs, (input) => commit(member!, input));
      },
      async startOf(topic, partition) {
        const at = { topic: wireTopic(topic), partition };
        const key = keyOf(at);
        const stands = (await committedOf(brokers, group, [at])).get(key);
        return stands ?? (await boundsOf(brokers, [at], 'start')).get(key) ?? 0;
      },
      join: (onAssigned) =>
        joinGroup({
          kafka: remembering(kafka, (consumer) => (member = consumer)),
          settings,
          logger,
          group,
          topics: options.topics.map(wireTopic),
          now: Date.now,
          onAssigned,
          onReplaced: (why) => logger.error({ group, why }, 'A consumer had to be replaced'),
        }),
      onFetchError: (error) => logger.error({ error }, 'Fetching failed'),
    });
    subscriptions.push(subscription);
    return subscription;
  }

  return {
    ...reader,
    subscribe: join,
    ensureTopics: () => Promise.reject(new Error('The topics are there before')),
    append: () => Promise.reject(new Error('Nothing is appended here')),
    async close() {
      await Promise.all(subscriptions.map((subscription) => subscription.close()));
      await Promise.all([reader.close(), ...writers.map((writer) => writer.close())]);
      await claims.close();
    },
  };
}

/** Acknowledged by all in-sync replicas, as in a transaction. */
function plainWriter(
  brokers: Brokers,
  timeoutMs: number,
  commitOffset: (input: InputOffset) => Promise<void>,
): Transactor {
  async function write(batches: readonly ClosedBatch[]): Promise<void> {
    const byLeader = new Map<number | null, ClosedBatch[]>();
    for (const batch of batches) {
      const { bytes, topic, partition } = batch;
      bytes.writeInt16BE(bytes.readInt16BE(ATTRIBUTES_AT) & ~TRANSACTIONAL, ATTRIBUTES_AT);
      stampBatch(batch, -1n, -1, -1);
      const { nodeId } = await brokers.leaderOf(topic, partition);
      const each = byLeader.get(nodeId);
      if (each === undefined) byLeader.set(nodeId, [batch]);
      else each.push(batch);
    }
    await Promise.all(
      [...byLeader].map(async ([nodeId, each]) =>
        produce(await brokers.node(nodeId!), null, each, timeoutMs),
      ),
    );
  }

  return {
    begin: () => Promise.resolve(),
    isReady: () => true,
    async run(rounds, input) {
      for (const round of rounds) await write(round);
      await commitOffset(input!);
      return [];
    },
  };
}

/** As the member that kafkajs keeps in the group: nobody else may. */
function commit(member: Consumer, { topic, partition, offset }: InputOffset): Promise<void> {
  return member.commitOffsets([{ topic, partition, offset: String(offset) }]);
}

function remembering(kafka: Kafka, tell: (consumer: Consumer) => void): Kafka {
  return Object.assign(Object.create(kafka) as Kafka, {
    consumer(config: Parameters<Kafka['consumer']>[0]) {
      const consumer = kafka.consumer(config);
      tell(consumer);
      return consumer;
    },
  });
}
