// What is known to go wrong with kafkajs, one test each, named after its issue. On the real broker, unless a test says
// what it plays; where the broker cannot be made to do it, the piece is given a counterpart that does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Brokers } from '#core/log/kafka/brokers.ts';
import { createBrokers } from '#core/log/kafka/brokers.ts';
import { createKafka } from '#core/log/kafka/connect.ts';
import type { Broker, WireRequest } from '#core/log/kafka/kafkajs-internals.ts';
import { joinGroup } from '#core/log/kafka/membership.ts';
import { openKafkaLog } from '#core/log/kafka/open.ts';
import { packOutgoing } from '#core/log/kafka/outgoing.ts';
import { compressorOf } from '#core/log/kafka/compression.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { createFetcher } from '#core/log/kafka/fetcher.ts';
import { createBuffered } from '#core/log/kafka/lane.ts';
import { createTransactor, type Transactor } from '#core/log/kafka/transactions.ts';
import type { Log } from '#core/log/port.ts';
import { openTestLog, testLogger, testSettings } from '../support/kafka-log.ts';
import { openTransaction } from '../support/kafka-raw.ts';
import { kafkaServer } from '../support/servers.ts';
import { createClaimModel } from './claim-store.model.ts';
import { nextBatch, numbered, readAll, record, text } from './log.contract.ts';

/** Longer ago than the times that the records bear: Kafka forgets by those. */
const RETENTION_MS = 20 * 365 * 24 * 60 * 60 * 1000;
const warnings: Error[] = [];
const onWarning = (warning: Error): void => void warnings.push(warning);

