// Where a group stands in a data directory: a small database of its own beside the log, since the log has one writer.
// Who has it open reads for the group; a second process is refused.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SignpostError } from '#core/errors.ts';

const busy = 5;
const privateDirectory = 0o700;

export interface GroupOffsets {
  /** The next offset to read; undefined when the group has read nothing yet. */
  of(topic: string, partition: number): number | undefined;
  write(topic: string, offsets: ReadonlyMap<number, number>): void;
  close(): void;
}

/** @throws SignpostError `group-name`, `group-in-use`, or what the file system refuses with. */
export function openGroupOffsets(dataDirectory: string, group: string): GroupOffsets {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(group)) {
    throw new SignpostError('group-name', 'A group of a data directory cannot have this name', {
      hint: 'Use up to 100 letters, digits, dots, dashes and underscores.',
    });
  }
  const folder = join(resolve(dataDirectory), 'readers');
  mkdirSync(folder, { recursive: true, mode: privateDirectory });
  const db = new DatabaseSync(join(folder, `${group}.sqlite`), { timeout: 0 });
  try {
    // The exclusive lock is the operating system's: it is gone with the process that held it.
    db.exec(`PRAGMA locking_mode = EXCLUSIVE;
      BEGIN EXCLUSIVE;
      CREATE TABLE IF NOT EXISTS offsets (
        topic TEXT NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL,
        PRIMARY KEY (topic, partition)
      ) STRICT, WITHOUT ROWID;
      COMMIT`);
  } catch (error) {
    db.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) {
      throw new SignpostError('group-in-use', `Another process reads for the group ${group}`, {
        cause: error,
        hint: 'On a data directory a group is one process: stop the other, or choose another group.',
      });
    }
    throw error;
  }
  const find = db.prepare('SELECT next_offset FROM offsets WHERE topic = ? AND partition = ?');
  const put = db.prepare('INSERT OR REPLACE INTO offsets VALUES (?, ?, ?)');
  return {
    of(topic, partition) {
      const row = find.get(topic, partition);
      return row === undefined ? undefined : Number(row['next_offset']);
    },
    write(topic, offsets) {
      db.exec('BEGIN');
      for (const [partition, offset] of offsets) put.run(topic, partition, offset);
      db.exec('COMMIT');
    },
    close: () => db.close(),
  };
}
