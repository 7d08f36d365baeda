// Where a directory of objects has what is being written, and the lock by which those who replace objects agree. The lock
// is the operating system's, so that it goes with the process that holds it; it is held for a look and a rename.
import { randomUUID } from 'node:crypto';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignpostError } from '../errors.ts';
import { makeDirectory } from '../make-directory.ts';
import { hiddenFolder } from './keys.ts';

export interface WritingPlace {
  /** Path of a file that is not there yet, on the file system of the objects. */
  temporaryFile(): string;
  /**
   * Runs `section` while no other process or thread runs one on these objects.
   * @throws SignpostError `objects-unavailable` when others hold the lock for long
   */
  lock<T>(signal: AbortSignal, section: () => T): Promise<T>;
  close(): void;
}

const busy = 5;
const patienceMs = 30_000;
/** Nobody writes one file for so long. */
const leftoverMs = 3_600_000;

/** @param now milliseconds since the epoch. @throws what the file system or SQLite refuses with. */
export function prepareWriting(root: string, now: () => number): WritingPlace {
  const hidden = join(root, hiddenFolder);
  const folder = join(hidden, 'writing');
  makeDirectory(folder);
  removeLeftovers(folder, now() - leftoverMs);
  // Nothing else may ever open this file: closing it would drop SQLite's locks of this process.
  const database = new DatabaseSync(join(hidden, 'lock'), { timeout: 0 });
  const tryLock = (): boolean => {
    try {
      database.exec('BEGIN IMMEDIATE');
      return true;
    } catch (error) {
      if (error instanceof Error && 'errcode' in error && error.errcode === busy) return false;
      throw error;
    }
  };
  return {
    temporaryFile: () => join(folder, `${process.pid}-${randomUUID()}`),
    async lock(signal, section) {
      for (const since = performance.now(); !tryLock();) {
        if (performance.now() - since > patienceMs)
          throw new SignpostError('objects-unavailable', `${root} is locked by another process`, {
            hint: 'Look for a Signpost process that is stopped and holds it.',
          });
        // Not all at once, or they would meet again.
        await sleep(1 + 10 * Math.random(), undefined, { signal });
      }
      try {
        return section();
      } finally {
        database.exec('ROLLBACK');
      }
    },
    close: () => database.close(),
  };
}

/** Others may be writing: only what is older than any write takes. */
function removeLeftovers(folder: string, before: number): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status !== undefined && status.mtimeMs < before) rmSync(path, { force: true });
  }
}
