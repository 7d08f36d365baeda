// How far stages are behind, by Kafka's own admin client.
import type { Admin, Kafka } from 'kafkajs';
import { intakeNames } from '../../test/support/cluster-streams.ts';

const reads: Readonly<Record<string, readonly string[]>> = {
  'signpost.normalize': intakeNames,
  'signpost.classify': ['signals.normalized.v1'],
  'signpost.publish': ['insights.shared.v1'],
};

export interface LagReader {
  /**
   * Offsets that the stages have not got to; infinite while the cluster does not tell. Offsets are asked before the
   * ends: when all meet, nothing was in between.
   */
  read(): Promise<number>;
  close(): Promise<void>;
}

export function createLag(kafka: Kafka): LagReader {
  let admin: Admin | undefined;

  async function ask(): Promise<number> {
    if (admin === undefined) {
      admin = kafka.admin();
      await admin.connect();
    }
    const asked = admin;
    const stands = await Promise.all(
      Object.entries(reads).map(async ([groupId, topics]) => ({
        topics,
        offsets: await asked.fetchOffsets({ groupId, topics: [...topics] }),
      })),
    );
    let lag = 0;
    for (const { topics, offsets } of stands) {
      for (const topic of topics) {
        const of = offsets.find((one) => one.topic === topic)?.partitions ?? [];
        for (const { partition, high } of await asked.fetchTopicOffsets(topic)) {
          const at = of.find((one) => one.partition === partition)?.offset ?? '-1';
          lag += Number(high) - Math.max(0, Number(at));
        }
      }
    }
    return lag;
  }

  async function close(): Promise<void> {
    const open = admin;
    admin = undefined;
    await open?.disconnect().catch(() => {});
  }

  return {
    async read() {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) throw error;
        // What it remembers of the cluster may be old.
        await close();
        return Infinity;
      }
    },
    close,
  };
}
