// Reads a data directory by looking again and again, while `signpost up` writes to it or when nobody does.
import { setTimeout as delay } from 'node:timers/promises';
import { SignpostError } from '#core/errors.ts';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import type { LogReader, PartitionStatus } from '#core/log/port.ts';
import type { Logger } from '#core/logger.ts';
import { announcedSchemas } from '#core/registry/announced.ts';
import { learningReader } from '#core/registry/learning-log.ts';
import { schemasAnnounced } from '../topology.ts';
import { closeTimeoutMs, highWater, type Feed, type FeedOptions } from './feed.ts';
import { openGroupOffsets, type GroupOffsets } from './group-offsets.ts';
import type { Lane } from './lane.ts';
import { OffsetCommits } from './offset-commits.ts';

const pollMs = 200;
const commitIntervalMs = 100;
const readLimits = { maxRecords: highWater / 2, maxBytes: 4 * 1024 * 1024 };

/** @throws SignpostError `no-log`, `unknown-topic`, `group-in-use`, `group-name`. */
export async function openEmbeddedFeed(
  options: FeedOptions & { readonly directory: string },
): Promise<Feed> {
  const log = await openReader(options);
  let offsets: GroupOffsets | undefined;
  try {
    const topics = await log.topics();
    const topic = topics.find(({ name }) => name === options.topic);
    if (topic === undefined) {
      throw new SignpostError(
        'unknown-topic',
        `There is no ${options.topic} in ${options.directory}`,
        { hint: '`signpost topics` lists the streams.' },
      );
    }
    offsets = openGroupOffsets(options.directory, options.group);
    return new EmbeddedFeed(options, log, offsets, topic.partitions);
  } catch (error) {
    offsets?.close();
    await log.close();
    throw error;
  }
}

/** What later releases wrote can be read as well: the log holds their schemas. */
async function openReader({
  directory,
  logger,
}: {
  readonly directory: string;
  readonly logger: Logger;
}): Promise<LogReader> {
  const log = await openEmbeddedLogReader({ directory });
  const source = announcedSchemas(log, schemasAnnounced.name);
  return learningReader(log, { source, logger, clock: Date.now });
}

class EmbeddedFeed implements Feed {
  readonly #options: FeedOptions;
  readonly #log: LogReader;
  readonly #offsets: GroupOffsets;
  readonly #commits: OffsetCommits;
  readonly #lanes: Lane[] = [];
  readonly #closing = new AbortController();
  readonly #reading: Promise<unknown>;
  #closed: Promise<void> | undefined;

  constructor(
    options: FeedOptions,
    log: LogReader,
    offsets: GroupOffsets,
    partitions: readonly PartitionStatus[],
  ) {
    this.#options = options;
    this.#log = log;
    this.#offsets = offsets;
    this.#commits = new OffsetCommits({
      intervalMs: commitIntervalMs,
      retryMs: 1_000,
      write: async (next) => offsets.write(options.topic, next),
      onFailure: (error) => options.logger.warn({ why: String(error) }, 'offsets were not written'),
    });
    this.#reading = Promise.all(partitions.map((partition) => this.#read(partition))).catch(
      (error: unknown) => this.#end(error),
    );
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    const limit = new AbortController();
    await Promise.race([
      Promise.all(this.#lanes.map((lane) => lane.stop())),
      delay(closeTimeoutMs, undefined, { signal: limit.signal }).catch(() => undefined),
    ]);
    limit.abort();
    await this.#reading;
    await this.#commits.close();
    this.#offsets.close();
    await this.#log.close();
  }

  async #read({ partition, end }: PartitionStatus): Promise<void> {
    const { topic, fromBeginning } = this.#options;
    const { signal } = this.#closing;
    let wake: (() => void) | undefined;
    const lane = this.#options.lane({
      onDone: (nextOffset) => this.#commits.add(partition, nextOffset),
      onDrain: () => wake?.(),
    });
    this.#lanes.push(lane);
    let next = this.#offsets.of(topic, partition);
    if (next === undefined) {
      next = fromBeginning ? 0 : end;
      this.#offsets.write(topic, new Map([[partition, next]]));
    }
    while (!signal.aborted) {
      if (lane.buffered >= highWater) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        continue;
      }
      const { records, nextOffset } = await this.#log.read(topic, partition, next, readLimits);
      if (nextOffset > next) lane.push(records, nextOffset);
      else await delay(pollMs, undefined, { signal }).catch(() => undefined);
      next = nextOffset;
    }
  }

  #end(cause: unknown): void {
    if (this.#closing.signal.aborted) return;
    const error = cause instanceof Error ? cause : new Error(String(cause));
    // Not waited for: closing waits for the reading that ends here.
    void this.#closeWith(error);
  }

  async #closeWith(error: Error): Promise<void> {
    await this.close();
    this.#options.onEnd(error);
  }
}