describe('kafkajs', () => {
  let bootstrap: string[];
  let settings: KafkaSettings;
  let log: Log;
  const opened: { close(): Promise<void> }[] = [];
  let run = 0;
  const topic = (base: string): string => `${base}.${run}`;
  const group = (): string => `signpost.g${run}`;

  beforeAll(async () => {
    process.on('warning', onWarning);
    ({ brokers: bootstrap } = await kafkaServer());
    settings = testSettings(bootstrap);
    log = await openTestLog(settings, createClaimModel());
  });
  afterAll(async () => {
    await log.close();
    process.off('warning', onWarning);
  });
  beforeEach(async () => {
    run += 1;
    await log.ensureTopics([
      { name: topic('in'), partitions: 2, retentionMs: RETENTION_MS },
      { name: topic('one'), partitions: 1, retentionMs: RETENTION_MS },
      { name: topic('out'), partitions: 1, retentionMs: RETENTION_MS },
    ]);
  });
  afterEach(async () => {
    await Promise.allSettled(opened.splice(0).map((each) => each.close()));
  });

  const subscribe = async (where: string, more: { maxRecords?: number } = {}, from: Log = log) => {
    const subscription = await from.subscribe({ group: group(), topics: [where], ...more });
    opened.push(subscription);
    return subscription;
  };
  const another = async (more: Partial<KafkaSettings> = {}): Promise<Log> => {
    const other = await openTestLog({ ...settings, ...more }, createClaimModel());
    opened.push(other);
    return other;
  };
  const wire = (base: string): string => settings.topicPrefix + topic(base);
  const brokersOfOwn = (): Brokers => {
    const brokers = createBrokers(createKafka(settings, testLogger));
    opened.push(brokers);
    return brokers;
  };
  const transactor = (id: string, brokers = brokersOfOwn()): Transactor =>
    createTransactor({
      brokers,
      transactionalId: settings.topicPrefix + id,
      transactionTimeoutMs: 15_000,
      requestTimeoutMs: 5_000,
      deadlineMs: 10_000,
      now: Date.now,
      sleep,
    });
  const pack = (brokers: Brokers, values: readonly string[]) =>
    packOutgoing(
      values.map((value) => record(topic('out'), 'k', value)),
      {
        partitionsOf: (name) => brokers.partitionsOf(name),
        wireTopic: (name) => settings.topicPrefix + name,
        compressor: compressorOf('zstd'),
        schemaIds: undefined,
        random: Math.random,
      },
    );

  it('commits to partitions it no longer owns: a member stopped past its session is fenced when it comes back (tulios/kafkajs#1046)', async () => {
    await log.append(numbered(topic('one'), 5));
    const child = spawn(
      process.execPath,
      [
        new URL('../support/kafka-zombie.child.ts', import.meta.url).pathname,
        bootstrap.join(','),
        settings.topicPrefix,
        topic('one'),
        topic('out'),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
    );
    opened.push({ close: async () => void child.kill('SIGKILL') });
    // The child's group has a fixed name, so that it need not be told one.
    const said: string[] = [];
    child.stdout.on('data', (chunk: Buffer) => said.push(...chunk.toString().trim().split('\n')));
    while (!said.includes('taken')) await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    const heir = await log.subscribe({ group: 'signpost.g', topics: [topic('one')] });
    opened.push(heir);
    const batch = await heir.next(AbortSignal.timeout(20_000));
    expect(batch?.records.map(text)).toEqual(['0', '1', '2', '3', '4']);
    await batch?.commit([record(topic('out'), 'heir', 'x')]);
    child.kill('SIGCONT');
    child.stdin.write('go\n');
    await once(child, 'exit');
    expect(said).toEqual(['taken', 'fenced']);
    expect((await readAll(log, topic('out'))).map(({ key }) => key)).toEqual(['heir']);
  }, 60_000);

  it('carries no generation with offsets: whoever begins with a partition’s transactional id fences the other at once (tulios/kafkajs#1046)', async () => {
    await log.append(numbered(topic('one'), 3));
    const subscription = await subscribe(topic('one'));
    const batch = await nextBatch(subscription);
    await transactor(`${group()}.${topic('one')}.0`).begin();
    await expect(batch.commit([record(topic('out'), 'k', 'x')])).rejects.toMatchObject({
      code: 'fenced',
    });
    await batch.release();
    expect(await readAll(log, topic('out'))).toEqual([]);
    // It is still the only member, so the partition is its own again after a moment.
    expect((await nextBatch(subscription)).records).toEqual(batch.records);
  });

  it('does not wait for what another left open when it asks for offsets: beginning first ends it (no require_stable)', async () => {
    const brokers = brokersOfOwn();
    const id = `${settings.topicPrefix}${group()}.${topic('one')}.0`;
    const left = await openTransaction(brokers, id, 0, [record(wire('out'), 'k', 'left open')]);
    const offset = transactor(`${group()}.${topic('one')}.0`, brokers);
    await offset.begin();
    await expect(left.end(true)).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' });
    expect(await readAll(log, topic('out'))).toEqual([]);
  });

  it('sends heartbeats in-band: a batch that takes longer than the session costs no rebalance (tulios/kafkajs#130)', async () => {
    let rebalances = 0;
    const slow = await openKafkaLog({
      settings: { ...settings, sessionTimeoutMs: 6_000 },
      claims: createClaimModel(),
      logger: testLogger,
      events: { rebalanced: () => (rebalances += 1), restarted: () => undefined },
    });
    opened.push(slow);
    await log.append(numbered(topic('one'), 3));
    const subscription = await subscribe(topic('one'), {}, slow);
    const batch = await nextBatch(subscription);
    await sleep(7_500);
    await batch.commit([record(topic('out'), 'k', 'late')]);
    expect((await readAll(log, topic('out'))).map(text)).toEqual(['late']);
    expect(rebalances).toBe(1);
  }, 30_000);

  it('stops without restarting: a consumer that crashes, stops or falls silent is replaced, with a growing pause (tulios/kafkajs#1441, #659; a consumer that plays dead)', async () => {
    const consumers: FakeConsumer[] = [];
    const replaced: string[] = [];
    const members: string[] = [];
    const membership = await joinGroup({
      kafka: { consumer: () => fakeConsumer(consumers) } as never,
      settings: { ...settings, sessionTimeoutMs: 100, rebalanceTimeoutMs: 100 },
      logger: testLogger,
      group: 'g',
      topics: ['t'],
      now: Date.now,
      onAssigned: ({ memberId }) => members.push(memberId),
      onReplaced: (why) => replaced.push(why),
    });
    const nth = async (n: number): Promise<FakeConsumer> => {
      while (consumers.length < n) await sleep(10);
      await sleep(10);
      return consumers[n - 1]!;
    };
    (await nth(1)).emit('crash', { payload: { error: new Error('boom') } });
    (await nth(2)).emit('stop', {});
    // The third says nothing any more.
    await nth(4);
    await membership.leave();
    expect(replaced).toEqual(['boom', 'stopped', 'fell silent']);
    expect(members).toEqual(['m1', 'm2', 'm3', 'm4']);
    await sleep(300);
    expect(consumers).toHaveLength(4);
    expect(consumers.every(({ gone }) => gone)).toBe(true);
  });

  it('does not honour maxBytes: what is held of a partition is bounded, however slowly it is asked for (tulios/kafkajs#1694)', async () => {
    const limit = 65_536;
    const value = Buffer.alloc(1_000);
    for (let i = 0; i < 20; i += 1) {
      crypto.getRandomValues(value);
      await log.append(
        Array.from({ length: 100 }, () => ({ ...record(topic('one'), 'k', ''), value })),
      );
    }
    const real = brokersOfOwn();
    let fetched = 0;
    const counting: Brokers = {
      ...real,
      leaderOf: async (where, partition) =>
        counted(await real.leaderOf(where, partition), (bytes) => (fetched += bytes)),
    };
    const buffered = createBuffered(topic('one'), 0, undefined);
    const fetcher = createFetcher({
      brokers: counting,
      *targets() {
        yield {
          topic: wire('one'),
          partition: 0,
          fetchOffset: buffered.fetchOffset,
          hungry: () => buffered.bytes() < limit / 2,
          add: (answer) => buffered.add(answer),
          failed: (error) => {
            throw error;
          },
        };
      },
      waitMs: 20,
      bytesPerPartition: limit,
      sleep,
      onError: (error) => {
        throw error;
      },
    });
    fetcher.wake();
    await sleep(500);
    expect(fetched).toBeGreaterThan(0);
    expect(buffered.bytes()).toBeLessThan(limit * 2);
    let records = 0;
    while (records < 2_000) {
      const taken = buffered.take(7, 1e9);
      expect(taken.records.length).toBeLessThanOrEqual(7);
      records += taken.records.length;
      if (taken.records.length === 0) await sleep(5);
      fetcher.wake();
      expect(buffered.bytes()).toBeLessThan(limit * 2);
    }
    await fetcher.close();
    expect(records).toBe(2_000);
  });

  it('resolves offsets by one pointer: committing one partition says nothing about another (tulios/kafkajs#1125)', async () => {
    await log.append(numbered(topic('in'), 60));
    const first = await subscribe(topic('in'), { maxRecords: 10 });
    const [one, two] = [await nextBatch(first), await nextBatch(first)];
    await two.commit([]);
    await first.close();
    const second = await subscribe(topic('in'), { maxRecords: 10 });
    const again = [await nextBatch(second), await nextBatch(second)];
    const of = (partition: number) => again.find((batch) => batch.partition === partition);
    expect(of(one.partition)?.records).toEqual(one.records);
    expect(of(two.partition)?.records[0]?.offset).toBe(two.nextOffset);
  });

  it('sets timers in the past: Node warns of none, and idle connections set none (tulios/kafkajs#1751)', async () => {
    const kafka = createKafka(settings, testLogger);
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: wire('one'), messages: [{ value: 'x' }] });
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    await sleep(50);
    const samples: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      await sleep(3);
      samples.push(timers());
    }
    await producer.disconnect();
    expect(warnings.filter(({ name }) => name === 'TimeoutNegativeWarning')).toEqual([]);
    // One interval of each connection, to look for requests without an answer; nothing that comes and goes.
    expect(new Set(samples).size).toBeLessThanOrEqual(3);
  });

  it('delivers aborted records where transactions overlap: those that ended first hide others that began before (filterAbortedMessages)', async () => {
    const brokers = brokersOfOwn();
    const begin = (id: string, value: string) =>
      openTransaction(brokers, `${settings.topicPrefix}${group()}.${id}`, 0, [
        record(wire('out'), 'k', value),
      ]);
    const first = await begin('first', 'aborted');
    const second = await begin('second', 'aborted');
    const third = await begin('third', 'committed');
    await second.end(false);
    await first.end(false);
    await third.end(true);
    const consumer = createKafka(settings, testLogger).consumer({ groupId: wire('plain') });
    opened.push({ close: () => consumer.disconnect() });
    const seen: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topics: [wire('out')], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => void seen.push(String(message.value)),
    });
    await expect.poll(() => seen, { timeout: 10_000 }).toContain('committed');
    await sleep(200);
    expect(seen).toEqual(['committed']);
  });

  it('has no static membership: a member that closes leaves at once, not when its session ends (tulios/kafkajs#1242)', async () => {
    const long = { sessionTimeoutMs: 60_000 };
    const leaver = await subscribe(topic('in'), {}, await another(long));
    const heir = await subscribe(topic('in'), {}, await another(long));
    await log.append(numbered(topic('in'), 40));
    const kept = await nextBatch(heir);
    const given = await nextBatch(leaver);
    expect(given.partition).not.toBe(kept.partition);
    await leaver.close();
    const since = performance.now();
    expect((await nextBatch(heir)).records).toEqual(given.records);
    expect(performance.now() - since).toBeLessThan(10_000);
  });

  it('retries CONCURRENT_TRANSACTIONS only when it begins: transactions in a row all come through (tulios/kafkajs#430, #1068)', async () => {
    const brokers = brokersOfOwn();
    const writer = transactor('row', brokers);
    await writer.begin();
    for (let i = 0; i < 40; i += 1) {
      const { rounds } = await pack(brokers, [String(i)]);
      await writer.run(rounds, undefined);
    }
    expect((await readAll(log, topic('out'))).map(text)).toEqual(
      Array.from({ length: 40 }, (_, i) => String(i)),
    );
  });

  it('tries again what passes, and never after being fenced (a coordinator that plays both)', async () => {
    const real = brokersOfOwn();
    const answers = [
      'CONCURRENT_TRANSACTIONS',
      'NOT_COORDINATOR_FOR_GROUP',
      'INVALID_PRODUCER_EPOCH',
    ];
    let asked = 0;
    const playing: Brokers = {
      ...real,
      coordinatorOf: async (kind, id) => {
        const broker = await real.coordinatorOf(kind, id);
        return Object.assign(Object.create(broker) as Broker, {
          endTxn: () => {
            asked += 1;
            return Promise.reject(Object.assign(new Error('played'), { type: answers.shift() }));
          },
        });
      },
    };
    const writer = transactor('played', playing);
    await writer.begin();
    const { rounds } = await pack(real, ['x']);
    await expect(writer.run(rounds, undefined)).rejects.toMatchObject({ code: 'fenced' });
    expect(asked).toBe(3);
    // And stays fenced until its owner decides to begin anew.
    await expect(writer.run(rounds, undefined)).rejects.toMatchObject({ code: 'fenced' });
    expect(asked).toBe(3);
  });

  it('sends again what was not answered, and lets the first try end the next transaction when it arrives late: here that has begun anew (a connection that plays slow)', async () => {
    const real = brokersOfOwn();
    const late: (() => Promise<unknown>)[] = [];
    const playing: Brokers = {
      ...real,
      coordinatorOf: async (kind, id) => {
        const broker = await real.coordinatorOf(kind, id);
        const endTxn: Broker['endTxn'] = (request) => {
          if (late.length > 0) return broker.endTxn(request);
          late.push(() => broker.endTxn(request));
          const error = new Error('no answer');
          return Promise.reject(Object.assign(error, { name: 'KafkaJSRequestTimeoutError' }));
        };
        return Object.assign(Object.create(broker) as Broker, { endTxn });
      },
    };
    const writer = transactor('late', playing);
    await writer.begin();
    const { rounds } = await pack(real, ['x']);
    await writer.run(rounds, undefined);
    expect(writer.isReady()).toBe(false);
    await expect(writer.run(rounds, undefined)).rejects.toMatchObject({ code: 'fenced' });
    await writer.begin();
    await expect(late[0]?.()).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' });
    const { rounds: next } = await pack(real, ['y']);
    await writer.run(next, undefined);
    expect((await readAll(log, topic('out'))).map(text)).toEqual(['x', 'y']);
  });

  it('lets records of one aborted transaction through where two overlap and reading begins between: here none comes', async () => {
    const brokers = brokersOfOwn();
    const one = [record(wire('one'), 'k', 'aborted one')];
    const two = [record(wire('one'), 'k', 'aborted two')];
    const a = await openTransaction(brokers, `${settings.topicPrefix}a${run}`, 0, one);
    const b = await openTransaction(brokers, `${settings.topicPrefix}b${run}`, 0, two);
    await a.end(false);
    await b.end(false);
    await log.append([record(topic('one'), 'k', 'committed')]);
    for (const from of [0, 1, 2]) {
      const { records } = await log.read(topic('one'), 0, from);
      expect(records.map(text)).toEqual(['committed']);
    }
    const subscription = await subscribe(topic('one'));
    expect((await nextBatch(subscription)).records.map(text)).toEqual(['committed']);
  });

  it('stands still before markers at the end of a partition: reading ends there, and a group’s lag becomes 0', async () => {
    const brokers = brokersOfOwn();
    await log.append([record(topic('one'), 'k', 'v')]);
    const subscription = await subscribe(topic('one'));
    await (await nextBatch(subscription)).commit([]);
    const aborted = [record(wire('one'), 'k', 'aborted')];
    const left = await openTransaction(brokers, `${settings.topicPrefix}c${run}`, 0, aborted);
    await left.end(false);
    const end = (await log.topics()).find(({ name }) => name === topic('one'))!.partitions[0]!.end;
    expect(await log.read(topic('one'), 0, 1)).toEqual({
      records: [],
      nextOffset: end,
      endOffset: end,
    });
    expect(await subscription.next(AbortSignal.timeout(1_500))).toBeNull();
    const committed = (await log.committed()).find(({ topic: of }) => of === topic('one'));
    expect(committed?.offset).toBe(end);
  });
});

