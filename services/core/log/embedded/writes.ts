// What a write does inside its transaction: records to their partitions, a group's offset, claims, checkpoints.
import type { DatabaseSync } from 'node:sqlite';
import type { Claims, PendingClaims } from './claims.ts';
import type { Groups, Lease } from './groups.ts';
import type { PartitionState, PartitionTable } from './partition-table.ts';
import type { Part } from './protocol.ts';
import type { UndoLog } from './write-queue.ts';

interface Carried {
  readonly group: string;
  readonly topic: string;
}

export interface Writes {
  /** Answers the offset of each part's first record. */
  append(
    parts: readonly Part[],
    checkpoints: Readonly<Record<string, string>>,
    undo: UndoLog,
  ): readonly number[];
  /**
   * @param options see `CommitOptions` of the log's port
   * @throws SignpostError `fenced`, `claim-conflict`.
   */
  commit(
    leaseId: number,
    parts: readonly Part[],
    options: { readonly carried: readonly Carried[]; readonly nextOffset: number | undefined },
    undo: UndoLog,
  ): Lease<PartitionState>;
}

export function prepareWrites(
  db: DatabaseSync,
  table: PartitionTable,
  groups: Groups<PartitionState>,
  claims: Claims,
  pendingClaims: WeakMap<Lease<PartitionState>, PendingClaims>,
): Writes {
  const insertBatch = db.prepare(
    'INSERT INTO batches (partition_id, base_offset, count, max_timestamp, bytes, payload) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const saveCheckpoint = db.prepare(
    'INSERT INTO checkpoints (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  const saveOffset = db.prepare(`
    INSERT INTO offsets (group_name, partition_id, next_offset) VALUES (?, ?, ?)
    ON CONFLICT (group_name, partition_id) DO UPDATE SET next_offset = excluded.next_offset`);

  function store({ partitionId, count, maxTimestamp, bytes }: Part, undo: UndoLog): number {
    const state = table.byId(partitionId);
    if (state === undefined) throw new Error(`No partition has the id ${partitionId}`);
    const base = state.end;
    insertBatch.run(partitionId, base, count, maxTimestamp, bytes.length, bytes);
    state.end += count;
    state.bytes += bytes.length;
    undo.add(() => {
      state.end -= count;
      state.bytes -= bytes.length;
    });
    return base;
  }

  function passOver(
    carried: readonly Carried[],
    partitionId: number,
    base: number,
    undo: UndoLog,
  ): void {
    const partition = table.byId(partitionId)!;
    for (const { group, topic } of carried) {
      if (topic !== partition.topic) continue;
      const moved = groups.passOver(group, partition, base);
      if (moved === undefined) continue;
      saveOffset.run(group, partitionId, partition.end);
      undo.add(moved.undo);
    }
  }

  return {
    append(parts, checkpoints, undo) {
      for (const [key, value] of Object.entries(checkpoints)) saveCheckpoint.run(key, value);
      return parts.map((part) => store(part, undo));
    },
    commit(leaseId, parts, { carried, nextOffset = 0 }, undo) {
      const lease = groups.lease(leaseId);
      const { hold, to } = lease;
      lease.to = Math.max(to, Math.min(nextOffset, hold.partition.end));
      undo.add(() => (lease.to = to));
      for (const part of parts) {
        const base = store(part, undo);
        passOver(carried, part.partitionId, base, undo);
      }
      saveOffset.run(hold.member.group, hold.partition.id, lease.to);
      const pending = pendingClaims.get(lease);
      if (pending !== undefined) claims.write(pending, undo);
      lease.committing = true;
      undo.add(() => (lease.committing = false));
      return lease;
    },
  };
}
