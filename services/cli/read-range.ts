// A stretch of a partition, batch by batch, so that millions of records cost no more than a batch of memory.
import type { LogReader, ReceivedRecord } from '#core/log/port.ts';

const limits = { maxRecords: 4000, maxBytes: 4 * 1024 * 1024 };

/**
 * Records from offset `from` up to `to`, which is exclusive; fewer where the log holds no more.
 * @param goOn asked when nothing more can be read before `to`: on Kafka a transaction that is still open hides what
 *   lies behind it. Whether to try again.
 */
export async function* readRange(
  log: Pick<LogReader, 'read'>,
  topic: string,
  partition: number,
  from: number,
  to: number,
  goOn: () => Promise<boolean> = () => Promise.resolve(false),
): AsyncGenerator<readonly ReceivedRecord[]> {
  let offset = from;
  while (offset < to) {
    const { records, nextOffset } = await log.read(topic, partition, offset, limits);
    if (nextOffset <= offset) {
      if (await goOn()) continue;
      return;
    }
    yield nextOffset <= to ? records : records.filter((record) => record.offset < to);
    offset = nextOffset;
  }
}
