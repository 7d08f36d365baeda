// The Kafka log keeps the contract of a log, on a real broker.
import { kafkaServer } from '../support/servers.ts';
import { openTestLog, testSettings } from '../support/kafka-log.ts';
import { createClaimModel } from './claim-store.model.ts';
import { logContract } from './log.contract.ts';

logContract('the Kafka log', async () => {
  const { brokers } = await kafkaServer();
  const settings = testSettings(brokers);
  const claims = createClaimModel();
  const log = await openTestLog(settings, claims);
  const others: { close(): Promise<void> }[] = [];
  return {
    log,
    async connect() {
      const other = await openTestLog(settings, claims);
      others.push(other);
      return other;
    },
    async dispose() {
      await Promise.allSettled([log, ...others].map((each) => each.close()));
    },
  };
});
