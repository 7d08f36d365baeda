// The Kafka log on the real broker of the test run, under a prefix of its own.
import { randomUUID } from 'node:crypto';
import type { ClaimStore } from '#core/log/kafka/claim-store.ts';
import { openKafkaLog } from '#core/log/kafka/open.ts';
import { kafkaSettings, type KafkaSettings } from '#core/log/kafka/settings.ts';
import type { Log } from '#core/log/port.ts';
import { createLogger } from '#core/logger.ts';

export const testLogger = createLogger(
  'test',
  process.env['SIGNPOST_TEST_LOG'] ? 'trace' : 'silent',
);

/** Settings that rebalance quickly; one broker, so one copy. */
export function testSettings(
  brokers: readonly string[],
  more: Partial<KafkaSettings> = {},
): KafkaSettings {
  return {
    ...kafkaSettings.parse({
      brokers,
      topicPrefix: `t${randomUUID().slice(0, 8)}.`,
      replicationFactor: 1,
      sessionTimeoutMs: 6_000,
      heartbeatIntervalMs: 250,
    }),
    ...more,
  };
}

export function openTestLog(settings: KafkaSettings, claims: ClaimStore): Promise<Log> {
  return openKafkaLog({ settings, claims, logger: testLogger });
}
