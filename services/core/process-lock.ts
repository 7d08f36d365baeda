// One process at a time. The lock is the operating system's on a file of its own, so that it dies with its process; who
// holds it stands in another file, because opening and closing the locked one would drop the lock.
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SignpostError } from './errors.ts';

const busy = 5;
/** Readable and writable by the owner alone. */
const privateFile = 0o600;

export interface ProcessLock {
  release(): void;
}

/**
 * Takes the lock `writer.lock` in `directory`, which exists; the holder stands in `writer.json`.
 * @param since milliseconds since the epoch, for what others are told
 * @param refused makes the error of somebody who comes second, given who holds it
 */
export function lockForProcess(
  directory: string,
  since: number,
  refused: (holder: string) => SignpostError,
): ProcessLock {
  const holderFile = join(directory, 'writer.json');
  const lockFile = join(directory, 'writer.lock');
  const isNew = !existsSync(lockFile);
  const lock = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    if (isNew) chmodSync(lockFile, privateFile);
    lock.exec('BEGIN IMMEDIATE');
  } catch (error) {
    lock.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === busy)
      throw refused(holderIn(holderFile));
    throw error;
  }
  try {
    const details = { pid: process.pid, since: new Date(since).toISOString() };
    writeFileSync(holderFile, `${JSON.stringify(details)}\n`, { mode: privateFile });
  } catch (error) {
    lock.close();
    throw error;
  }
  return {
    release() {
      rmSync(holderFile, { force: true });
      lock.close();
    },
  };
}

function holderIn(file: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    if (typeof pid === 'number' && typeof since === 'string') {
      return pid === process.pid
        ? `this very process since ${new Date(since).toISOString()}`
        : `another Signpost process (pid ${pid}, since ${new Date(since).toISOString()})`;
    }
  } catch {
    // The holder may be just starting or stopping; the lock is what counts.
  }
  return 'another Signpost process';
}
