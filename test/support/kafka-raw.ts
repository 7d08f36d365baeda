// Transactions left open or aborted on purpose, which the log itself never does.
import type { Brokers } from '#core/log/kafka/brokers.ts';
import { compressorOf } from '#core/log/kafka/compression.ts';
import { persist } from '#core/log/kafka/persist.ts';
import { addRecord, closeBatch, openBatch, stampBatch } from '#core/log/kafka/record-batch.ts';
import { addPartitions, produce } from '#core/log/kafka/requests.ts';
import type { OutgoingRecord } from '#core/log/port.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export interface OpenTransaction {
  end(commit: boolean): Promise<void>;
}

/** Writes `records` to one partition in a transaction that stays open. */
export async function openTransaction(
  brokers: Brokers,
  transactionalId: string,
  partition: number,
  records: readonly OutgoingRecord[],
): Promise<OpenTransaction> {
  const { topic, timestamp } = records[0]!;
  const parts = { brokers, now: Date.now, sleep };
  const patiently = <T>(ask: () => Promise<T>): Promise<T> =>
    persist(parts, Date.now() + 10_000, ask);
  const coordinator = () => brokers.coordinatorOf('transaction', transactionalId);
  const identity = await patiently(async () =>
    (await coordinator()).initProducerId({ transactionalId, transactionTimeout: 15_000 }),
  );
  const open = openBatch(topic, partition, timestamp);
  for (const record of records) addRecord(open, record, undefined);
  const batch = closeBatch(open, compressorOf('zstd'));
  stampBatch(batch, BigInt(identity.producerId.toString()), identity.producerEpoch, 0);
  await patiently(async () =>
    addPartitions(await coordinator(), { ...identity, transactionalId }, [
      { topic, partitions: [partition] },
    ]),
  );
  await patiently(async () =>
    produce(await brokers.leaderOf(topic, partition), transactionalId, [batch], 5_000),
  );
  return {
    end: async (commit) => {
      await patiently(async () =>
        (await coordinator()).endTxn({ ...identity, transactionalId, transactionResult: commit }),
      );
    },
  };
}
