// Forgetting: batches past their topic's age or size, oldest first, in small transactions so that appends go on.
// What a group that ever committed in a topic has not read yet is kept whatever its age: nothing accepted is lost.
import type { DatabaseSync } from 'node:sqlite';
import type { Claims } from './claims.ts';
import { BUSY_TIMEOUT_MS } from './log-file.ts';
import type { PartitionState, PartitionTable } from './partition-table.ts';
import type { Queries } from './queries.ts';
import type { WriteQueue } from './write-queue.ts';

/** Batches deleted in one transaction. */
const STEP_BATCHES = 32;
/** Free pages kept for what comes next (16 KiB each); more are given back to the disk, so many at a time. */
const SPARE_PAGES = 1024;
const STEP_PAGES = 256;

export interface Retention {
  /** Starts a pass; one that is under way goes on. @param done told at the end of it, also where it failed */
  run(done?: () => void): void;
}

export interface RetentionOptions {
  readonly db: DatabaseSync;
  readonly queries: Queries;
  readonly table: PartitionTable;
  readonly queue: WriteQueue;
  readonly claims: Claims;
  readonly now: () => number;
  /** Offset a group's member reads from next, for groups that have not committed yet. */
  readonly openPosition: (partition: PartitionState) => number | undefined;
}

export function createRetention(options: RetentionOptions): Retention {
  const { db, queries, table, queue, claims, now } = options;
  const oldest = db.prepare(`
    SELECT id, base_offset + count AS "end", max_timestamp AS maxTimestamp, bytes FROM batches
    WHERE partition_id = ? ORDER BY base_offset LIMIT ${STEP_BATCHES}`);
  const deleteBatch = db.prepare('DELETE FROM batches WHERE id = ?');
  const moveStart = db.prepare('UPDATE partitions SET start_offset = ? WHERE id = ?');
  const freePages = db.prepare('PRAGMA freelist_count');
  let running = false;
  const waiting: (() => void)[] = [];
  /** Whether the write-ahead log may hold what is deleted: also what a process before this one deleted. */
  let hasDeleted = true;

  /** Up to where every group that reads the topic has read. */
  function readUpTo(partition: PartitionState): number {
    const groups = new Map<string, number>();
    for (const { group, topic, partition: number, offset } of queries.committed()) {
      if (topic !== partition.topic) continue;
      if (number === partition.partition) groups.set(group, offset);
      else if (!groups.has(group)) groups.set(group, partition.start);
    }
    return Math.min(
      partition.end,
      options.openPosition(partition) ?? partition.end,
      ...groups.values(),
    );
  }

  function expiredBatches(partition: PartitionState): { id: number; end: number; bytes: number }[] {
    const topic = queries.topic(partition.topic);
    if (topic === null) return [];
    const before = now() - topic.retentionMs;
    const limit = readUpTo(partition);
    let excess = topic.retentionBytes === null ? 0 : partition.bytes - topic.retentionBytes;
    const expired: { id: number; end: number; bytes: number }[] = [];
    for (const row of oldest.all(partition.id)) {
      const { id, end, maxTimestamp, bytes } = row as Record<
        'id' | 'end' | 'maxTimestamp' | 'bytes',
        number
      >;
      if (end > limit || (maxTimestamp >= before && excess <= 0)) break;
      expired.push({ id, end, bytes });
      excess -= bytes;
    }
    return expired;
  }

  /** One small transaction; answers through `next` whether there was anything to do. */
  function step(next: (worked: boolean) => void): void {
    for (const partition of table.all()) {
      const batches = expiredBatches(partition);
      const last = batches.at(-1);
      if (last === undefined) continue;
      queue.add({
        bytes: 0,
        apply(undo) {
          hasDeleted = true;
          for (const { id } of batches) deleteBatch.run(id);
          moveStart.run(last.end, partition.id);
          const { start, bytes } = partition;
          undo.add(() => Object.assign(partition, { start, bytes }));
          partition.start = last.end;
          for (const batch of batches) partition.bytes -= batch.bytes;
        },
        done: () => next(true),
        failed: () => next(false),
      });
      return;
    }
    const [claimRun] = claims.expired(now());
    if (claimRun === undefined) {
      next(false);
      return;
    }
    queue.add({
      bytes: 0,
      apply(undo) {
        hasDeleted = true;
        claimRun(undo);
      },
      done: () => next(true),
      failed: () => next(false),
    });
  }

  /** Gives pages back; what fails here is tried again by the next pass. */
  function giveBack(): boolean {
    const free = Number(freePages.get()?.['freelist_count']);
    if (free <= SPARE_PAGES) return false;
    db.exec(`PRAGMA incremental_vacuum(${Math.min(STEP_PAGES, free - SPARE_PAGES)})`);
    return true;
  }

  function pass(): void {
    if (!db.isOpen) return;
    try {
      step((worked) => {
        if (worked) setImmediate(pass);
        else setImmediate(vacuum);
      });
    } catch {
      // A damaged or failing disk shows itself where somebody waits for an answer; the next interval tries again.
      finish();
    }
  }

  function vacuum(): void {
    if (!db.isOpen) return;
    try {
      if (giveBack()) {
        setImmediate(vacuum);
        return;
      }
      if (hasDeleted) hasDeleted = !foldIn();
    } catch {
      // A full or failing disk shows itself where somebody waits for a write; the next pass tries again.
    }
    finish();
  }

  /**
   * What was deleted is overwritten in the file, but the write-ahead log still says what stood there.
   * @returns false where readers hold it up: the next pass tries again
   */
  function foldIn(): boolean {
    db.exec('PRAGMA busy_timeout = 0');
    try {
      return Number(db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy']) === 0;
    } finally {
      db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  function finish(): void {
    running = false;
    for (const done of waiting.splice(0)) done();
  }

  return {
    run(done) {
      if (done !== undefined) {
        waiting.push(done);
        hasDeleted = true;
      }
      if (running) return;
      running = true;
      pass();
    },
  };
}
