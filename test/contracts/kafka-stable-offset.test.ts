// Where a group stands is not told while a transaction that commits for it is unfinished: who began there would do again
// what that transaction did.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBrokers, type Brokers } from '#core/log/kafka/brokers.ts';
import { createKafka } from '#core/log/kafka/connect.ts';
import { stableOffsetOf } from '#core/log/kafka/offset-fetch.ts';
import { persist } from '#core/log/kafka/persist.ts';
import type { Log } from '#core/log/port.ts';
import { openTestLog, testLogger, testSettings } from '../support/kafka-log.ts';
import { kafkaServer } from '../support/servers.ts';
import { createClaimModel } from './claim-store.model.ts';

let log: Log;
let brokers: Brokers;
let prefix: string;
beforeAll(async () => {
  const settings = testSettings((await kafkaServer()).brokers);
  prefix = settings.topicPrefix;
  log = await openTestLog(settings, createClaimModel());
  brokers = createBrokers(createKafka(settings, testLogger));
  await log.ensureTopics([{ name: 'in', partitions: 2, retentionMs: 3_600_000 }]);
});
afterAll(async () => {
  await log?.close();
  await brokers?.close();
});

const patiently = <T>(ask: () => Promise<T>): Promise<T> =>
  persist({ brokers, now: Date.now, sleep }, Date.now() + 10_000, ask);

/** Commits an offset of partition 0 in a transaction that stays open. */
async function committing(group: string, offset: string) {
  const transactionalId = `${prefix}${randomUUID()}`;
  const coordinator = () => brokers.coordinatorOf('transaction', transactionalId);
  const identity = await patiently(async () =>
    (await coordinator()).initProducerId({ transactionalId, transactionTimeout: 15_000 }),
  );
  const transaction = { ...identity, transactionalId };
  await patiently(async () =>
    (await coordinator()).addOffsetsToTxn({ ...transaction, groupId: group }),
  );
  const partitions = [{ partition: 0, offset, metadata: null }];
  await patiently(async () =>
    (await brokers.coordinatorOf('group', group)).txnOffsetCommit({
      ...transaction,
      groupId: group,
      topics: [{ topic: `${prefix}in`, partitions }],
    }),
  );
  return (transactionResult: boolean) =>
    patiently(async () => (await coordinator()).endTxn({ ...transaction, transactionResult }));
}

test.each([
  ['committed', true, 7],
  ['aborted', false, undefined],
])('an offset is told once its transaction is %s, and not before', async (_how, commit, stands) => {
  const group = `${prefix}${randomUUID()}`;
  const at = { topic: `${prefix}in`, partition: 0 };
  expect(await patiently(() => stableOffsetOf(brokers, group, at))).toBeUndefined();
  const end = await committing(group, '7');
  await expect(stableOffsetOf(brokers, group, at)).rejects.toMatchObject({
    code: 'log-unavailable',
  });
  expect(await stableOffsetOf(brokers, group, { ...at, partition: 1 })).toBeUndefined();
  await end(commit);
  expect(await patiently(() => stableOffsetOf(brokers, group, at))).toBe(stands);
});
