// A member of a Kafka consumer group whose partitions each fill a lane of their own. kafkajs only fetches: handlers run
// beside its loop, so that a slow or failing one delays neither heartbeats nor other partitions.
import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { SignpostError } from '#core/errors.ts';
import { isConnectionLoss, protocolType, toSignpostError } from '#core/log/kafka/kafka-error.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import { closeTimeoutMs, type Feed, type FeedOptions } from './feed.ts';
import { createGroupMember, joinTimeoutMs } from './group-member.ts';
import { endsOfUnread } from './group-start.ts';
import { OffsetCommits } from './offset-commits.ts';
import { PartitionLanes } from './partition-lanes.ts';
import { received } from './received-record.ts';

const commitIntervalMs = 100;
const commitRetryMs = 1_000;
/** For the last commit, and for leaving the group: the broker may be away. */
const leaveTimeoutMs = 5_000;
const restartMs = { initial: 500, max: 5_000 };
/** A consumer from which nothing was heard for so many session timeouts is replaced (tulios/kafkajs#1441). */
const silentSessions = 6;

export interface KafkaFeedOptions extends FeedOptions {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Closes the feed, also while it still joins. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves once the group was joined, or closed when the signal aborted before.
 * @throws SignpostError `log-unavailable`, `log-refused`, `unknown-topic`.
 */
export async function openKafkaFeed(options: KafkaFeedOptions): Promise<Feed> {
  const feed = new KafkaFeed(options);
  const close = (): void => void feed.close();
  if (options.signal?.aborted === true) close();
  else options.signal?.addEventListener('abort', close, { once: true });
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
  readonly #lanes: PartitionLanes;
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
    const { logger } = options;
    this.#commits = new OffsetCommits({
      intervalMs: commitIntervalMs,
      retryMs: commitRetryMs,
      write: (offsets) => this.#commit(offsets),
      onFailure: (error) => logger.info({ why: nameOf(error) }, 'a commit failed; it is repeated'),
    });
    this.#lanes = new PartitionLanes({
      lane: options.lane,
      commits: this.#commits,
      pause: (partition) => this.#pause(partition),
      resume: (partition) => this.#resume(partition),
      onGone: (partition) => this.#settled.delete(partition),
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
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#watch);
    await within(closeTimeoutMs, this.#lanes.stop());
    await within(leaveTimeoutMs, this.#commits.close());
    await within(leaveTimeoutMs, this.#disconnect(this.#consumer));
  }

  /** A cluster that has just started answers, but finds no coordinator for a while: that is worth waiting for. */
  async #joinFirst(): Promise<void> {
    const { now, topic, group, logger } = this.#options;
    const { signal } = this.#closing;
    const giveUpAt = now() + joinTimeoutMs;
    while (!signal.aborted) {
      try {
        return await this.#join();
      } catch (error) {
        if (signal.aborted) return;
        const reason = toSignpostError(error, `Reading ${topic}`, {
          operation: 'Read',
          topic,
          group,
        });
        const passes = reason instanceof SignpostError && reason.code === 'log-unavailable';
        if (!passes || isConnectionLoss(error) || now() > giveUpAt) throw reason;
        logger.info({ why: nameOf(error) }, 'the group cannot be joined yet');
        await this.#disconnect(this.#consumer);
        await delay(restartMs.initial, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #join(): Promise<void> {
    // What a consumer tells after it was replaced is of the past.
    const current = (): boolean => this.#consumer === member.consumer;
    const member = createGroupMember({
      ...this.#options,
      signal: this.#closing.signal,
      onHeard: () => {
        if (current()) this.#heardAt = this.#options.now();
      },
      onAssigned: (partitions) => {
        if (current()) this.#assign(partitions);
      },
      onBatch: async (payload) => {
        if (current()) this.#take(payload);
      },
      onRead: (partition, nextOffset) => {
        if (current()) this.#lanes.take(partition, [], nextOffset);
      },
      onCrash: ({ error, restart }) => {
        if (current() && !this.#endIfRefused(error) && !restart) void this.#restart(nameOf(error));
      },
    });
    this.#consumer = member.consumer;
    this.#heardAt = this.#options.now();
    await member.join();
  }

  #take(payload: EachBatchPayload): void {
    const { topic, partition, messages } = payload.batch;
    const last = messages.at(-1);
    if (last === undefined) return;
    // Fetched again and again otherwise, while the calls under way are waited for.
    if (this.#closing.signal.aborted) return this.#pause(partition);
    const records = messages.map((message) => received(topic, partition, message));
    if (this.#lanes.take(partition, records, Number(last.offset) + 1))
      payload.resolveOffset(last.offset);
  }

  #assign(partitions: readonly number[]): void {
    if (this.#closing.signal.aborted) return;
    this.#lanes.assign(partitions);
    const unsettled = partitions.filter((partition) => !this.#settled.has(partition));
    if (!this.#options.fromBeginning && unsettled.length > 0) {
      for (const partition of unsettled) this.#pause(partition);
      void this.#settleStart(unsettled);
    }
  }

  /**
   * A group that begins with what comes from now on must say so in its offsets at once: a member that ended before its
   * first record would otherwise miss what came meanwhile, and one that joins anew would begin with the oldest.
   */
  async #settleStart(partitions: readonly number[]): Promise<void> {
    const { kafka, topic } = this.#options;
    try {
      const ends = await endsOfUnread(kafka, this.#options, partitions);
      if (ends.size > 0) await this.#commit(ends);
      for (const partition of partitions) {
        if (!this.#lanes.has(partition)) continue;
        const end = ends.get(partition);
        if (end !== undefined) this.#consumer?.seek({ topic, partition, offset: String(end) });
        this.#settled.add(partition);
        this.#resume(partition);
      }
    } catch (error) {
      void this.#restart(nameOf(error));
    }
  }

  async #commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    const { topic } = this.#options;
    await this.#consumer?.commitOffsets(
      [...offsets].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
    );
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

  /** Joins anew with a fresh consumer, until that works. Lanes stay: what they hold is not read twice. */
  async #restart(why: string): Promise<void> {
    if (this.#restarting || this.#closing.signal.aborted) return;
    this.#restarting = true;
    const { signal } = this.#closing;
    for (let waitMs = restartMs.initial; !signal.aborted;) {
      this.#options.logger.warn({ why, waitMs }, 'the consumer stopped; it is started anew');
      await within(leaveTimeoutMs, this.#disconnect(this.#consumer));
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
    const { topic, group } = this.#options;
    const reason = toSignpostError(error, `Reading ${topic}`, { operation: 'Read', topic, group });
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

/** Waits for `work`, and no longer than `ms`. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  const enough = new AbortController();
  const late = delay(ms, undefined, { signal: enough.signal }).catch(() => undefined);
  await Promise.race([work, late]);
  enough.abort();
}

function nameOf(error: unknown): string {
  return protocolType(error) ?? (error instanceof Error ? error.name : typeof error);
}
