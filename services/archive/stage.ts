// The archive as a stage: every record of its topics in a row of a Parquet file, exactly once. Records gather on their
// topics; what is due of a partition becomes a chunk. See docs/decisions/0015-archive.md.
import type { ArchiveMetrics } from '#core/archive-metrics.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import type { BulkDelivery, Delivered, Gather } from '#core/stage.ts';
import { takeChunk } from './chunk.ts';
import { datasets } from './datasets.ts';
import { writeParquet } from './parquet/write.ts';
import { createStripNow } from './strip-now.ts';
import { writeChunk, type Strip } from './write-chunk.ts';

export interface ArchiveParts {
  readonly store: ObjectStore;
  /** When a chunk is written, and how much it holds at most. */
  readonly gather: Gather;
  readonly metrics: ArchiveMetrics;
  /** As erasures stand now; those that the store knows of where it is not given. */
  readonly strip?: () => Promise<Strip>;
}

export function createArchive({
  store,
  gather,
  metrics,
  strip = createStripNow(store),
}: ArchiveParts): BulkDelivery<unknown> {
  const byTopic = new Map(datasets.map((dataset) => [dataset.topic.name, dataset]));
  return {
    kind: 'bulk-delivery',
    name: 'archive',
    inputs: datasets.map(({ topic }) => topic),
    gather,
    waits: ({ name }, partition, timestamp) => metrics.waits(name, partition, timestamp),
    async deliver(stretch, signal): Promise<Delivered> {
      const dataset = byTopic.get(stretch.topic.name)!;
      const unreadable: Delivered['unreadable'][number][] = [];
      let records = 0;
      let at = stretch.from;
      // Chunks agreed on before may be shorter than what was handed out.
      do {
        signal.throwIfAborted();
        const chunk = await takeChunk(store, dataset, stretch, { offset: at, limits: gather });
        if (chunk === undefined) break;
        const written = await writeChunk(
          { store, writeFile: writeParquet, strip },
          dataset,
          chunk,
          signal,
        );
        metrics.archived(dataset.name, written);
        ({ to: at } = chunk.range);
        records += chunk.records;
        unreadable.push(...chunk.unreadable);
      } while (at < stretch.atLeast);
      return { nextOffset: Math.max(at, stretch.atLeast), records, unreadable };
    },
  };
}
