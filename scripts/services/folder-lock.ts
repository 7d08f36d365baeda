// One command at a time works on a folder of servers: two that start the same server at once would both see it stopped.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProcess } from './process-table.ts';
import { ServerError } from './server-error.ts';

/** Returns the function that unlocks. @throws ServerError `already-running` while another command holds the lock */
export function lockFolder(dir: string): () => void {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'command.lock');
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(readFileSync(path, 'utf8'));
    // What a command left behind that was killed.
    if (findProcess(holder)?.commandLine.includes('services') !== true) rmSync(path);
    else {
      throw new ServerError(
        'already-running',
        `Another command (pid ${holder}) is at work in ${dir}. Wait for it to end.`,
      );
    }
  }
}
