// The log's SQLite file: where it lies, what its tables are, and the refusal of files it must not touch.
// It holds words as they came in, before redaction: what is made here, its owner alone can read.
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SignpostError } from '../../errors.ts';
import { makeDirectory } from '../../make-directory.ts';
import { syncDirectory } from '../../sync-directory.ts';
import { CLAIMS_SCHEMA } from './claims.ts';
import { RUNS_SCHEMA } from './keyed-runs.ts';

/** 'Sgnp'; marks the file as ours for `file` and for this check. */
const APPLICATION_ID = 0x53676e70;
/** Raise when older code must not touch the file any more. */
export const FORMAT = 1;

/** Pages of the write-ahead log after which it is folded into the file: 16 KiB each, 32 MiB. */
const CHECKPOINT_PAGES = 2048;
const PAGE_BYTES = 16_384;
const CACHE_KIB = 8_192;
/** How long a statement waits for other connections. */
export const BUSY_TIMEOUT_MS = 5_000;

/** Modes of what is made; what is there already keeps its own. */
export const PRIVATE_DIRECTORY = 0o700;
export const PRIVATE_FILE = 0o600;

export function logDirectory(dataDirectory: string): string {
  return join(resolve(dataDirectory), 'log');
}

export function logFile(dataDirectory: string): string {
  return join(logDirectory(dataDirectory), 'log.sqlite');
}

// Batches carry their own index, which covers all but the payload: finding, counting and expiring never touch blobs.
const SCHEMA = `
CREATE TABLE topics (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  partitions INTEGER NOT NULL,
  retention_ms INTEGER NOT NULL,
  retention_bytes INTEGER
) STRICT;
CREATE TABLE partitions (
  id INTEGER PRIMARY KEY,
  topic_id INTEGER NOT NULL REFERENCES topics (id),
  partition INTEGER NOT NULL,
  start_offset INTEGER NOT NULL DEFAULT 0,
  UNIQUE (topic_id, partition)
) STRICT;
CREATE TABLE batches (
  id INTEGER PRIMARY KEY,
  partition_id INTEGER NOT NULL,
  base_offset INTEGER NOT NULL,
  count INTEGER NOT NULL,
  max_timestamp INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX batches_by_offset ON batches (partition_id, base_offset, count, max_timestamp, bytes);
CREATE TABLE offsets (
  group_name TEXT NOT NULL,
  partition_id INTEGER NOT NULL,
  next_offset INTEGER NOT NULL,
  PRIMARY KEY (group_name, partition_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** Opens the one connection that writes, creating the file when there is none. The caller holds the writer lock. */
export function openForWriting(dataDirectory: string, maxFileBytes?: number): DatabaseSync {
  const path = logFile(dataDirectory);
  createPrivateFile(path);
  const isNew = statSync(path).size === 0;
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    if (isNew) db.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL`);
    // Readers in other processes neither block the writer nor are blocked; FULL makes a commit survive power loss.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};`);
    // Words that are deleted are gone: overwritten by zeros, which makes deleting 100 MB half a second longer.
    db.exec('PRAGMA secure_delete = ON');
    // A WAL grown by a long-open reader shrinks back once it is folded in.
    db.exec(
      `PRAGMA journal_size_limit = ${2 * CHECKPOINT_PAGES * PAGE_BYTES}; PRAGMA temp_store = MEMORY;`,
    );
    if (maxFileBytes !== undefined) {
      db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxFileBytes / PAGE_BYTES))}`);
    }
    if (!hasTables(db)) {
      db.exec(
        `BEGIN IMMEDIATE; ${SCHEMA} ${CLAIMS_SCHEMA} ${RUNS_SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}; COMMIT;`,
      );
    }
    refuseForeignFile(db, path);
    if (isNew) syncDirectory(dirname(path));
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** @throws SignpostError `not-a-log` or `newer-format`. */
export function refuseForeignFile(db: DatabaseSync, path: string): void {
  if (pragma(db, 'application_id') !== APPLICATION_ID) {
    throw new SignpostError('not-a-log', `${path} is not a Signpost log`, {
      hint: 'Choose another data directory with --data.',
    });
  }
  const format = pragma(db, 'user_version');
  if (format > FORMAT) {
    throw new SignpostError(
      'newer-format',
      `${path} was written by a newer version of Signpost (format ${format}; this one knows up to ${FORMAT})`,
      { hint: 'Update Signpost, or choose another data directory with --data.' },
    );
  }
}

/** Makes the data directory and the log's within, and makes sure that both survive power loss. */
export function createLogDirectory(dataDirectory: string): void {
  const directory = logDirectory(dataDirectory);
  const data = dirname(directory);
  // Directories above are not ours to close.
  const above = makeDirectory(dirname(data));
  const ours = makeDirectory(directory, PRIVATE_DIRECTORY);
  if (ours === undefined) return;
  syncDirectory(data);
  syncDirectory(dirname(ours));
  if (above !== undefined) syncDirectory(dirname(above));
}

/** SQLite gives the files beside the database its mode, so the database has to be there first. */
function createPrivateFile(path: string): void {
  if (existsSync(path)) return;
  closeSync(openSync(path, 'wx', PRIVATE_FILE));
}

export function hasTables(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined;
}

function pragma(db: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}
