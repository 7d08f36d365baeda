// Fills the intake topic before a measurement: all in one transaction that is committed only when everybody is ready, so
// that the clock starts with all records there and none read.
import kafkajs from 'kafkajs';
import { createKafka } from '#core/log/kafka/connect.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import type { OutgoingRecord } from '#core/log/port.ts';
import { logger } from './cluster.ts';

const perRequest = 2_000;
const transactionTimeout = 600_000;

/** Writes `records`; readers of committed records see them once the result is called. */
export async function fill(
  settings: KafkaSettings,
  records: readonly OutgoingRecord[],
): Promise<() => Promise<void>> {
  const producer = createKafka(settings, logger).producer({
    transactionalId: `${settings.topicPrefix}intake`,
    transactionTimeout,
    maxInFlightRequests: 1,
    idempotent: true,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  for (let from = 0; from < records.length; from += perRequest) {
    const byTopic = Map.groupBy(records.slice(from, from + perRequest), ({ topic }) => topic);
    await transaction.sendBatch({
      compression: kafkajs.CompressionTypes.ZSTD,
      topicMessages: Array.from(byTopic, ([topic, each]) => ({
        topic: settings.topicPrefix + topic,
        messages: each.map(messageOf),
      })),
    });
  }
  return async () => {
    await transaction.commit();
    await producer.disconnect();
  };
}

/** A record as kafkajs takes it. */
export function messageOf({ key, value, headers, timestamp }: OutgoingRecord): kafkajs.Message {
  return {
    key,
    value: value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.length),
    headers: { ...headers },
    timestamp: String(timestamp),
  };
}
