// A command that fails at its start leaves no data directory behind that was not there before. One that holds anything
// anybody may want (a record, an API key, a file of somebody else) stays.
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import { lockForWriting } from '#core/log/embedded/writer-lock.ts';
import { schemasAnnounced } from '../topology.ts';
import { intakeFile } from './judgements/intake-address.ts';

/** What a start makes by itself. Keys of pseudonyms that no record carries can be made anew. */
const ownNames: ReadonlySet<string> = new Set(['log', 'pseudonym-keys', intakeFile]);
const ownLogNames = /^(?:log\.sqlite(?:-wal|-shm)?|writer\.(?:lock|json)(?:-journal)?)$/;

/** Runs `use`; when it throws, takes away the data directory it made, if that is empty. */
export async function leavingNothing<T>(directory: string, use: () => Promise<T>): Promise<T> {
  const path = resolve(directory);
  const topmost = topmostMissing(path);
  try {
    return await use();
  } catch (error) {
    // Why it failed is what counts, whatever becomes of the directory.
    if (topmost !== undefined) await remove(path, topmost).catch(() => {});
    throw error;
  }
}

async function remove(path: string, topmost: string): Promise<void> {
  if (!existsSync(path)) return removeEmpty(dirname(path), topmost);
  if (!readdirSync(path).every((name) => ownNames.has(name))) return;
  const log = join(path, 'log');
  if (!existsSync(log)) rmSync(path, { recursive: true });
  else {
    // Held while it is taken away, so that nobody begins to write into it meanwhile.
    const lock = lockForWriting(path, Date.now());
    try {
      if (!(await isEmptyLog(path, log))) return;
      rmSync(path, { recursive: true });
    } finally {
      lock.release();
    }
  }
  removeEmpty(dirname(path), topmost);
}

async function isEmptyLog(path: string, log: string): Promise<boolean> {
  if (!readdirSync(log).every((name) => ownLogNames.test(name))) return false;
  if (!existsSync(join(log, 'log.sqlite'))) return true;
  const reader = await openEmbeddedLogReader({ directory: path });
  try {
    const topics = await reader.topics();
    // The schemas that a start writes down are the same wherever it writes them.
    return topics
      .filter(({ name }) => name !== schemasAnnounced.name)
      .every(({ partitions }) => partitions.every(({ end }) => end === 0));
  } finally {
    await reader.close();
  }
}

/** Takes away `path` and those above it up to `topmost`, as far as they are empty. */
function removeEmpty(path: string, topmost: string): void {
  for (let at = path; at.length >= topmost.length; at = dirname(at)) {
    if (existsSync(at)) rmdirSync(at);
  }
}

/** The highest of `path` and those above it that is not there; undefined when `path` is. */
function topmostMissing(path: string): string | undefined {
  let topmost: string | undefined;
  for (let at = path; !existsSync(at); at = dirname(at)) topmost = at;
  return topmost;
}
