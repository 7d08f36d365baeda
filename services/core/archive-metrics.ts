// What the archive is known by: what was written, and how long the oldest record waits that is not.
import { Counter, Gauge, type Registry } from 'prom-client';

export interface ArchiveMetrics {
  /** A chunk was archived; what of it was there already is not counted. */
  archived(dataset: string, written: { readonly rows: number; readonly bytes: number }): void;
  /** The oldest record of a partition that is not archived, milliseconds since the epoch; null where none is known of. */
  waits(topic: string, partition: number, timestamp: number | null): void;
}

/** @param now milliseconds since the epoch */
export function createArchiveMetrics(registry: Registry, now: () => number): ArchiveMetrics {
  const registers = [registry];
  const labelNames = ['dataset'] as const;
  const rows = new Counter({
    name: 'signpost_archive_rows_total',
    help: 'Rows written to the archive, by dataset',
    labelNames,
    registers,
  });
  const bytes = new Counter({
    name: 'signpost_archive_bytes_total',
    help: 'Bytes of the Parquet files written to the archive, by dataset',
    labelNames,
    registers,
  });
  const chunks = new Counter({
    name: 'signpost_archive_chunks_total',
    help: 'Chunks archived, by dataset: each is what gathered on a partition',
    labelNames,
    registers,
  });
  const oldest = new Map<string, number>();
  registry.registerMetric(
    new Gauge({
      name: 'signpost_archive_oldest_waiting_seconds',
      help: 'Age of the oldest record that is not archived, among the partitions of this process; 0 when there is none',
      registers: [],
      aggregator: 'max',
      collect() {
        this.set(oldest.size === 0 ? 0 : Math.max(0, now() - Math.min(...oldest.values())) / 1000);
      },
    }),
  );
  return {
    archived(dataset, written) {
      rows.inc({ dataset }, written.rows);
      bytes.inc({ dataset }, written.bytes);
      chunks.inc({ dataset });
    },
    waits(topic, partition, timestamp) {
      const at = `${topic}/${partition}`;
      if (timestamp === null) oldest.delete(at);
      else oldest.set(at, timestamp);
    },
  };
}
