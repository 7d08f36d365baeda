// A member of a Kafka consumer group whose partitions each fill a lane of their own. kafkajs only fetches: handlers run
// beside its loop, so that a slow or failing one delays neither heartbeats nor other partitions.
import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, ConsumerCrashEvent, EachBatchPayload, Kafka } from 'kafkajs';
import { SignpostError } from '#core/errors.ts';
import { isConnectionLoss, protocolType, toSignpostError } from '#core/log/kafka/kafka-error.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { closeTimeoutMs, highWater, type Feed, type FeedOptions } from './feed.ts';
import type { Lane } from './lane.ts';
import { OffsetCommits } from './offset-commits.ts';
import { received } from './received-record.ts';

const commitIntervalMs = 100;
const commitRetryMs = 1_000;
const joinTimeoutMs = 60_000;
const restartMs = { initial: 500, max: 5_000 };
/** A consumer from which nothing was heard for so many session timeouts is replaced (tulios/kafkajs#1441). */
const silentSessions = 6;

export interface KafkaFeedOptions extends FeedOptions {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/**
 * Resolves once the group was joined.
 * @throws SignpostError `log-unavailable`, `log-refused`, `unknown-topic`.
 */
export async function openKafkaFeed(options: KafkaFeedOptions): Promise<Feed> {
  const feed = new KafkaFeed(options);
  try {
    await feed.open();
  } catch (error) {
    await feed.close();
    throw error;
  }
  return feed;
}

class KafkaFeed implements Feed {
  readonly #options: KafkaFeedOptions;
  readonly #lanes = new Map<number, Lane>();
  /** Calls that still run in lanes given up; a partition that comes back waits for them. */
  readonly #leaving = new Map<number, Promise<void>>();
  /** Partitions whose start was settled; see `#settleStart`. */
  readonly #settled = new Set<number>();
  readonly #commits: OffsetCommits;
  #consumer: Consumer | undefined;
  #heardAt = 0;
  #watch: NodeJS.Timeout | undefined;
  #restarting = false;
  #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(options: KafkaFeedOptions) {
    this.#options = options;
    const { topic, logger } = options;
    this.#commits = new OffsetCommits({
      intervalMs: commitIntervalMs,
      retryMs: commitRetryMs,
      write: async (offsets) => {
        await this.#consumer?.commitOffsets(
          [...offsets].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
        );
      },
      onFailure: (error) => logger.info({ why: nameOf(error) }, 'a commit failed; it is repeated'),
    });
  }

  async open(): Promise<void> {
    await this.#joinFirst();
    const { sessionTimeoutMs } = this.#options.settings;
    this.#watch = setInterval(() => {
      const silentMs = this.#options.now() - this.#heardAt;
      if (silentMs > silentSessions * sessionTimeoutMs) void this.#restart('silent');
    }, sessionTimeoutMs);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#watch);
    for (const partition of this.#lanes.keys()) this.#giveUp(partition, 'keep-commit');
    const limit = new AbortController();
    const timeout = delay(closeTimeoutMs, undefined, { signal: limit.signal }).catch(() => {});
    await Promise.race([Promise.all(this.#leaving.values()), timeout]);
    await Promise.race([this.#commits.close(), timeout]);
    await Promise.race([this.#disconnect(this.#consumer), timeout]);
    limit.abort();
  }

  /** A cluster that has just started answers, but finds no coordinator for a while: that is worth waiting for. */
  async #joinFirst(): Promise<void> {
    const { now, topic, logger } = this.#options;
    const giveUpAt = now() + joinTimeoutMs;
    for (;;) {
      try {
        return await this.#join();
      } catch (error) {
        const reason = toSignpostError(error, `Reading ${topic}`);
        const passes = reason instanceof SignpostError && reason.code === 'log-unavailable';
        if (!passes || isConnectionLoss(error) || now() > giveUpAt) throw reason;
        logger.info({ why: nameOf(error) }, 'the group cannot be joined yet');
        await this.#disconnect(this.#consumer);
        await delay(restartMs.initial);
      }
    }
  }

  async #join(): Promise<void> {
    const { kafka, settings, topic, group } = this.#options;
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
    this.#consumer = consumer;
    const { HEARTBEAT, FETCH, GROUP_JOIN, CRASH, END_BATCH_PROCESS } = consumer.events;
    const heard = (): void => {
      this.#heardAt = this.#options.now();
    };
    heard();
    consumer.on(HEARTBEAT, heard);
    consumer.on(FETCH, heard);
    // A batch of nothing but aborted records and transaction markers reaches no handler, but moves the offset.
    consumer.on(END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      this.#lanes.get(partition)?.push([], Number(lastOffset) + 1);
    });
    const joined = Promise.withResolvers<void>();
    joined.promise.catch(() => undefined);
    let isJoined = false;
    consumer.on(GROUP_JOIN, ({ payload }) => {
      heard();
      isJoined = true;
      if (this.#consumer === consumer) this.#assign(payload.memberAssignment[topic] ?? []);
      joined.resolve();
    });
    let lastCrash: Error | undefined;
    consumer.on(CRASH, ({ payload }) => {
      heard();
      lastCrash = payload.error;
      if (isJoined && this.#consumer === consumer) this.#onCrash(payload);
      // A group whose coordinator is still loading, for one, is joined by the restart that kafkajs makes of it.
      else if (!payload.restart) joined.reject(payload.error);
    });
    await consumer.connect();
    // The oldest record, whatever `fromBeginning` says: kafkajs also goes there when retention overtook a group.
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.#take(payload),
    });
    const limit = setTimeout(() => {
      joined.reject(lastCrash ?? new SignpostError('log-unavailable', `${group} was not joined`));
    }, joinTimeoutMs);
    await joined.promise.finally(() => clearTimeout(limit));
  }

  /** Runs inside kafkajs's loop: hands over and returns. */
  async #take(payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = payload.batch;
    const lane = this.#lanes.get(partition);
    const last = messages.at(-1);
    if (lane === undefined || last === undefined || this.#closing.signal.aborted) return;
    lane.push(
      messages.map((message) => received(topic, partition, message)),
      Number(last.offset) + 1,
    );
    payload.resolveOffset(last.offset);
    if (lane.buffered >= highWater) this.#pause(partition);
  }

  #assign(partitions: readonly number[]): void {
    if (this.#closing.signal.aborted) return;
    for (const partition of this.#lanes.keys()) {
      if (!partitions.includes(partition)) this.#giveUp(partition, 'forget-commit');
    }
    for (const partition of partitions) {
      const lane = this.#lanes.get(partition);
      if (lane === undefined) this.#lanes.set(partition, this.#newLane(partition));
      else if (lane.buffered >= highWater) this.#pause(partition);
    }
    const unsettled = partitions.filter((partition) => !this.#settled.has(partition));
    if (!this.#options.fromBeginning && unsettled.length > 0) {
      for (const partition of unsettled) this.#pause(partition);
      void this.#settleStart(unsettled);
    }
  }

  #newLane(partition: number): Lane {
    const after = this.#leaving.get(partition);
    const lane: Lane = this.#options.lane({
      onDone: (nextOffset) => {
        // A lane that was given up may be through later than its partition went.
        if (this.#lanes.get(partition) === lane) this.#commits.add(partition, nextOffset);
      },
      onDrain: () => {
        if (lane.buffered < highWater / 2) this.#resume(partition);
      },
      ...(after === undefined ? {} : { after }),
    });
    return lane;
  }

  #giveUp(partition: number, commit: 'keep-commit' | 'forget-commit'): void {
    const lane = this.#lanes.get(partition);
    if (lane === undefined) return;
    const ended = lane.stop().finally(() => {
      if (this.#leaving.get(partition) === ended) this.#leaving.delete(partition);
    });
    this.#leaving.set(partition, ended);
    if (commit === 'keep-commit') return;
    this.#lanes.delete(partition);
    this.#settled.delete(partition);
    this.#commits.forget(partition);
  }

  /**
   * A group that begins with what comes from now on must say so in its offsets at once: a member that ended before its
   * first record would otherwise miss what came meanwhile.
   */
  async #settleStart(partitions: readonly number[]): Promise<void> {
    const { kafka, topic, group } = this.#options;
    const admin = kafka.admin();
    try {
      await admin.connect();
      const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      const ends = await admin.fetchTopicOffsets(topic);
      for (const partition of partitions) {
        if (!this.#lanes.has(partition)) continue;
        const known = committed?.partitions.find((each) => each.partition === partition)?.offset;
        const end = ends.find((each) => each.partition === partition)?.high;
        if ((known === undefined || known === '-1') && end !== undefined) {
          this.#consumer?.seek({ topic, partition, offset: end });
          this.#commits.add(partition, Number(end));
        }
        this.#settled.add(partition);
        this.#resume(partition);
      }
    } catch (error) {
      void this.#restart(nameOf(error));
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  #pause(partition: number): void {
    this.#consumer?.pause([{ topic: this.#options.topic, partitions: [partition] }]);
  }

  #resume(partition: number): void {
    if (!this.#options.fromBeginning && !this.#settled.has(partition)) return;
    // Between a crash and the next join there is nothing to resume, and kafkajs would throw.
    const paused = this.#consumer?.paused().some((each) => each.partitions.includes(partition));
    if (paused === true) {
      this.#consumer?.resume([{ topic: this.#options.topic, partitions: [partition] }]);
    }
  }

  #onCrash({ error, restart }: ConsumerCrashEvent['payload']): void {
    if (!this.#endIfRefused(error) && !restart) void this.#restart(nameOf(error));
  }

  /** Joins anew with a fresh consumer, until that works. Lanes stay: what they hold is not read twice. */
  async #restart(why: string): Promise<void> {
    if (this.#restarting || this.#closing.signal.aborted) return;
    this.#restarting = true;
    const { signal } = this.#closing;
    for (let waitMs = restartMs.initial; !signal.aborted;) {
      this.#options.logger.warn({ why, waitMs }, 'the consumer stopped; it is started anew');
      await Promise.race([this.#disconnect(this.#consumer), delay(5_000)]);
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
      try {
        await this.#join();
        break;
      } catch (error) {
        if (this.#endIfRefused(error)) break;
        why = nameOf(error);
        waitMs = Math.min(restartMs.max, waitMs * 2);
      }
    }
    this.#restarting = false;
  }

  /** A right taken away or a wrong password does not pass by itself; whoever subscribed must hear of it. */
  #endIfRefused(error: unknown): boolean {
    const reason = toSignpostError(error, `Reading ${this.#options.topic}`);
    if (!(reason instanceof SignpostError) || reason.code !== 'log-refused') return false;
    if (!this.#closing.signal.aborted) void this.#end(reason);
    return true;
  }

  async #end(reason: SignpostError): Promise<void> {
    await this.close();
    this.#options.onEnd(reason);
  }

  async #disconnect(consumer: Consumer | undefined): Promise<void> {
    await consumer?.disconnect().catch((error: unknown) => {
      this.#options.logger.info({ why: nameOf(error) }, 'disconnecting failed');
    });
  }
}

function nameOf(error: unknown): string {
  return protocolType(error) ?? (error instanceof Error ? error.name : typeof error);
}
