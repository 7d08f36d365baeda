// Reading an embedded log from another process, while one writes or when none does. Writes nothing, creates nothing.
import { accessSync, constants, existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { SignpostError } from '../../errors.ts';
import type { LogReader, TopicStatus } from '../port.ts';
import { decodeChunks } from './decode-chunks.ts';
import { logDirectory, logFile, refuseForeignFile } from './log-file.ts';
import { prepareQueries } from './queries.ts';
import type { PartitionRow, Queries } from './queries.ts';
import { describeStorageError } from './sqlite-errors.ts';

export interface EmbeddedLogReaderOptions {
  /** The data directory; the log lies in its folder `log`. */
  readonly directory: string;
}

/**
 * Opens a data directory for reading.
 * @throws SignpostError `no-log` when there is none, `newer-format`, `not-a-log`, `log-unreadable`,
 *   `log-not-writable`.
 */
export async function openEmbeddedLogReader({
  directory,
}: EmbeddedLogReaderOptions): Promise<LogReader> {
  const path = logFile(directory);
  if (!isReadable(path, directory)) {
    throw new SignpostError('no-log', `There is no Signpost log in ${directory}`, {
      hint: 'Name the data directory with --data, or fill it first with `signpost import` or `signpost up`.',
    });
  }
  let { db, queries } = open(path, directory);

  /** Runs a query on a view of one moment. */
  function ask<T>(query: (queries: Queries) => T): T {
    try {
      if (db.immutable && existsSync(`${path}-wal`)) {
        // A writer has come since; an immutable view would not see what it writes.
        db.connection.close();
        ({ db, queries } = open(path, directory));
      }
      db.connection.exec('BEGIN');
      try {
        return query(queries);
      } finally {
        if (db.connection.isTransaction) db.connection.exec('COMMIT');
      }
    } catch (error) {
      throw describeStorageError(error, logDirectory(directory));
    }
  }

  const partitions = new Map<string, PartitionRow>();
  const key = (topic: string, partition: number): string => `${partition} ${topic}`;

  function locate(from: Queries, topic: string, partition: number): PartitionRow {
    const name = key(topic, partition);
    if (!partitions.has(name)) {
      for (const row of from.partitions()) partitions.set(key(row.topic, row.partition), row);
    }
    const known = partitions.get(name);
    if (known === undefined) {
      throw new SignpostError(
        'unknown-topic',
        `There is no partition ${partition} of a topic ${topic}`,
      );
    }
    return { ...known, ...from.bounds(known.id) };
  }

  return {
    topics: async () => ask((from) => statusOf(from.partitions())),
    committed: async () => ask((from) => from.committed()),
    checkpoint: async (name) => ask((from) => from.checkpoint(name)),
    async read(topic, partition, offset, limits = {}) {
      return ask((from) => {
        const { id, start, end } = locate(from, topic, partition);
        const first = Math.max(offset, start);
        if (first >= end) return { records: [], nextOffset: first, endOffset: end };
        const { chunks, nextOffset } = from.chunks(id, first, limits);
        return { records: decodeChunks(chunks, topic, partition), nextOffset, endOffset: end };
      });
    },
    async close() {
      if (db.connection.isOpen) db.connection.close();
    },
  };
}

/** False when there is none. @throws SignpostError `log-unreadable` where this user may not read, or not even look. */
function isReadable(path: string, directory: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw new SignpostError('log-unreadable', `The log in ${directory} cannot be read (${code})`, {
      cause,
      hint: 'Run this as the user that Signpost runs as, or have that user let you read the directory.',
    });
  }
}

interface Opened {
  readonly db: { readonly connection: DatabaseSync; readonly immutable: boolean };
  readonly queries: Queries;
}

function open(path: string, directory: string): Opened {
  try {
    return openAs(path, false);
  } catch (error) {
    const described = describeStorageError(error, logDirectory(directory));
    // A read-only disk has no room for SQLite's index of the write-ahead log. With no such log left behind by a
    // writer, the file alone is all there is, and cannot change.
    const cannotLock = described instanceof SignpostError && described.code === 'log-not-writable';
    if (!cannotLock || existsSync(`${path}-wal`)) throw described;
    return openAs(path, true);
  }
}

function openAs(path: string, immutable: boolean): Opened {
  const url = pathToFileURL(path);
  if (immutable) url.searchParams.set('immutable', '1');
  const connection = new DatabaseSync(url, { readOnly: true, timeout: 5_000 });
  try {
    refuseForeignFile(connection, path);
    return { db: { connection, immutable }, queries: prepareQueries(connection) };
  } catch (error) {
    connection.close();
    throw error;
  }
}

function statusOf(rows: readonly PartitionRow[]): readonly TopicStatus[] {
  const topics = new Map<string, TopicStatus['partitions'][number][]>();
  for (const { topic, partition, start, end, bytes } of rows) {
    let partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, (partitions = []));
    partitions.push({ partition, start, end, bytes });
  }
  return Array.from(topics, ([name, partitions]) => ({ name, partitions }));
}
