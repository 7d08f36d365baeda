// Reading a department's insights from TypeScript: at least once, in order per key, nothing skipped. What a handler
// took is committed; what it threw at comes again.
import { setTimeout as delay } from 'node:timers/promises';
import { SignpostError } from '#core/errors.ts';
import { createKafka } from '#core/log/kafka/connect.ts';
import { readKafkaSettings } from '#core/log/kafka/settings.ts';
import { createLogger, type Logger } from '#core/logger.ts';
import { createRegistryClient, readRegistrySettings } from '#core/registry/registry-client.ts';
import { insightsOf } from '../topology.ts';
import type {
  DecodeInsight,
  InsightBatchHandler,
  InsightHandler,
  ProcessRecords,
  UndecodableHandler,
} from './delivery.ts';
import { openEmbeddedFeed } from './embedded-feed.ts';
import type { Feed, FeedOptions } from './feed.ts';
import { openKafkaFeed } from './kafka-feed.ts';
import { Lane, type Backoff } from './lane.ts';
import { allTogether, oneByOne } from './process-records.ts';
import { registryDecoder } from './registry-decoder.ts';

export interface SubscribeOptions {
  /**
   * Members of one group share the partitions and remember together what was read. The rights that Signpost gives are
   * for groups that begin with the reader's name and a dot, for example `operations.dashboard`.
   */
  readonly group: string;
  /** The `kafka:` section of the configuration; the environment (`KAFKA_BROKERS`, …) wins over it. */
  readonly kafka?: unknown;
  /** Read this data directory of `signpost up` instead of Kafka; a group is one process then. */
  readonly data?: string;
  /**
   * Where a group begins that has read nothing yet: true, with the oldest insight kept (30 days), or false, with the
   * next one. Default true.
   */
  readonly fromBeginning?: boolean;
  /** Closes the subscription when it aborts. */
  readonly signal?: AbortSignal;
  /** Wait before a handler that threw is called again. Default 200 ms, doubling up to 30 s. */
  readonly backoff?: Backoff;
  /**
   * Takes records that no schema known here can read. Without it, such a record stops its partition until a client that
   * can read it is deployed.
   */
  readonly undecodable?: UndecodableHandler;
  /**
   * Address of the schema registry, the gateway's or another; `SCHEMA_REGISTRY_URL` wins. With it, insights of later
   * releases can be read as well, and a registry may have ids of its own. Without it, only what this release knows.
   */
  readonly schemaRegistry?: string;
  /** Names, places and counts, never words. Default: warnings, as JSON lines on stderr. */
  readonly logger?: Logger;
}

export interface BatchOptions extends SubscribeOptions {
  /** Most insights of one call. Default 500. */
  readonly maxRecords?: number;
}

export interface Subscription {
  /**
   * Resolves once closed; rejects with a SignpostError when the subscription ended by itself: `log-refused`, or what
   * became of the data directory. Not looked at, that ends the process: no consumer stops in silence.
   */
  readonly closed: Promise<void>;
  /** Waits for the call under way (10 s at most), commits, leaves the group. */
  close(): Promise<void>;
}

const defaultBackoff: Backoff = { initialMs: 200, maxMs: 30_000 };
const defaultMaxRecords = 500;

/**
 * Calls `handler` with every insight of `department`'s stream (or of `shared`, all of them), one at a time per
 * partition; partitions run beside each other. Resolves once the group was joined.
 * @throws SignpostError `department-name`, `no-source`, `config-invalid`, `log-unavailable`, `log-refused`,
 *   `unknown-topic`; with `data` also `no-log`, `group-in-use`, `group-name`.
 */
export async function subscribe(
  department: string,
  handler: InsightHandler,
  options: SubscribeOptions,
): Promise<Subscription> {
  const toProcess = (decode: DecodeInsight): ProcessRecords =>
    oneByOne(handler, decode, options.undecodable);
  return open(department, toProcess, defaultMaxRecords, options);
}

/** As `subscribe`, with consecutive insights of one partition in one call. */
export async function subscribeInBatches(
  department: string,
  handler: InsightBatchHandler,
  options: BatchOptions,
): Promise<Subscription> {
  const toProcess = (decode: DecodeInsight): ProcessRecords =>
    allTogether(handler, decode, options.undecodable);
  return open(department, toProcess, options.maxRecords ?? defaultMaxRecords, options);
}

async function open(
  department: string,
  toProcess: (decode: DecodeInsight) => ProcessRecords,
  maxRecords: number,
  options: SubscribeOptions,
): Promise<Subscription> {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(department)) {
    throw new SignpostError('department-name', 'A department has a name of small letters', {
      hint: 'For example operations, marketing or planning; shared stands for all insights.',
    });
  }
  const logger = options.logger ?? createLogger('signpost-client', 'warn');
  const closed = Promise.withResolvers<void>();
  const closing = new AbortController();
  const handle = toProcess(decoderOf(department, options, logger, closing.signal));
  const lane: FeedOptions['lane'] = (hooks) =>
    new Lane({
      ...hooks,
      process: handle,
      maxRecords,
      backoff: options.backoff ?? defaultBackoff,
      random: Math.random,
      onFailure: ({ offset, attempt, retryInMs, error }) =>
        logger.warn({ department, offset, attempt, retryInMs, why: kindOf(error) }, 'not handled'),
    });
  const feed = await openFeed(insightsOf(department).name, options, {
    lane,
    logger,
    onEnd: closed.reject,
  });
  const close = async (): Promise<void> => {
    closing.abort();
    await feed.close();
    closed.resolve();
  };
  if (options.signal?.aborted === true) await close();
  else options.signal?.addEventListener('abort', () => void close(), { once: true });
  return { closed: closed.promise, close };
}

function decoderOf(
  department: string,
  { data, schemaRegistry }: SubscribeOptions,
  logger: Logger,
  signal: AbortSignal,
): DecodeInsight {
  const { codec } = insightsOf(department);
  // A data directory has the repository's ids, whatever the environment says of a cluster.
  const settings =
    data === undefined ? readRegistrySettings(schemaRegistry, process.env) : undefined;
  if (settings === undefined) return (value) => codec.decode(value);
  const sleep = async (ms: number): Promise<void> => {
    await delay(ms, undefined, { signal }).catch(() => undefined);
  };
  return registryDecoder(
    codec,
    createRegistryClient({ settings, fetch: globalThis.fetch, sleep, logger, signal }),
  );
}

async function openFeed(
  topic: string,
  { group, data, kafka, fromBeginning = true, signal }: SubscribeOptions,
  rest: Pick<FeedOptions, 'lane' | 'logger' | 'onEnd'>,
): Promise<Feed> {
  if (data !== undefined) {
    return openEmbeddedFeed({ ...rest, topic, group, fromBeginning, directory: data });
  }
  const settings = readKafkaSettings(kafka, process.env);
  if (settings === undefined) {
    throw new SignpostError('no-source', 'Nothing says where to read insights from', {
      hint: 'Set KAFKA_BROKERS, or give `kafka: { brokers: [...] }` or `data`.',
    });
  }
  return openKafkaFeed({
    ...rest,
    topic: settings.topicPrefix + topic,
    group,
    fromBeginning,
    kafka: createKafka(settings, rest.logger),
    settings,
    now: () => performance.now(),
    signal,
  });
}

/** Messages of handlers may hold words of customers; names and codes do not. */
function kindOf(error: unknown): string {
  if (error instanceof SignpostError) return error.code;
  return error instanceof Error ? error.name : typeof error;
}
