// Membership of a consumer group, by a kafkajs consumer whose partitions are all paused: it joins, keeps its seat and
// hears of rebalances; records are fetched elsewhere. Its heartbeats so depend on nothing that a stage does
// (tulios/kafkajs#130), and one that falls silent or crashes is replaced (#1441, #659).
import type { Consumer, Kafka } from 'kafkajs';
import { SignpostError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { toSignpostError } from './kafka-error.ts';
import type { KafkaSettings } from './settings.ts';

export interface Assignment {
  /** Another one than before: what happened to the partitions in between is unknown. */
  readonly memberId: string;
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
}

export interface Membership {
  leave(): Promise<void>;
}

export interface MembershipOptions {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  readonly logger: Logger;
  /** As on the cluster, with the prefix. */
  readonly group: string;
  readonly topics: readonly string[];
  readonly now: () => number;
  readonly onAssigned: (assignment: Assignment) => void;
  /** The consumer is being replaced. */
  readonly onReplaced: (why: string) => void;
}

const pauseMs = { first: 200, most: 3_000 };
/** Longest wait for a consumer that is to go: it may hang on a broker that is away. */
const LEAVE_MS = 5_000;
const POLL_MS = 100;
const CRASH_TOLD_MS = 100;

/**
 * Joins, and resolves once partitions were assigned for the first time.
 * @throws SignpostError `unknown-topic`, `log-refused`; `log-unavailable` when joining was not possible for long.
 */
export async function joinGroup(options: MembershipOptions): Promise<Membership> {
  const { kafka, settings, logger, group, topics, now, onAssigned } = options;
  // The longest silence that is no fault: a rebalance waits for its slowest member.
  const silenceMs = settings.rebalanceTimeoutMs + settings.sessionTimeoutMs;
  let left = false;
  let rebuilds = 0;
  let failures = 0;
  let heardAt = now();
  let current: Consumer | undefined;
  let retry: NodeJS.Timeout | undefined;
  const begun = now();
  let onceJoined: () => void = () => undefined;
  let onFailure: (error: unknown) => void = () => undefined;

  function build(): Consumer {
    const consumer = kafka.consumer({
      groupId: group,
      sessionTimeout: settings.sessionTimeoutMs,
      rebalanceTimeout: settings.rebalanceTimeoutMs,
      heartbeatInterval: settings.heartbeatIntervalMs,
      maxWaitTimeInMs: Math.min(POLL_MS, settings.heartbeatIntervalMs),
      allowAutoTopicCreation: false,
      readUncommitted: false,
      retry: { retries: 3, initialRetryTime: 100, restartOnFailure: async () => false },
    });
    const live = (): boolean => consumer === current && !left;
    const heard = (): void => {
      if (!live()) return;
      heardAt = now();
      failures = 0;
    };
    consumer.on(consumer.events.HEARTBEAT, heard);
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (!live()) return;
      heard();
      consumer.pause(topics.map((topic) => ({ topic })));
      onAssigned({
        memberId: payload.memberId,
        partitions: Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
          partitions.map((partition) => ({ topic, partition })),
        ),
      });
      onceJoined();
    });
    const lost = (why: string): void => {
      if (live()) replace(why);
    };
    // A crash stops the consumer first and says why only then.
    const stopped = (why: string) => (): void => void setTimeout(lost, CRASH_TOLD_MS, why);
    consumer.on(consumer.events.STOP, stopped('stopped'));
    consumer.on(consumer.events.DISCONNECT, stopped('disconnected'));
    consumer.on(consumer.events.CRASH, ({ payload: { error } }) => {
      onFailure(error);
      lost(messageOf(error));
    });
    return consumer;
  }

  async function start(consumer: Consumer): Promise<void> {
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: () => Promise.reject(new Error('A paused partition was consumed')),
    });
  }

  function replace(why: string): void {
    const old = current;
    current = undefined;
    rebuilds += 1;
    failures += 1;
    const wait = Math.min(pauseMs.first * 2 ** Math.min(failures - 1, 20), pauseMs.most);
    logger.warn({ group, why, pauseMs: wait, rebuilds }, 'The group is joined anew');
    options.onReplaced(why);
    if (old !== undefined) void dismiss(old);
    retry = setTimeout(() => void rejoin(), wait);
  }

  async function rejoin(): Promise<void> {
    if (left) return;
    heardAt = now();
    const consumer = build();
    current = consumer;
    try {
      await start(consumer);
    } catch (error) {
      onFailure(error);
      if (consumer === current && !left) replace(messageOf(error));
    }
  }

  const watchdog = setInterval(
    () => {
      if (!left && current !== undefined && now() - heardAt > silenceMs) replace('fell silent');
    },
    Math.min(1_000, settings.sessionTimeoutMs / 2),
  );

  const stop = async (): Promise<void> => {
    left = true;
    clearInterval(watchdog);
    clearTimeout(retry);
    if (current !== undefined) await dismiss(current);
  };

  const joined = new Promise<void>((resolve, reject) => {
    onceJoined = resolve;
    onFailure = (error) => {
      const told = toSignpostError(error, `Joining ${group}`, { operation: 'Read', group });
      const passing = told instanceof SignpostError && told.code === 'log-unavailable';
      if (!passing || now() - begun > silenceMs) reject(told);
    };
  });
  void rejoin();
  try {
    await joined;
  } catch (error) {
    await stop();
    throw error;
  } finally {
    onceJoined = onFailure = () => undefined;
  }

  return { leave: stop };
}

/** Leaves the group at once, so that nobody waits for the session to end; gives up on a broker that is away. */
async function dismiss(consumer: Consumer): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LEAVE_MS);
  });
  await Promise.race([consumer.disconnect().catch(() => undefined), enough]);
  clearTimeout(timer);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
