// Starts PostgreSQL in WebAssembly on a directory that this process alone has open, so that what it has committed is on
// disk, whatever ends the process or the machine.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { SignpostError } from '../errors.ts';
import { makeDirectory } from '../make-directory.ts';
import { lockForProcess, type ProcessLock } from '../process-lock.ts';
import { syncDirectory } from '../sync-directory.ts';
import { pgliteParsers } from './column-types.ts';
import type { Answer } from './pglite.ts';
import { durableFiles } from './pglite-files.ts';
import { readPrepared, unpackPrepared } from './prepared-store.ts';

export interface Lite {
  query(text: string, values: readonly unknown[]): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * A new one has its tables where the installation has one prepared, and is empty otherwise: `migrate` it in any case.
 * @param directory made when missing; undefined: in memory
 * @param since milliseconds since the epoch: told to those who come second
 * @param prepared what a new one is a copy of
 * @throws SignpostError `store-in-use`, `store-damaged`, `store-unwritable`
 */
export async function startPglite(
  directory: string | undefined,
  since: number,
  prepared: () => Buffer<ArrayBuffer> | undefined = readPrepared,
): Promise<Lite> {
  if (directory === undefined) return startInMemory(prepared());
  const lock = lockStore(directory, since);
  const files = join(directory, 'postgres');
  const made = join(directory, 'made');
  const isNew = !existsSync(made);
  try {
    // Whatever ended the process that first made it: nothing can be in there yet.
    if (isNew) {
      rmSync(files, { recursive: true, force: true });
      const copied = prepared();
      if (copied !== undefined) unpackPrepared(copied, files);
    }
    const lite = await PGlite.create({
      fs: durableFiles(files),
      startParams: durableParams,
      parsers: pgliteParsers,
    });
    if (isNew) {
      await lite.query('CHECKPOINT');
      writeFileSync(made, '', { mode: 0o600 });
      syncDirectory(directory);
    }
    return asLite(lite, lock);
  } catch (cause) {
    lock.release();
    throw isNew ? unwritable(directory, cause) : damaged(directory, cause);
  }
}

async function startInMemory(prepared: Buffer<ArrayBuffer> | undefined): Promise<Lite> {
  const load = prepared === undefined ? {} : { loadDataDir: new Blob([prepared]) };
  return asLite(await PGlite.create({ parsers: pgliteParsers, ...load }));
}

/** `-F` would leave it to the system when what is committed is on disk; `fdatasync` does nothing in WebAssembly. */
const durableParams = [
  ...PGlite.defaultStartParams.filter((param) => param !== '-F'),
  '-c',
  'wal_sync_method=fsync',
  // A file of the write-ahead log that is used again keeps what it said of words until it is full of others.
  '-c',
  'wal_recycle=off',
];

export function asLite(lite: PGlite, lock?: ProcessLock): Lite {
  return {
    async query(text, values) {
      const { rows, affectedRows } = await lite.query(text, [...values]);
      return { rows, rowCount: affectedRows ?? rows.length };
    },
    async close() {
      try {
        await lite.close();
      } finally {
        lock?.release();
      }
    },
  };
}

/** PGlite itself lets two processes write to the same files, which destroys them. */
function lockStore(directory: string, since: number): ProcessLock {
  try {
    makeDirectory(directory, 0o700);
    return lockForProcess(
      directory,
      since,
      (holder) =>
        new SignpostError('store-in-use', `The database in ${directory} is in use by ${holder}`, {
          hint: 'One process at a time may have it open. Stop that one, or choose another data directory with --data.',
        }),
    );
  } catch (error) {
    throw error instanceof SignpostError ? error : unwritable(directory, error);
  }
}

function unwritable(directory: string, cause: unknown): SignpostError {
  return new SignpostError('store-unwritable', `Cannot make a database in ${directory}`, {
    cause,
    hint: 'Check that the folder is writable for this user, and its disk neither read-only nor full.',
  });
}

function damaged(directory: string, cause: unknown): SignpostError {
  return new SignpostError('store-damaged', `The database in ${directory} cannot be opened`, {
    cause,
    hint: `Is its disk full or read-only? Otherwise it is damaged: restore it from a backup, or move the folder away, and it is made anew from what the log still holds.`,
  });
}
