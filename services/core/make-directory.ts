// Makes a directory and those above it, one at a time: Node's own recursion asks again for ever where a file system
// (/proc) says of a place it refuses that it does not exist.
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * @param mode of the directories made; the process's own by default
 * @returns the topmost directory made; undefined when all were there
 * @throws what the file system refuses with
 */
export function makeDirectory(path: string, mode?: number): string | undefined {
  const missing: string[] = [];
  let at = resolve(path);
  while (!isThere(at) && dirname(at) !== at) {
    missing.unshift(at);
    at = dirname(at);
  }
  // A file in its place says so itself.
  if (missing.length === 0 && !isDirectory(at)) mkdirSync(at);
  for (const directory of missing) {
    try {
      mkdirSync(directory, mode === undefined ? {} : { mode });
    } catch (error) {
      // Another process may have been quicker.
      if (!isDirectory(directory)) throw error;
    }
  }
  return missing[0];
}

function isThere(path: string): boolean {
  return lookAt(path) !== undefined;
}

function isDirectory(path: string): boolean {
  return lookAt(path)?.isDirectory() ?? false;
}

/** Undefined also for what may not be looked at: making it then says why. */
function lookAt(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
