// A message as kafkajs gives it, as the engine's record.
import type { KafkaMessage } from 'kafkajs';
import type { ReceivedRecord } from '#core/log/port.ts';

/** Keys and headers are UTF-8; of a header that stands there twice, the last counts. */
export function received(topic: string, partition: number, message: KafkaMessage): ReceivedRecord {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) headers[name] = last.toString();
  }
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key?.toString() ?? null,
    value: message.value,
    headers,
    timestamp: Number(message.timestamp),
  };
}
