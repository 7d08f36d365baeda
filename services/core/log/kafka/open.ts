// The log on a Kafka cluster: the port of the engine spoken to brokers, exactly once.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { Logger } from '../../logger.ts';
import type { LogMetrics } from '../../telemetry.ts';
import type { Log, LogReader, SubscribeOptions, Subscription } from '../port.ts';
import { createAppender } from './appender.ts';
import { createBrokers, type Brokers } from './brokers.ts';
import type { ClaimStore } from './claim-store.ts';
import { compressorOf } from './compression.ts';
import { createKafka } from './connect.ts';
import { createTopics } from './create-topics.ts';
import { toSignpostError } from './kafka-error.ts';
import { joinGroup } from './membership.ts';
import { stableOffsetOf } from './offset-fetch.ts';
import { boundsOf, keyOf } from './offsets.ts';
import { packOutgoing, type OutgoingOptions } from './outgoing.ts';
import { persist } from './persist.ts';
import { checkpointsTopic, createReader } from './reader.ts';
import type { SchemaIds } from './schema-ids.ts';
import { clusterName, type KafkaSettings } from './settings.ts';
import { subscribe } from './subscription.ts';
import { createTransactor, type Transactor } from './transactions.ts';

export interface KafkaReaderOptions {
  readonly settings: KafkaSettings;
  readonly logger: Logger;
  /** Ids on the wire when a registry gave others than the repository's; absent means the same. */
  readonly schemaIds?: SchemaIds | undefined;
}

export interface KafkaLogOptions extends KafkaReaderOptions {
  /** Closed with the log. */
  readonly claims: ClaimStore;
  /** Told of rebalances and of consumers that had to be replaced. */
  readonly events?: LogMetrics;
}

/** Connections for transactions: one answers one request after the other, so partitions are spread over several. */
const WRITING_CONNECTIONS = 4;
const YEAR_MS = 365 * 86_400_000;
const AGAIN_MS = 60_000;

