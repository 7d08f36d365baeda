// Makes the names in a directory survive power loss, as `flush` does for what is in a file.
import { closeSync, fsyncSync, openSync } from 'node:fs';

/** @throws what the file system refuses with. */
export function syncDirectory(path: string): void {
  // Windows cannot open directories; its file systems keep names in their own journal.
  if (process.platform === 'win32') return;
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
