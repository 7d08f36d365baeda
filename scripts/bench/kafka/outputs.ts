// What the stages have written: its growth while it is measured, and a count of it afterwards.
import { createBrokers } from '#core/log/kafka/brokers.ts';
import { createKafka } from '#core/log/kafka/connect.ts';
import { boundsOf } from '#core/log/kafka/offsets.ts';
import { openKafkaReader } from '#core/log/kafka/open.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { insightsOf, insightsShared } from '../../../services/topology.ts';
import { departments, logger } from './cluster.ts';

export interface Outputs {
  /** Sum of the ends of all insight topics, markers of transactions included: grows with each commit. */
  size(): Promise<number>;
  close(): Promise<void>;
}

export function watchOutputs(settings: KafkaSettings): Outputs {
  const brokers = createBrokers(createKafka(settings, logger));
  const topics = [insightsShared, ...departments.map(insightsOf)];
  const partitions = topics.flatMap(({ name, partitions: count }) =>
    Array.from({ length: count }, (_, partition) => ({
      topic: settings.topicPrefix + name,
      partition,
    })),
  );
  return {
    async size() {
      const ends = await boundsOf(brokers, partitions, 'end');
      return [...ends.values()].reduce((sum, end) => sum + end, 0);
    },
    close: () => brokers.close(),
  };
}

export interface OutputCount {
  /** Records on `insights.shared.v1`, and how many different ids they have. */
  readonly insights: number;
  readonly distinct: number;
  /** Records on the streams of departments. */
  readonly routed: number;
}

/** Counts committed records, by reading all. */
export async function countOutputs(settings: KafkaSettings): Promise<OutputCount> {
  const reader = await openKafkaReader({ settings, logger });
  try {
    const ids = new Set<string>();
    let insights = 0;
    let routed = 0;
    const streams = new Set(departments.map((name) => insightsOf(name).name));
    for (const { name, partitions } of await reader.topics()) {
      const isShared = name === insightsShared.name;
      if (!isShared && !streams.has(name)) continue;
      for (const { partition, end } of partitions) {
        for (let offset = 0; offset < end;) {
          const limits = { maxRecords: 5_000, maxBytes: 16 * 1024 * 1024 };
          const { records, nextOffset } = await reader.read(name, partition, offset, limits);
          if (nextOffset === offset) break;
          offset = nextOffset;
          if (isShared) {
            insights += records.length;
            for (const { headers } of records) ids.add(headers['ce_id']!);
          } else routed += records.length;
        }
      }
    }
    return { insights, distinct: ids.size, routed };
  } finally {
    await reader.close();
  }
}
