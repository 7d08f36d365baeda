// The files below a directory as keys, in the order of the keys' bytes, reading one folder at a time and only those that
// can hold what is asked for.
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isCode } from './file-errors.ts';
import { compareKeys, hiddenFolder } from './keys.ts';

export interface FoundFile {
  readonly key: string;
  readonly path: string;
}

/** @param prefix its folders are looked for by name. @param after begins behind this key */
export async function* listFiles(
  root: string,
  prefix: string,
  after = '',
): AsyncGenerator<FoundFile> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  yield* filesIn(join(root, ...folder.split('/')), folder, prefix, after);
}

/** @param folder its key: empty or with a slash at its end */
async function* filesIn(
  path: string,
  folder: string,
  prefix: string,
  after: string,
): AsyncGenerator<FoundFile> {
  const entries = (await entriesOf(path))
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .filter(({ name }) => folder !== '' || name !== hiddenFolder)
    .map((entry) => ({
      name: entry.name,
      // A folder stands where the keys in it do: `a-b` comes before `a/b`.
      key: `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`,
      isFolder: entry.isDirectory(),
    }))
    .filter(({ key, isFolder }) => key.startsWith(prefix) || (isFolder && prefix.startsWith(key)))
    .toSorted((a, b) => compareKeys(a.key, b.key));
  for (const { name, key, isFolder } of entries) {
    const isBehind = compareKeys(key, after) > 0;
    if (!isFolder && isBehind) yield { key, path: join(path, name) };
    if (isFolder && (isBehind || after.startsWith(key)))
      yield* filesIn(join(path, name), key, prefix, after);
  }
}

/** None where there is no such folder. */
async function entriesOf(path: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
