// Deliveries from a real broker to a receiver that refuses one record of three for a while, in all the ways receivers
// do: whatever the group has committed, everything before it was acknowledged. Members come and go meanwhile.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import kafkajs, { type Admin } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import type { Log } from '#core/log/port.ts';
import { groupOf, runStage, type Engine } from '#core/run-stage.ts';
import type { Delivery } from '#core/stage.ts';
import { createTelemetry } from '#core/telemetry.ts';
import type { Topic } from '#core/topic.ts';
import { recordsDropped, recordsRejected } from '../../services/topology.ts';
import { createClaimModel } from '../contracts/claim-store.model.ts';
import { seeded } from '../support/adversary.ts';
import { openTestLog, testLogger, testSettings } from '../support/kafka-log.ts';
import { kafkaServer } from '../support/servers.ts';

const SEED = Number(process.env['SIGNPOST_CHAOS_SEED'] ?? Date.now() % 1_000_000);
const RECORDS = 400;
const PARTITIONS = 4;
const TIMEOUT_MS = 150;
const failures = ['401', '429', '500', 'timeout'] as const;

const words: Topic<string> = {
  name: 'words',
  partitions: PARTITIONS,
  retentionMs: 365 * 86_400_000,
  description: '',
  keyedBy: '',
  words: 'none',
  facts: (word) => ({ id: word, key: word, source: 'test', time: 0 }),
  codec: {
    recordName: 'Word',
    schemaId: 0,
    encode: (word) => Buffer.from(word),
    withLast: () => undefined,
    decode: (bytes) => Buffer.from(bytes).toString(),
  },
};

/** Refuses each third record up to four times, each time in another way. */
function createReceiver(random: () => number) {
  const acknowledged: string[] = [];
  const left = new Map(
    Array.from({ length: RECORDS }, (_, i): [string, number] => [
      `w${i}`,
      i % 3 === 0 ? 1 + Math.floor(random() * 4) : 0,
    ]),
  );
  const met = new Map<string, number>();
  const hanging = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const word = request.url!.slice(1);
    const times = left.get(word) ?? 0;
    request.resume();
    if (times === 0) {
      acknowledged.push(word);
      response.end();
      return;
    }
    left.set(word, times - 1);
    const failure = failures[Math.floor(random() * failures.length)]!;
    met.set(failure, (met.get(failure) ?? 0) + 1);
    if (failure === 'timeout') hanging.add(response);
    else response.writeHead(Number(failure), { 'retry-after': '0' }).end();
  });
  return { server, acknowledged, met, hanging };
}

let admin: Admin;
let brokers: string[];
const logs: Log[] = [];
const stop = new AbortController();
let server: Server;
beforeAll(async () => {
  ({ brokers } = await kafkaServer());
  admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
}, 180_000);
afterAll(async () => {
  stop.abort();
  await Promise.all(logs.map((log) => log.close()));
  await admin?.disconnect();
  server?.closeAllConnections();
  server?.close();
});

test(
  `a delivery never commits past what was not acknowledged (seed ${SEED})`,
  { timeout: 90_000 },
  async () => {
    const random = seeded(SEED);
    const receiver = createReceiver(random);
    ({ server } = receiver);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = testSettings(brokers);
    const open = async (): Promise<Log> => {
      const log = await openTestLog(settings, createClaimModel());
      logs.push(log);
      return log;
    };
    const delivery: Delivery<string> = {
      kind: 'delivery',
      name: 'deliver',
      inputs: [words],
      async deliver(batch, signal) {
        for (const { record } of batch) {
          try {
            const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
            const { ok, status } = await fetch(`${url}/${record}`, {
              method: 'POST',
              signal: within,
            });
            if (!ok) throw new SignpostError('receiver-refused', `The receiver answered ${status}`);
          } catch (cause) {
            if (cause instanceof SignpostError || signal.aborted) throw cause;
            throw new SignpostError('receiver-away', 'The receiver did not answer', { cause });
          }
        }
      },
    };
    const run = (log: Log, signal: AbortSignal): Promise<void> => {
      const engine: Engine = {
        log,
        logger: testLogger,
        metrics: createTelemetry(() => performance.now() / 1000).stage('deliver'),
        rejected: recordsRejected,
        dropped: recordsDropped,
        // The pauses are the engine's; a test has not the time for them.
        sleep: (ms, until) =>
          pause(Math.min(ms, 20), undefined, { signal: until }).catch(() => undefined),
        maxRecords: 7,
      };
      return runStage(delivery, engine, signal);
    };

    const first = await open();
    await first.ensureTopics([words]);
    const placed = await first.append(
      Array.from({ length: RECORDS }, (_, i) => ({
        topic: words.name,
        key: `w${i}`,
        value: words.codec.encode(`w${i}`),
        headers: {},
        timestamp: Date.now(),
      })),
    );
    const at = Array.from({ length: PARTITIONS }, (_, partition) =>
      placed
        .map((place, i) => ({ ...place, word: `w${i}` }))
        .filter((place) => place.partition === partition),
    );
    const second = await open();
    const third = await open();
    const firstLeaves = new AbortController();
    const tasks = [
      run(first, AbortSignal.any([stop.signal, firstLeaves.signal])),
      run(second, stop.signal),
    ];

    const past: string[] = [];
    let looks = 0;
    /** @returns how many records lie before what is committed. */
    const look = async (): Promise<number> => {
      const groupId = settings.topicPrefix + groupOf('deliver');
      const topics = [settings.topicPrefix + words.name];
      // A group that is new has no coordinator at once.
      const committed = await admin.fetchOffsets({ groupId, topics }).catch(() => undefined);
      if (committed === undefined) return 0;
      const known = new Set(receiver.acknowledged);
      looks += 1;
      let done = 0;
      for (const { partition, offset } of committed.flatMap(({ partitions }) => partitions)) {
        const before = at[partition]!.filter((place) => place.offset < Number(offset));
        done += before.length;
        for (const { word } of before)
          if (!known.has(word)) past.push(`${word} of partition ${partition}, committed ${offset}`);
      }
      return done;
    };
    for (;;) {
      const done = await look();
      if (done >= RECORDS || past.length > 0) break;
      if (done > RECORDS / 4 && !firstLeaves.signal.aborted) {
        firstLeaves.abort();
        tasks.push(run(third, stop.signal));
      }
      await pause(20);
    }
    stop.abort();
    await Promise.all(tasks);

    expect(past).toEqual([]);
    expect(looks).toBeGreaterThan(10);
    expect([...receiver.met.keys()].toSorted()).toEqual([...failures].toSorted());
    expect(new Set(receiver.acknowledged).size).toBe(RECORDS);
    // Of each partition in order, seen by when each was first acknowledged.
    const firstAt = new Map<string, number>();
    for (const [i, word] of receiver.acknowledged.entries())
      if (!firstAt.has(word)) firstAt.set(word, i);
    for (const places of at) {
      const order = places
        .toSorted((a, b) => a.offset - b.offset)
        .map(({ word }) => firstAt.get(word)!);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }
  },
);
