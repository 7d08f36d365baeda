// For how long the topics of an embedded log keep their records, as the file itself says.
import { DatabaseSync } from 'node:sqlite';
import { logDirectory, logFile } from './log-file.ts';
import { describeStorageError } from './sqlite-errors.ts';

/** By topic, in milliseconds. Another process may have the log open. @throws SignpostError `log-unreadable` and the like */
export function topicRetentions(dataDirectory: string): ReadonlyMap<string, number> {
  try {
    const db = new DatabaseSync(logFile(dataDirectory), { readOnly: true, timeout: 5_000 });
    try {
      const rows = db.prepare('SELECT name, retention_ms AS ms FROM topics').all();
      return new Map(rows.map(({ name, ms }) => [String(name), Number(ms)]));
    } finally {
      db.close();
    }
  } catch (error) {
    throw describeStorageError(error, logDirectory(dataDirectory));
  }
}
