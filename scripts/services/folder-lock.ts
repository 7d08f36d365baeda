// One command at a time works on a folder of servers: two that start the same server at once would both see it stopped.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProcess } from './process-table.ts';
import { ServerError } from './server-error.ts';

interface Holder {
  readonly pid: number;
  /** Tells the holder from a later process of the same pid. */
  readonly commandLine: string;
}

/** Returns the function that unlocks. @throws ServerError `already-running` while another command holds the lock */
export function lockFolder(dir: string): () => void {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'command.lock');
  const draft = `${path}.${process.pid}`;
  const ours: Holder = {
    pid: process.pid,
    commandLine: findProcess(process.pid)?.commandLine ?? '',
  };
  writeFileSync(draft, JSON.stringify(ours));
  try {
    for (;;) {
      try {
        // Linked, not written, so that nobody ever reads half of it.
        linkSync(draft, path);
        return () => rmSync(path, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = JSON.parse(readFileSync(path, 'utf8')) as Holder;
      if (findProcess(holder.pid)?.commandLine === holder.commandLine) {
        throw new ServerError(
          'already-running',
          `Another command (pid ${holder.pid}) is at work in ${dir}. Wait for it to end.`,
        );
      }
      // Left behind by a command that was killed.
      rmSync(path, { force: true });
    }
  } finally {
    rmSync(draft);
  }
}
