// Records that a group need not read: left out, and committed past rarely, never past one that is still to be read. The
// broker is real; transactions and the passing of time are played, so that each step can be stopped.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBrokers } from '#core/log/kafka/brokers.ts';
import { createKafka } from '#core/log/kafka/connect.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { subscribe } from '#core/log/kafka/subscription.ts';
import type { Log, Subscription } from '#core/log/port.ts';
import { openTestLog, testLogger, testSettings } from '../support/kafka-log.ts';
import { kafkaServer } from '../support/servers.ts';
import { createClaimModel } from './claim-store.model.ts';
import { nextBatch, record, text } from './log.contract.ts';

const QUIET_MS = 1_000;

describe('records passed over', () => {
  let settings: KafkaSettings;
  let log: Log;
  let run = 0;
  let topic: string;
  /** Offsets that the group committed, one for each transaction. */
  let commits: number[];
  /** What sleeps wakes up when it is called. */
  let timePasses: () => void;
  let sleeping: Promise<void>;
  let sleepers: number;
  const opened: Subscription[] = [];

  beforeAll(async () => {
    settings = testSettings((await kafkaServer()).brokers);
    log = await openTestLog(settings, createClaimModel());
  });
  afterAll(() => log.close());
  beforeEach(async () => {
    run += 1;
    topic = `in.${run}`;
    commits = [];
    sleepers = 0;
    ({ promise: sleeping, resolve: timePasses } = Promise.withResolvers<void>());
    const retentionMs = 20 * 365 * 86_400_000;
    await log.ensureTopics([{ name: topic, partitions: 1, retentionMs }]);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
  });

  async function join(): Promise<Subscription> {
    const subscription = await subscribe(
      { group: 'g', topics: [topic], passOver: { header: 'carried', value: 'me' } },
      {
        group: 'g',
        brokers: createBrokers(createKafka(settings, testLogger)),
        claims: createClaimModel(),
        fetchWaitMs: 50,
        fetchBytesPerPartition: settings.fetchBytesPerPartition,
        schemaIds: undefined,
        retakeMs: 50,
        wireTopic: (name) => settings.topicPrefix + name,
        pack: async () => ({ rounds: [], places: [] }),
        startOf: async () => commits.at(-1) ?? 0,
        sleep() {
          sleepers += 1;
          return sleeping;
        },
        transactorOf: () => ({
          begin: async () => undefined,
          isReady: () => true,
          async run(_rounds, input) {
            commits.push(input!.offset);
            return [];
          },
        }),
        async join(onAssigned) {
          const at = { topic: settings.topicPrefix + topic, partition: 0 };
          onAssigned({ memberId: 'm', partitions: [at] });
          return { leave: async () => undefined };
        },
        onFetchError: (error) => expect.unreachable(String(error)),
      },
    );
    opened.push(subscription);
    return subscription;
  }

  const carried = (value: string) => record(topic, 'k', value, { carried: 'me' });
  const own = (value: string) => record(topic, 'k', value, { carried: 'somebody else' });
  const end = async (): Promise<number> =>
    (await log.topics()).find(({ name }) => name === topic)!.partitions[0]!.end;
  const quiet = (subscription: Subscription) => subscription.next(AbortSignal.timeout(QUIET_MS));

  /** Asks for a batch, in vain, as long as it takes until what is asserted holds: skipping is done for who asks. */
  async function asking(subscription: Subscription, asserted: () => Promise<void>): Promise<void> {
    const stop = new AbortController();
    const answer = subscription.next(stop.signal);
    await asserted().finally(() => stop.abort());
    expect(await answer).toBeNull();
  }
  async function havePassed(): Promise<void> {
    await expect.poll(() => sleepers).toBeGreaterThan(0);
  }

  it('are left out wherever they stand, and a commit ends behind those that follow', async () => {
    await log.append([carried('1'), own('2'), carried('3'), own('4'), carried('5')]);
    const batch = await nextBatch(await join());
    expect(batch.records.map(text)).toEqual(['2', '4']);
    await batch.commit([]);
    expect(commits).toEqual([5]);
  });

  it('are committed past once for many, when time has passed', async () => {
    // Before anybody reads: a broker may not know yet that it leads a topic just made.
    await log.append([carried('0')]);
    const subscription = await join();
    for (let i = 1; i < 10; i += 1) {
      await log.append([carried(String(i))]);
      await pause(20);
    }
    await asking(subscription, havePassed);
    expect(await quiet(subscription)).toBeNull();
    expect(commits).toEqual([]);
    timePasses();
    const all = await end();
    await asking(subscription, async () => {
      await expect.poll(() => commits.at(-1)).toBe(all);
    });
    // One, or a few on a machine so busy that a fetch comes late; by each fetch it would be ten and more.
    expect(commits.length).toBeLessThan(5);
  });

  it('are not committed past while one before them is out', async () => {
    await log.append([own('1'), carried('2')]);
    const subscription = await join();
    const batch = await nextBatch(subscription);
    await log.append([carried('3')]);
    timePasses();
    expect(await quiet(subscription)).toBeNull();
    await subscription.close();
    expect(commits).toEqual([]);
    await batch.release();
  });

  it('are read again, in vain and without harm, after a death before that commit', async () => {
    await log.append([own('1'), carried('2')]);
    const dead = await join();
    await (await nextBatch(dead)).commit([]);
    await log.append([carried('3'), carried('4')]);
    expect(await quiet(dead)).toBeNull();
    expect(commits).toEqual([2]);
    await log.append([own('5')]);
    expect((await nextBatch(await join())).records.map(text)).toEqual(['5']);
  });

  it('are committed past as the subscription closes', async () => {
    await log.append([carried('1'), carried('2')]);
    const subscription = await join();
    await asking(subscription, havePassed);
    await subscription.close();
    // Behind both; the marker of their transaction may not have been read yet.
    expect(commits).toEqual([expect.toSatisfy((offset) => offset >= 2)]);
  });
});
