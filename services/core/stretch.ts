// A stretch of a partition as a delivery in bulk sees it: it begins with a batch that the log handed out, and goes on as
// far as it is read, page by page. Nobody else is handed those records meanwhile.
import type { Batch, LogReader, ReceivedRecord } from './log/port.ts';
import type { Topic } from './topic.ts';

export interface Page {
  readonly records: readonly ReceivedRecord[];
  /** Where to read on; offsets may leave gaps. */
  readonly nextOffset: number;
}

export interface Stretch<In> {
  readonly topic: Topic<In>;
  readonly partition: number;
  /** Offset of its first record. */
  readonly from: number;
  /** Behind the last record that was handed out: all before it is to be delivered. */
  readonly atLeast: number;
  /**
   * Pages from `offset` on, or from where the partition begins by now, up to its end at the time of the last read. It
   * may begin before `from`: those records were delivered before, or are lost to the group.
   */
  read(offset: number): AsyncGenerator<Page>;
}

const pageLimits = { maxRecords: 4_000, maxBytes: 4 * 1024 * 1024 };

/** The stretch that begins with `batch`; records that are not for the stage are left out. */
export function stretchOf<In>(
  topic: Topic<In>,
  batch: Batch,
  log: Pick<LogReader, 'read'>,
  isFor: (received: ReceivedRecord) => boolean,
): Stretch<In> {
  const { partition, nextOffset } = batch;
  const records = batch.records.filter(isFor);
  const from = records[0]?.offset ?? nextOffset;
  return {
    topic,
    partition,
    from,
    atLeast: nextOffset,
    async *read(offset) {
      let at = offset;
      if (offset === from) {
        yield { records, nextOffset };
        at = nextOffset;
      }
      for (;;) {
        const page = await log.read(topic.name, partition, at, pageLimits);
        if (page.nextOffset <= at) return;
        yield { records: page.records.filter(isFor), nextOffset: page.nextOffset };
        at = page.nextOffset;
      }
    },
  };
}
