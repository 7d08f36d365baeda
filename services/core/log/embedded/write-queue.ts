// Group commit: writes that arrive while one transaction is being made durable share the next. Each stands or falls
// alone; none is acknowledged before it is on disk.
import type { DatabaseSync } from 'node:sqlite';

/** Writes beyond this in one transaction wait for the next, so that the first are not kept waiting. */
const MAX_BYTES = 32 * 1024 * 1024;

export interface Write {
  readonly bytes: number;
  /** Makes the changes inside the open transaction; a throw undoes this write alone. */
  apply(undo: UndoLog): void;
  /** Called once durable. */
  done(): void;
  failed(error: unknown): void;
}

/** What memory must forget when the file does not keep a change; undone in reverse. */
export interface UndoLog {
  add(undo: () => void): void;
}

export interface WriteQueue {
  add(write: Write): void;
  /** Writes all that is queued. */
  flush(): void;
}

/** `afterFlush` runs when a transaction ended, whatever its outcome. */
export function createWriteQueue(db: DatabaseSync, afterFlush: () => void): WriteQueue {
  const queue: Write[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  const undos: (() => void)[] = [];
  const undoLog: UndoLog = { add: (undo) => undos.push(undo) };

  function undoTo(mark: number): void {
    while (undos.length > mark) undos.pop()?.();
  }

  function take(): Write[] {
    let bytes = 0;
    let count = 0;
    for (const write of queue) {
      if (count > 0 && bytes + write.bytes > MAX_BYTES) break;
      bytes += write.bytes;
      count += 1;
    }
    return queue.splice(0, count);
  }

  function applyOne(write: Write): boolean {
    const mark = undos.length;
    db.exec('SAVEPOINT write');
    try {
      write.apply(undoLog);
      db.exec('RELEASE write');
      return true;
    } catch (error) {
      undoTo(mark);
      // A full disk may have ended the whole transaction already.
      if (!db.isTransaction) throw error;
      db.exec('ROLLBACK TO write; RELEASE write');
      write.failed(error);
      return false;
    }
  }

  function transact(writes: readonly Write[]): void {
    const pending = new Set(writes);
    try {
      db.exec('BEGIN IMMEDIATE');
      for (const write of writes) if (!applyOne(write)) pending.delete(write);
      db.exec('COMMIT');
    } catch (error) {
      undoTo(0);
      if (db.isTransaction) db.exec('ROLLBACK');
      for (const write of pending) write.failed(error);
      return;
    }
    undos.length = 0;
    for (const write of pending) write.done();
  }

  function run(): void {
    scheduled = undefined;
    if (queue.length === 0) return;
    transact(take());
    afterFlush();
    if (queue.length > 0) schedule();
  }

  function schedule(): void {
    scheduled ??= setImmediate(run);
  }

  return {
    add(write) {
      queue.push(write);
      schedule();
    },
    flush() {
      while (queue.length > 0) run();
      if (scheduled !== undefined) clearImmediate(scheduled);
      scheduled = undefined;
    },
  };
}
