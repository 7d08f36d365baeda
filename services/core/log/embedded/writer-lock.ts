// One writer to a data directory. The lock is the operating system's on a file of its own, so that it dies with its
// process; who holds it stands in another file, because opening and closing the locked one would drop the lock.
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SignpostError } from '../../errors.ts';
import { logDirectory, PRIVATE_FILE } from './log-file.ts';

const BUSY = 5;

export interface WriterLock {
  release(): void;
}

/** @throws SignpostError `log-in-use`, naming the holder. `since` is milliseconds since the epoch, for that message. */
export function lockForWriting(dataDirectory: string, since: number): WriterLock {
  const directory = logDirectory(dataDirectory);
  const holderFile = join(directory, 'writer.json');
  const lockFile = join(directory, 'writer.lock');
  const isNew = !existsSync(lockFile);
  const lock = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    if (isNew) chmodSync(lockFile, PRIVATE_FILE);
    lock.exec('BEGIN IMMEDIATE');
  } catch (error) {
    lock.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === BUSY) {
      throw new SignpostError('log-in-use', `${dataDirectory} is in use by ${holder(holderFile)}`, {
        hint: 'Only one process may write to a data directory. Stop that one, or choose another with --data.',
      });
    }
    throw error;
  }
  try {
    const details = { pid: process.pid, since: new Date(since).toISOString() };
    writeFileSync(holderFile, `${JSON.stringify(details)}\n`, { mode: PRIVATE_FILE });
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

function holder(file: string): string {
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
