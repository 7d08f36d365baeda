// `signpost tail`: the last records of a stream, or all, and on as new ones come.
import { setTimeout as pause } from 'node:timers/promises';
import type { LogReader, ReceivedRecord } from '#core/log/port.ts';
import { SignpostError } from '#core/errors.ts';
import { exitCodeOf, listenForShutdown } from '#core/shutdown.ts';
import type { TailOptions } from '../commands/tail.ts';
import { withReader } from '../open-reader.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { safeLines } from '../safe-text.ts';
import { readLast, readMerged } from './read-merged.ts';
import { recordAsJson, showRecord } from './show-record.ts';
import { topicOfStream } from './streams.ts';

const usualCount = 10;
/** How long a new record may wait to be seen. */
const pollMs = 200;

export async function tail(stream: string, place: LogPlace, options: TailOptions): Promise<void> {
  const output = createOutput();
  const shutdown = options.follow ? listenForShutdown() : undefined;
  const onAway = (why: string): void => {
    process.stderr.write(`signpost: ${safeLines(why)}; waiting for it to come back\n`);
  };
  await withReader(place, async (log) => {
    for await (const record of records(log, stream, options, shutdown?.signal, onAway)) {
      await (options.json ? output.json(recordAsJson(record)) : printRecord(output, record));
    }
  });
  shutdown?.dispose();
  // Ended by the user, as shells expect it of `tail -f`.
  if (shutdown?.signal.aborted) process.exitCode = exitCodeOf(shutdown.signal.reason);
}

/**
 * What `tail` prints, in order. Without `--follow` it ends with what was there when it began.
 * @param onAway is told why, once each time that a followed log goes away. It is waited for.
 */
export async function* records(
  log: LogReader,
  stream: string,
  { fromBeginning, max, follow }: Pick<TailOptions, 'fromBeginning' | 'max' | 'follow'>,
  signal: AbortSignal | undefined,
  onAway: (why: string) => void = () => {},
): AsyncGenerator<ReceivedRecord> {
  const most = max ?? Infinity;
  const { name, partitions } = topicOfStream(stream, await log.topics());
  let shown = 0;
  // Followed from the beginning, what is held comes as what is new does.
  if (!(follow && fromBeginning)) {
    const held = fromBeginning
      ? readMerged(log, name, partitions)
      : readLast(log, name, partitions, follow ? Math.min(most, usualCount) : (max ?? usualCount));
    for await (const record of held) {
      if (signal?.aborted) return;
      yield record;
      shown += 1;
      if (shown >= most) return;
    }
  }
  if (!follow) return;
  // By partition. Kept also of one that is not listed for a while, as its broker is away.
  const next = new Map(
    partitions.map(({ partition, start, end }) => [partition, fromBeginning ? start : end]),
  );
  let isAway = false;
  for (;;) {
    if (signal?.aborted) return;
    try {
      const now = (await log.topics()).find((topic) => topic.name === name)?.partitions ?? [];
      const news = now.map(({ partition, start, end }) => ({
        partition,
        start: Math.max(start, next.get(partition) ?? start),
        end,
      }));
      for await (const record of readMerged(log, name, news)) {
        if (signal?.aborted) return;
        next.set(record.partition, record.offset + 1);
        yield record;
        shown += 1;
        if (shown >= most) return;
      }
      for (const { partition, end } of news) next.set(partition, end);
      // Partitions without a leader are not listed: only with all of them is it back.
      isAway &&= now.length < next.size;
    } catch (error) {
      if (!(error instanceof SignpostError) || error.code !== 'log-unavailable') throw error;
      if (!isAway) onAway(error.message);
      isAway = true;
    }
    await pause(pollMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}

async function printRecord(output: Output, record: ReceivedRecord): Promise<void> {
  for (const line of showRecord(record, output)) await output.line(line);
  await output.line();
}
