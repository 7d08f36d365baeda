// Reading the log's tables: shared by the thread that writes and by readers in other processes.
import type { DatabaseSync } from 'node:sqlite';
import type { CommittedOffset, ReadLimits } from '../port.ts';
import { countWithin } from './batch-codec.ts';
import type { Chunk } from './protocol.ts';

const DEFAULT_MAX_RECORDS = 1_000;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/** A partition as it stands in the file. */
export interface PartitionRow {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
}

export interface TopicRow {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly retentionBytes: number | null;
}

export interface Queries {
  /** In order of topic name and partition. */
  partitions(): readonly PartitionRow[];
  topic(name: string): TopicRow | null;
  committed(): readonly CommittedOffset[];
  /** Start and end of a partition now. */
  bounds(partitionId: number): { start: number; end: number };
  committedOffset(group: string, partitionId: number): number | undefined;
  checkpoint(key: string): string | null;
  /** Batches of records from `offset` (held, below the end) on, cut to the limits; at least one record. */
  chunks(
    partitionId: number,
    offset: number,
    limits: ReadLimits,
  ): { chunks: readonly Chunk[]; nextOffset: number };
}

export function prepareQueries(db: DatabaseSync): Queries {
  const partitions = db.prepare(`
    SELECT p.id, t.name AS topic, p.partition, p.start_offset AS start,
      coalesce((SELECT b.base_offset + b.count FROM batches b WHERE b.partition_id = p.id
        ORDER BY b.base_offset DESC LIMIT 1), p.start_offset) AS "end",
      (SELECT coalesce(sum(b.bytes), 0) FROM batches b WHERE b.partition_id = p.id) AS bytes
    FROM partitions p JOIN topics t ON t.id = p.topic_id ORDER BY t.name, p.partition`);
  const bounds = db.prepare(`
    SELECT p.start_offset AS start, coalesce((SELECT b.base_offset + b.count FROM batches b
      WHERE b.partition_id = p.id ORDER BY b.base_offset DESC LIMIT 1), p.start_offset) AS "end"
    FROM partitions p WHERE p.id = ?`);
  const topic = db.prepare(`
    SELECT name, partitions, retention_ms AS retentionMs, retention_bytes AS retentionBytes
    FROM topics WHERE name = ?`);
  const committed = db.prepare(`
    SELECT o.group_name AS "group", t.name AS topic, p.partition, o.next_offset AS "offset"
    FROM offsets o JOIN partitions p ON p.id = o.partition_id JOIN topics t ON t.id = p.topic_id
    ORDER BY 1, 2, 3`);
  const committedOffset = db.prepare(
    'SELECT next_offset AS "offset" FROM offsets WHERE group_name = ? AND partition_id = ?',
  );
  const checkpoint = db.prepare('SELECT value FROM checkpoints WHERE key = ?');
  const firstBatch = db.prepare(`
    SELECT base_offset AS base FROM batches WHERE partition_id = ? AND base_offset <= ?
    ORDER BY base_offset DESC LIMIT 1`);
  const sizes = db.prepare(`
    SELECT base_offset AS base, bytes FROM batches
    WHERE partition_id = ? AND base_offset >= ? AND base_offset < ? ORDER BY base_offset`);
  const payloads = db.prepare(`
    SELECT base_offset AS base, count, payload FROM batches
    WHERE partition_id = ? AND base_offset >= ? AND base_offset <= ? ORDER BY base_offset`);

  return {
    partitions: () => partitions.all() as unknown as PartitionRow[],
    bounds(id) {
      const row = bounds.get(id);
      return { start: Number(row?.['start']), end: Number(row?.['end']) };
    },
    topic: (name) => (topic.get(name) as unknown as TopicRow | undefined) ?? null,
    committed: () => committed.all().map((row) => ({ ...row })) as unknown as CommittedOffset[],
    committedOffset: (group, id) =>
      committedOffset.get(group, id)?.['offset'] as number | undefined,
    checkpoint: (key) => (checkpoint.get(key)?.['value'] as string | undefined) ?? null,
    chunks(partitionId, offset, limits) {
      const maxRecords = Math.max(1, limits.maxRecords ?? DEFAULT_MAX_RECORDS);
      let bytesLeft = Math.max(1, limits.maxBytes ?? DEFAULT_MAX_BYTES);
      const limit = offset + maxRecords;
      const first = firstBatch.get(partitionId, offset)?.['base'] as number;
      // Which batches fit is decided on the index alone, before any payload is fetched.
      let last = first;
      let sum = 0;
      for (const row of sizes.all(partitionId, first, limit)) {
        last = row['base'] as number;
        sum += row['bytes'] as number;
        if (sum >= bytesLeft) break;
      }
      const chunks: Chunk[] = [];
      let nextOffset = offset;
      for (const row of payloads.all(partitionId, first, last)) {
        const base = row['base'] as number;
        const bytes = row['payload'] as Uint8Array;
        const from = nextOffset - base;
        const wanted = Math.min(row['count'] as number, limit - base) - from;
        const fits = bytes.length <= bytesLeft ? wanted : countWithin(bytes, from, bytesLeft);
        if (fits < wanted && chunks.length > 0) break;
        const to = from + Math.min(wanted, fits);
        chunks.push({ baseOffset: base, from, to, bytes });
        nextOffset = base + to;
        bytesLeft -= bytes.length;
        if (fits < wanted) break;
      }
      return { chunks, nextOffset };
    },
  };
}
