// A member of a group in a process of its own, to be stopped (SIGSTOP) past its session: takes a batch, says so, waits
// for a line, commits, and says what became of it. Arguments: brokers, topic prefix, input topic, output topic.
import { once } from 'node:events';
import { SignpostError } from '#core/errors.ts';
import { createClaimModel } from '../contracts/claim-store.model.ts';
import { openTestLog, testSettings } from './kafka-log.ts';

const [brokers = '', topicPrefix = '', input = '', output = ''] = process.argv.slice(2);
const settings = testSettings(brokers.split(','), { topicPrefix });
const log = await openTestLog(settings, createClaimModel());
const subscription = await log.subscribe({ group: 'signpost.g', topics: [input] });
const batch = await subscription.next(AbortSignal.timeout(20_000));
if (batch === null) throw new Error('No batch came in time');
process.stdout.write('taken\n');
await once(process.stdin, 'data');
try {
  await batch.commit(batch.records.map((record) => ({ ...record, topic: output, key: 'zombie' })));
  process.stdout.write('committed\n');
} catch (error) {
  process.stdout.write(`${error instanceof SignpostError ? error.code : String(error)}\n`);
}
await log.close();
process.exit(0);