/** A broker whose answers to fetches are counted in bytes. */
function counted(broker: Broker, count: (bytes: number) => void): Broker {
  const { connectionPool } = broker;
  return Object.assign(Object.create(broker) as Broker, {
    connectionPool: Object.assign(Object.create(connectionPool) as Broker['connectionPool'], {
      send: <T>(request: WireRequest<T>): Promise<T> => {
        const response: WireRequest<T>['response'] = {
          parse: (decoded) => request.response.parse(decoded),
          decode(payload) {
            count(payload.length);
            return request.response.decode(payload);
          },
        };
        return connectionPool.send({ ...request, response });
      },
    }),
  });
}

interface FakeConsumer {
  emit(event: string, value: object): void;
  gone: boolean;
}

/** Joins when run, and then does nothing of its own accord. */
function fakeConsumer(all: FakeConsumer[]): object {
  const listeners = new Map<string, ((value: object) => void)[]>();
  const id = all.length + 1;
  const fake: FakeConsumer = {
    gone: false,
    emit: (event, value) => listeners.get(event)?.forEach((listener) => listener(value)),
  };
  all.push(fake);
  return {
    events: {
      HEARTBEAT: 'heartbeat',
      GROUP_JOIN: 'join',
      STOP: 'stop',
      DISCONNECT: 'disconnect',
      CRASH: 'crash',
    },
    on(event: string, listener: (value: object) => void) {
      listeners.set(event, [...(listeners.get(event) ?? []), listener]);
    },
    connect: async () => undefined,
    subscribe: async () => undefined,
    run: async () =>
      fake.emit('join', { payload: { memberId: `m${id}`, memberAssignment: { t: [0] } } }),
    pause: () => undefined,
    disconnect: async () => {
      fake.gone = true;
    },
  };
}
