// kafkajs consumers that stop without a word, crash for good or are refused (tulios/kafkajs#1441): played by a stand-in,
// since a real broker cannot be made to cause each.
import { afterEach, expect, it } from 'vitest';
import type { Consumer, Kafka } from 'kafkajs';
import { kafkaSettings } from '#core/log/kafka/settings.ts';
import { createLogger } from '#core/logger.ts';
import { openKafkaFeed } from '../../services/client/kafka-feed.ts';
import type { Feed } from '../../services/client/feed.ts';
import { Lane } from '../../services/client/lane.ts';

type Listener = (event: { payload: unknown }) => void;
const settings = kafkaSettings.parse({
  brokers: ['127.0.0.1:1'],
  sessionTimeoutMs: 1_000,
  heartbeatIntervalMs: 100,
});

/** Consumers that join at once and then do nothing; `emit` makes the newest say something. */
function standIn({ joins = true } = {}) {
  const committed: string[] = [];
  const made: Map<string, Listener>[] = [];
  const left: number[] = [];
  const events = ['HEARTBEAT', 'FETCH', 'GROUP_JOIN', 'CRASH', 'END_BATCH_PROCESS'];
  const consumer = (): Partial<Consumer> => {
    const number = made.length;
    const listeners = new Map<string, Listener>();
    made.push(listeners);
    return {
      events: Object.fromEntries(
        events.map((name) => [name, name]),
      ) as unknown as Consumer['events'],
      on: ((name: string, listener: Listener) =>
        listeners.set(name, listener)) as unknown as Consumer['on'],
      connect: async () => undefined,
      subscribe: async () => undefined,
      run: async () => {
        if (joins) listeners.get('GROUP_JOIN')!({ payload: { memberAssignment: { topic: [0] } } });
      },
      commitOffsets: async (offsets) => {
        for (const { partition, offset } of offsets) committed.push(`${partition}: ${offset}`);
      },
      paused: () => [],
      disconnect: async () => void left.push(number),
    };
  };
  return {
    kafka: { consumer } as unknown as Kafka,
    made,
    left,
    committed,
    emit: (name: string, payload: unknown) => made.at(-1)!.get(name)!({ payload }),
  };
}

let feed: Feed | undefined;
afterEach(() => feed?.close());

async function open(
  kafka: Kafka,
  now: () => number = () => 0,
  signal?: AbortSignal,
): Promise<Error[]> {
  const ends: Error[] = [];
  feed = await openKafkaFeed({
    kafka,
    settings,
    now,
    signal,
    topic: 'topic',
    group: 'group',
    fromBeginning: true,
    logger: createLogger('test', 'silent'),
    onEnd: (error) => ends.push(error),
    lane: (hooks) =>
      new Lane({
        ...hooks,
        process: async () => undefined,
        maxRecords: 1,
        backoff: { initialMs: 1, maxMs: 1 },
        random: () => 0,
        onFailure: () => undefined,
      }),
  });
  return ends;
}

it('replaces a consumer that has fallen silent', async () => {
  const { kafka, made, left } = standIn();
  let nowMs = 0;
  await open(kafka, () => nowMs);
  expect(made).toHaveLength(1);
  nowMs = 10_000;
  await expect.poll(() => made.length, { timeout: 5_000 }).toBe(2);
  expect(left).toEqual([0]);
});

it('replaces a consumer that crashed for good, and leaves to kafkajs what kafkajs restarts', async () => {
  const { kafka, made, emit } = standIn();
  const ends = await open(kafka);
  emit('CRASH', { error: new Error('away'), restart: true });
  emit('CRASH', { error: new Error('a bug in kafkajs'), restart: false });
  await expect.poll(() => made.length, { timeout: 5_000 }).toBe(2);
  expect(ends).toEqual([]);
});

it('ends with the reason when the cluster refuses it', async () => {
  const { kafka, made, left, emit } = standIn();
  const ends = await open(kafka);
  const error = Object.assign(new Error('Not authorized'), { type: 'TOPIC_AUTHORIZATION_FAILED' });
  emit('CRASH', { error, restart: false });
  await expect.poll(() => ends).toMatchObject([{ code: 'log-refused' }]);
  expect(left).toEqual([0]);
  expect(made).toHaveLength(1);
});

it('moves no offset by what a consumer tells after it was replaced', async () => {
  const { kafka, emit, made, committed } = standIn();
  await open(kafka);
  emit('CRASH', { error: new Error('a bug in kafkajs'), restart: false });
  await expect.poll(() => made.length, { timeout: 5_000 }).toBe(2);
  made[0]!.get('END_BATCH_PROCESS')!({ payload: { partition: 0, lastOffset: '99' } });
  emit('END_BATCH_PROCESS', { partition: 0, lastOffset: '6' });
  await feed!.close();
  expect(committed).toEqual(['0: 7']);
});

it('stops joining when its signal aborts', async () => {
  const { kafka, left } = standIn({ joins: false });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  await open(kafka, () => 0, stop.signal);
  await feed!.close();
  expect(left).toEqual([0]);
});

it('does not join at all when its signal has aborted before', async () => {
  const { kafka, made } = standIn();
  await open(kafka, () => 0, AbortSignal.abort());
  expect(made).toEqual([]);
});
