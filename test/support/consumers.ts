// What the consumers' examples read in tests: a department's stream on the real broker, written as `publish` writes it,
// with transactions that committed and some that did not; and the schemas, served as a registry serves them.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fastify from 'fastify';
import type { Kafka, Transaction } from 'kafkajs';
import { createKafka } from '#core/log/kafka/connect.ts';
import { kafkaSettings, type KafkaSettings } from '#core/log/kafka/settings.ts';
import { createLogger } from '#core/logger.ts';
import { toOutgoing } from '#core/topic.ts';
import { insightCodec, type Insight } from '#schemas/insight.ts';
import { registerRegistry } from '../../services/gateway/http/registry-routes.ts';
import { insightsOf } from '../../services/topology.ts';
import { root } from './command.ts';
import { kafkaServer } from './servers.ts';

export interface Produced {
  readonly insight: Insight;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly partition: number;
}

export interface Stream {
  readonly settings: KafkaSettings;
  /** With the prefix that keeps this stream apart from others on the broker. */
  readonly topic: string;
  readonly prefix: string;
  /** For who reads it. */
  readonly group: string;
  readonly kafka: Kafka;
  /** All in one transaction. */
  write(insights: readonly Insight[], end?: 'commit' | 'abort'): Promise<void>;
  /** Writes a value that may be no insight; committed at once. */
  writeValue(key: string, value: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

const silent = createLogger('test', 'silent');
const partitions = 4;

/** A new, empty `insights.operations.v1`, on the test run's broker unless others are named. */
export async function newStream(named?: readonly string[]): Promise<Stream> {
  const brokers = named ?? (await kafkaServer()).brokers;
  const prefix = `t${randomBytes(5).toString('hex')}.`;
  const settings = kafkaSettings.parse({ brokers, topicPrefix: prefix });
  const kafka = createKafka(settings, silent);
  const source = insightsOf('operations');
  const topic = prefix + source.name;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: false,
    topics: [
      {
        topic,
        numPartitions: partitions,
        replicationFactor: 1,
        // The samples are of a fixed day, long past.
        configEntries: [{ name: 'retention.ms', value: '-1' }],
      },
    ],
  });
  // A broker hears of a topic a little after it is said to exist, and kafkajs gives up there and then.
  for (let left = 50; ; left -= 1) {
    try {
      await admin.fetchTopicMetadata({ topics: [topic] });
      break;
    } catch (error) {
      if (left === 0) throw error;
      await delay(100);
    }
  }
  await admin.disconnect();
  const producer = kafka.producer({
    transactionalId: `${prefix}publish`,
    idempotent: true,
    maxInFlightRequests: 1,
    // A slow broker is still ending the transaction before when the next one begins.
    retry: { retries: 40, maxRetryTime: 1_000 },
  });
  await producer.connect();
  // The first on a broker that has just started finds no coordinator yet, and kafkajs gives up early.
  const begin = async (): Promise<Transaction> => {
    for (let left = 60; ; left -= 1) {
      try {
        return await producer.transaction();
      } catch (error) {
        if (left === 0) throw error;
        await delay(500);
      }
    }
  };
  const inTransaction = async (
    end: 'commit' | 'abort',
    messages: {
      key: string;
      value: Buffer;
      headers?: Record<string, string>;
      timestamp?: string;
    }[],
  ): Promise<void> => {
    const transaction = await begin();
    await transaction.send({ topic, messages });
    await (end === 'commit' ? transaction.commit() : transaction.abort());
  };
  return {
    settings,
    topic,
    prefix,
    group: `${prefix}operations.test`,
    kafka,
    async write(insights, end = 'commit') {
      const messages = insights.map((insight) => {
        const record = toOutgoing(source, insight, { timestamp: insight.signal.receivedAt });
        return {
          key: record.key!,
          value: Buffer.from(record.value!),
          headers: { ...record.headers },
          timestamp: String(record.timestamp),
        };
      });
      await inTransaction(end, messages);
    },
    writeValue: (key, value) => inTransaction('commit', [{ key, value: Buffer.from(value) }]),
    close: () => producer.disconnect(),
  };
}

/** `count` different insights made of the schema's samples, of `keys` keys; among them words that are hostile to terminals. */
export function someInsights(count: number, keys = 7, from = 0): Insight[] {
  const samples = JSON.parse(
    readFileSync(join(root, 'schemas/insight/v2.samples.json'), 'utf8'),
  ) as { record: Insight }[];
  return Array.from({ length: count }, (_, index) => {
    const n = from + index;
    const { record } = samples[n % samples.length]!;
    const id = `insight-${n}`;
    const text = n % 3 === 0 ? `Zeile ${n}\n\u001b[31mrot\u001b[0m\t“so” 📡` : record.signal.text;
    const signal = { ...record.signal, id, source: 'helpdesk', sourceId: `T-${n % keys}`, text };
    return { ...record, id, signal, sharedWith: ['operations'] };
  });
}

/** The registry as the gateway serves it, without the rest of the gateway. `more` are schemas of other releases by id. */
export async function newRegistry(
  topics: readonly string[],
  more: ReadonlyMap<number, string> = new Map(),
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const app = fastify();
  await registerRegistry(app, {
    topics: topics.map((name) => ({ name, recordName: insightCodec.recordName })),
    source: { find: async () => more },
  });
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() };
}