/** @throws SignpostError `log-unavailable` when no broker answers, `log-refused` when they refuse this client. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  const { settings, logger, claims, schemaIds, events } = options;
  const kafka = createKafka(settings, logger);
  const writers = Array.from({ length: WRITING_CONNECTIONS }, () => createBrokers(kafka));
  const [first] = writers as [Brokers];
  const reader = await openReader(kafka, options);
  const subscriptions = new Set<Subscription>();
  const wireTopic = (topic: string): string => settings.topicPrefix + topic;
  const packing: OutgoingOptions = {
    partitionsOf: async (topic) => {
      try {
        return await first.partitionsOf(topic);
      } catch (error) {
        throw toSignpostError(error, `Looking up ${topic}`, { operation: 'Write' });
      }
    },
    wireTopic,
    compressor: compressorOf(settings.compression),
    schemaIds,
    random: Math.random,
  };

  const transactorOf = (transactionalId: string, brokers: Brokers): Transactor =>
    createTransactor({
      brokers,
      transactionalId: settings.topicPrefix + transactionalId,
      transactionTimeoutMs: settings.transactionTimeoutMs,
      requestTimeoutMs: settings.requestTimeoutMs,
      deadlineMs: settings.appendTimeoutMs,
      now: Date.now,
      sleep,
    });

  const ensureTopics: Log['ensureTopics'] = (specs) =>
    createTopics(specs, { kafka, brokers: first, settings, now: Date.now, sleep });

  /** Where topics may be created, that of the checkpoints is too; elsewhere `signpost topics apply` has made it. */
  async function requireTopic(topic: string): Promise<unknown> {
    if (topic === checkpointsTopic) {
      await ensureTopics([{ name: checkpointsTopic, partitions: 1, retentionMs: 100 * YEAR_MS }]);
    }
    return packing.partitionsOf(wireTopic(topic));
  }

  const appender = createAppender({
    transactor: transactorOf(`signpost.append.${randomUUID()}`, first),
    requireTopic,
    pack: (records) => packOutgoing(records, packing, true),
    wireTopic,
    lingerMs: settings.lingerMs,
    timeoutMs: settings.appendTimeoutMs,
    now: Date.now,
    sleep,
  });

  /** What kafkajs would not say: that a topic is not there, or that this client may not be a member. */
  async function requireGroup(
    brokers: Brokers,
    group: string,
    topics: readonly string[],
  ): Promise<void> {
    try {
      const until = Date.now() + settings.appendTimeoutMs;
      await persist({ brokers, now: Date.now, sleep }, until, async () => {
        for (const topic of topics) await brokers.partitionsOf(topic);
        await brokers.coordinatorOf('group', group);
      });
    } catch (error) {
      await brokers.close();
      throw toSignpostError(error, `Joining ${group}`, { operation: 'Read', group });
    }
  }

  async function join(options_: SubscribeOptions): Promise<Subscription> {
    const group = settings.topicPrefix + options_.group;
    const brokers = createBrokers(kafka);
    let lanes = 0;
    await requireGroup(brokers, group, options_.topics.map(wireTopic));
    const subscription = await subscribe(options_, {
      group,
      brokers,
      claims,
      schemaIds,
      wireTopic,
      fetchWaitMs: settings.fetchWaitMs,
      fetchBytesPerPartition: settings.fetchBytesPerPartition,
      retakeMs: settings.heartbeatIntervalMs,
      pack: (records) => packOutgoing(records, packing),
      sleep,
      transactorOf(topic, partition) {
        lanes += 1;
        const writer = writers[lanes % writers.length]!;
        return transactorOf(`${options_.group}.${topic}.${partition}`, writer);
      },
      async startOf(topic, partition, chosen) {
        const at = { topic: wireTopic(topic), partition };
        const key = keyOf(at);
        const until = Date.now() + settings.appendTimeoutMs;
        const ask = async (): Promise<number> => {
          const start = (await boundsOf(brokers, [at], 'start')).get(key) ?? 0;
          const stands = chosen ?? (await stableOffsetOf(brokers, group, at));
          if (stands !== undefined && stands < start) {
            const lost = start - stands;
            logger.error(
              { group, topic, partition, lost },
              'Records were deleted before being read',
            );
          }
          return Math.max(start, stands ?? start);
        };
        try {
          return await persist({ brokers, now: Date.now, sleep }, until, ask);
        } catch (error) {
          const doing = `Asking where ${group} stands in ${key}`;
          throw toSignpostError(error, doing, { operation: 'Read', group });
        }
      },
      join: (onAssigned) =>
        joinGroup({
          kafka,
          settings,
          logger,
          group,
          topics: options_.topics.map(wireTopic),
          now: Date.now,
          onAssigned(assignment) {
            events?.rebalanced(options_.group);
            onAssigned(assignment);
          },
          onReplaced: (why) => events?.restarted(options_.group, why),
        }),
      onFetchError: tellSeldom((why) => logger.warn({ group }, `${why}; trying again`)),
    });
    subscriptions.add(subscription);
    return subscription;
  }

  return {
    ...reader,
    ensureTopics,
    append: (records, appendOptions) => appender.append(records, appendOptions),
    subscribe: join,
    async close() {
      await Promise.allSettled([...subscriptions].map((subscription) => subscription.close()));
      await appender.close();
      await Promise.allSettled([reader.close(), ...writers.map((writer) => writer.close())]);
      await claims.close();
    },
  };
}

/** An outage is tried again every second, and said again only when it is another one or has lasted. */
function tellSeldom(tell: (why: string) => void): (error: unknown) => void {
  let told = '';
  let toldAt = -Infinity;
  return (error) => {
    const why = (toSignpostError(error, 'Fetching records') as Error).message;
    if (why === told && Date.now() - toldAt < AGAIN_MS) return;
    told = why;
    toldAt = Date.now();
    tell(why);
  };
}

/** What commands that only read need; joins no group and writes nothing. @throws as `openKafkaLog`. */
export async function openKafkaReader(options: KafkaReaderOptions): Promise<LogReader> {
  return openReader(createKafka(options.settings, options.logger), options);
}

async function openReader(kafka: Kafka, options: KafkaReaderOptions): Promise<LogReader> {
  const { settings, schemaIds } = options;
  const brokers = createBrokers(kafka);
  try {
    await brokers.metadata([]);
  } catch (error) {
    await brokers.close();
    throw toSignpostError(error, `Connecting to ${clusterName(settings)}`);
  }
  return createReader({
    brokers,
    schemaIds,
    topicPrefix: settings.topicPrefix,
    transactionTimeoutMs: settings.transactionTimeoutMs,
    now: Date.now,
    sleep,
  });
}
