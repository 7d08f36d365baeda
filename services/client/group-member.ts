// One kafkajs consumer as a member of a group: it joins, fetches, and tells what happens to it. Who replaces it when it
// stops is elsewhere.
import type { Consumer, ConsumerCrashEvent, EachBatchPayload, Kafka } from 'kafkajs';
import { SignpostError } from '#core/errors.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';

/** Longest wait for a group: a rebalance waits for its slowest member. */
export const joinTimeoutMs = 60_000;

export interface GroupMemberOptions {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  readonly topic: string;
  readonly group: string;
  /** Ends the joining. */
  readonly signal: AbortSignal;
  /** A sign of life. */
  readonly onHeard: () => void;
  readonly onAssigned: (partitions: readonly number[]) => void;
  /** Runs inside kafkajs's loop: it hands over and returns. */
  readonly onBatch: (payload: EachBatchPayload) => Promise<void>;
  /** A partition was read up to `nextOffset`, whether or not records came of it. */
  readonly onRead: (partition: number, nextOffset: number) => void;
  /** It crashed after it had joined. */
  readonly onCrash: (crash: ConsumerCrashEvent['payload']) => void;
}

export interface GroupMember {
  readonly consumer: Consumer;
  /** Resolves once partitions were assigned, or the signal aborted. @throws what kafkajs throws; `log-unavailable`. */
  join(): Promise<void>;
}

export function createGroupMember(options: GroupMemberOptions): GroupMember {
  const { kafka, settings, topic, group, signal, onHeard, onAssigned, onCrash } = options;
  const consumer = kafka.consumer({
    groupId: group,
    readUncommitted: false,
    allowAutoTopicCreation: false,
    sessionTimeout: settings.sessionTimeoutMs,
    heartbeatInterval: settings.heartbeatIntervalMs,
    rebalanceTimeout: settings.rebalanceTimeoutMs,
    maxWaitTimeInMs: settings.fetchWaitMs,
    maxBytesPerPartition: settings.fetchBytesPerPartition,
  });
  const joined = Promise.withResolvers<void>();
  joined.promise.catch(() => undefined);
  let isJoined = false;
  let lastCrash: Error | undefined;
  const { HEARTBEAT, FETCH, GROUP_JOIN, CRASH, END_BATCH_PROCESS } = consumer.events;
  consumer.on(HEARTBEAT, onHeard);
  consumer.on(FETCH, onHeard);
  // A batch of nothing but aborted records and transaction markers reaches no handler, but moves the offset.
  consumer.on(END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) =>
    options.onRead(partition, Number(lastOffset) + 1),
  );
  consumer.on(GROUP_JOIN, ({ payload }) => {
    onHeard();
    isJoined = true;
    onAssigned(payload.memberAssignment[topic] ?? []);
    joined.resolve();
  });
  consumer.on(CRASH, ({ payload }) => {
    onHeard();
    lastCrash = payload.error;
    if (isJoined) onCrash(payload);
    // A group whose coordinator is still loading, for one, is joined by the restart that kafkajs makes of it.
    else if (!payload.restart) joined.reject(payload.error);
  });

  async function join(): Promise<void> {
    await consumer.connect();
    // The oldest record, wherever a new group is to begin: kafkajs also goes there when retention overtook a group.
    await consumer.subscribe({ topic, fromBeginning: true });
    // Closed meanwhile: it must not join after all.
    if (signal.aborted) return consumer.disconnect();
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: options.onBatch,
    });
    const limit = setTimeout(() => {
      joined.reject(lastCrash ?? new SignpostError('log-unavailable', `${group} was not joined`));
    }, joinTimeoutMs);
    const abort = (): void => joined.resolve();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await joined.promise;
    } finally {
      clearTimeout(limit);
      signal.removeEventListener('abort', abort);
    }
  }

  return { consumer, join };
}
