// A log on plain kafkajs without transactions: outputs are sent, then the offset is committed. What a crash in between
// leaves is done twice; the bench shows what exactly once costs beside it.
import kafkajs from 'kafkajs';
import type { EachBatchPayload } from 'kafkajs';
import type { ClaimStore } from '#core/log/kafka/claim-store.ts';
import { createKafka } from '#core/log/kafka/connect.ts';
import { openKafkaReader } from '#core/log/kafka/open.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import type {
  Batch,
  Log,
  OutgoingRecord,
  ReceivedRecord,
  SubscribeOptions,
  Subscription,
} from '#core/log/port.ts';
import { logger } from './cluster.ts';
import { messageOf } from './intake.ts';

/** @param claims of normalize */
export async function openPlainLog(settings: KafkaSettings, claims: ClaimStore): Promise<Log> {
  const kafka = createKafka(settings, logger);
  const reader = await openKafkaReader({ settings, logger });
  const producer = kafka.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const subscriptions: Subscription[] = [];

  async function send(outputs: Iterable<OutgoingRecord>): Promise<void> {
    const messages = new Map<string, kafkajs.Message[]>();
    for (const output of outputs) {
      const topic = settings.topicPrefix + output.topic;
      const each = messages.get(topic);
      if (each === undefined) messages.set(topic, [messageOf(output)]);
      else each.push(messageOf(output));
    }
    if (messages.size === 0) return;
    await producer.sendBatch({
      compression: kafkajs.CompressionTypes.ZSTD,
      topicMessages: Array.from(messages, ([topic, each]) => ({ topic, messages: each })),
    });
  }

  async function subscribe(options: SubscribeOptions): Promise<Subscription> {
    const consumer = kafka.consumer({ groupId: settings.topicPrefix + options.group });
    const ready: Batch[] = [];
    const waiting: ((batch: Batch | null) => void)[] = [];
    const offer = (batch: Batch): void => {
      const next = waiting.shift();
      if (next === undefined) ready.push(batch);
      else next(batch);
    };

    /** Hands out a slice of what was fetched; resolves once it is committed or given back. */
    const handOut = (topic: string, partition: number, records: readonly ReceivedRecord[]) =>
      new Promise<void>((done, given) => {
        const nextOffset = records.at(-1)!.offset + 1;
        offer({
          topic,
          partition,
          records,
          nextOffset,
          claim: (asked) => claims.claim({ topic, partition }, asked),
          async commit(outputs) {
            await send(outputs);
            await consumer.commitOffsets([
              { topic: settings.topicPrefix + topic, partition, offset: String(nextOffset) },
            ]);
            done();
          },
          async release() {
            given(new Error('Given back'));
          },
        });
      });

    const eachBatch = async (payload: EachBatchPayload) => {
      const { batch } = payload;
      const topic = batch.topic.slice(settings.topicPrefix.length);
      const { partition } = batch;
      const most = options.maxRecords ?? 500;
      for (let from = 0; from < batch.messages.length; from += most) {
        const records = batch.messages
          .slice(from, from + most)
          .map((message) => received(topic, partition, message));
        await handOut(topic, partition, records);
        payload.resolveOffset(String(records.at(-1)!.offset));
        await payload.heartbeat();
      }
    };
    await consumer.connect();
    const topics = options.topics.map((topic) => settings.topicPrefix + topic);
    await consumer.subscribe({ topics, fromBeginning: true });
    const joined = new Promise<void>((resolve) => {
      consumer.on(consumer.events.GROUP_JOIN, () => resolve());
    });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 4,
      eachBatch,
    });
    await joined;
    const subscription: Subscription = {
      next: (signal) =>
        new Promise((resolve) => {
          const batch = ready.shift();
          if (batch !== undefined || signal.aborted) return resolve(batch ?? null);
          waiting.push(resolve);
          signal.addEventListener('abort', () => resolve(null), { once: true });
        }),
      close: () => consumer.disconnect(),
    };
    subscriptions.push(subscription);
    return subscription;
  }

  return {
    ...reader,
    subscribe,
    ensureTopics: () => Promise.reject(new Error('The topics are there before')),
    append: () => Promise.reject(new Error('Nothing is appended here')),
    async close() {
      await Promise.all(subscriptions.map((subscription) => subscription.close()));
      await producer.disconnect();
      await reader.close();
      await claims.close();
    },
  };
}

/** A message as a record of the log. */
export function received(
  topic: string,
  partition: number,
  message: EachBatchPayload['batch']['messages'][number],
): ReceivedRecord {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) headers[name] = String(value);
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key === null ? null : message.key.toString(),
    value: message.value,
    headers,
    timestamp: Number(message.timestamp),
  };
}
