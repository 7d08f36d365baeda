// A database as every new one begins, its tables made, kept with the installation: to make one takes PostgreSQL in
// WebAssembly two seconds and more, to copy one a tenth. Without one of just these versions, that is what is done.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { syncDirectory } from '../sync-directory.ts';
import { migrations } from './migrate.ts';

/** Where an installation has its own. */
export const preparedFolder = join(import.meta.dirname, '../../../node_modules/.cache/signpost');

/** The name by which one of this PostgreSQL and these tables is kept. */
export function preparedName(): string {
  const library = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const { version } = JSON.parse(readFileSync(join(library, '../../package.json'), 'utf8')) as {
    version: string;
  };
  const versions = JSON.stringify({ version, migrations });
  return `store-${createHash('sha256').update(versions).digest('hex').slice(0, 16)}.tar.gz`;
}

/** @returns the tar of its files; undefined where there is none of these versions, or not a whole one */
export function readPrepared(folder = preparedFolder): Buffer<ArrayBuffer> | undefined {
  try {
    return gunzipSync(readFileSync(join(folder, preparedName())));
  } catch {
    return undefined;
  }
}

/**
 * All of it is on disk when this returns.
 * @param tar as PGlite dumps it: files and folders with names of less than 100 bytes that begin with a slash
 * @param directory made when missing; its parent is there
 */
export function unpackPrepared(tar: Buffer, directory: string): void {
  const folders = [directory];
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const { name, bytes } of entriesOf(tar)) {
    const path = join(directory, name);
    if (bytes === undefined) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      folders.push(path);
    } else {
      writeFileSync(path, bytes, { mode: 0o600, flush: bytes.length > 0 });
    }
  }
  for (const folder of folders) syncDirectory(folder);
}

interface Entry {
  readonly name: string;
  /** Undefined of a folder. */
  readonly bytes: Buffer | undefined;
}

const block = 512;

/** POSIX.1-1988 (ustar): a header of one block, the name at 0, the size at 124 in octal, the type at 156; then the bytes. */
function* entriesOf(tar: Buffer): Generator<Entry> {
  for (let at = 0; at < tar.length && tar[at] !== 0;) {
    const name = tar.toString('latin1', at, tar.indexOf(0, at));
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0;
    const isFolder = tar.toString('latin1', at + 156, at + 157) === '5';
    const from = at + block;
    yield { name, bytes: isFolder ? undefined : tar.subarray(from, from + size) };
    at = from + Math.ceil(size / block) * block;
  }
}
