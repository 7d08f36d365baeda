// Objects in a directory: a file for each, at the path that its key names. A file is written elsewhere, made durable, and
// then takes its place at once; those who replace what is there take turns.
import { lstatSync, renameSync, unlinkSync, utimesSync, type BigIntStats } from 'node:fs';
import { link, mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SignpostError } from '../errors.ts';
import { makeDirectory } from '../make-directory.ts';
import { syncDirectory } from '../sync-directory.ts';
import { fileError, isCode } from './file-errors.ts';
import { checkKey, checkPrefix } from './keys.ts';
import { listFiles } from './list-files.ts';
import type { ObjectInfo, ObjectStore, PutCondition } from './port.ts';
import { prepareWriting, type WritingPlace } from './writing-place.ts';

export interface DirectoryOptions {
  /** `read` makes and changes nothing, not even the directory; `write` by default. */
  readonly access?: 'read' | 'write';
  /** Waiting for others' writes ends when it aborts. */
  readonly signal?: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

type Put = Awaited<ReturnType<ObjectStore['put']>>;

/**
 * Makes the directory where there is none, and removes what killed processes left half written.
 * @throws SignpostError `objects-refused` where it cannot be read, or written
 */
export async function openDirectoryStore(
  path: string,
  {
    access = 'write',
    signal = new AbortController().signal,
    now = Date.now,
  }: DirectoryOptions = {},
): Promise<ObjectStore> {
  const root = resolve(path);
  try {
    if (access === 'write') return storeIn(root, makePlace(root, now), signal, now);
    if (lstatSync(root, { throwIfNoEntry: false }) !== undefined)
      return storeIn(root, undefined, signal, now);
  } catch (error) {
    throw fileError(root, error);
  }
  throw new SignpostError('objects-refused', `There is no directory ${root}`, {
    hint: 'Name the one that objects were written to.',
  });
}

function makePlace(root: string, now: () => number): WritingPlace {
  const made = makeDirectory(root);
  if (made !== undefined) syncDirectory(dirname(made));
  return prepareWriting(root, now);
}

function storeIn(
  root: string,
  place: WritingPlace | undefined,
  signal: AbortSignal,
  now: () => number,
): ObjectStore {
  const makeDurable = rememberDurable(root);
  const pathOf = (key: string): string => {
    checkKey(key);
    return join(root, ...key.split('/'));
  };
  const writing = (): WritingPlace => {
    if (place === undefined) throw new Error(`${root} was opened for reading`);
    return place;
  };
  async function said<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw fileError(root, error);
    }
  }
  return {
    where: root,
    get: (key) =>
      said(() =>
        readFrom(pathOf(key), async (file, status) => ({
          bytes: await bytesOf(file, 0, Number(status.size)),
          etag: etagOf(status),
        })),
      ),
    range: (key, start, end) =>
      said(async () => {
        const bytes = await readFrom(pathOf(key), (file, { size }) =>
          bytesOf(file, start, Math.min(end, Number(size))),
        );
        if (bytes !== null) return bytes;
        throw new SignpostError('objects-gone', `${root} holds no ${key} any more`);
      }),
    head: (key) => said(() => infoOf(key, pathOf(key))),
    put: (key, bytes, condition) =>
      said(async () => {
        const path = pathOf(key);
        const drafts = writing();
        const draft = drafts.temporaryFile();
        try {
          await writeDurably(draft, bytes, now());
          await mkdir(dirname(path), { recursive: true });
          const put =
            (condition?.kind === 'absent' ? await linkTo(draft, path) : null) ??
            (await drafts.lock(signal, () => moveTo(draft, path, condition)));
          if (put !== 'conflict') makeDurable(dirname(path));
          return put;
        } finally {
          await rm(draft, { force: true });
        }
      }),
    async *list(prefix, after) {
      checkPrefix(prefix);
      const files = listFiles(root, prefix, after);
      for (;;) {
        const next = await said(() => files.next());
        if (next.done === true) return;
        const info = await said(() => infoOf(next.value.key, next.value.path));
        if (info !== null) yield info;
      }
    },
    delete: (keys) =>
      said(async () => {
        const others = writing();
        const changed = new Set<string>();
        for (const path of keys.map(pathOf)) {
          await others.lock(signal, () => {
            if (statusOf(path) === undefined) return;
            unlinkSync(path);
            changed.add(dirname(path));
          });
        }
        for (const folder of changed) syncDirectory(folder);
      }),
    async close() {
      place?.close();
    },
  };
}

/** Of a file; undefined where there is none, or a folder. */
function statusOf(path: string): BigIntStats | undefined {
  try {
    const status = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return status?.isFile() === true ? status : undefined;
  } catch (error) {
    if (isCode(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

/**
 * Files are never changed, only replaced, and each is younger than the one it replaces (`moveTo`): so this is another one
 * for another content, without reading it.
 */
function etagOf({ mtimeNs, size, ino }: BigIntStats): string {
  return `${mtimeNs}-${size}-${ino}`;
}

function infoOf(key: string, path: string): ObjectInfo | null {
  const status = statusOf(path);
  if (status === undefined) return null;
  const { size, mtimeMs } = status;
  return { key, bytes: Number(size), etag: etagOf(status), modifiedAt: Number(mtimeMs) };
}

/** Null where there is no file. What is read is of one version, whatever takes its place meanwhile. */
async function readFrom<T>(
  path: string,
  read: (file: FileHandle, status: BigIntStats) => Promise<T>,
): Promise<T | null> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
  try {
    const status = await file.stat({ bigint: true });
    return status.isFile() ? await read(file, status) : null;
  } finally {
    await file.close();
  }
}

async function bytesOf(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  for (let filled = 0; filled < bytes.length;) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) return bytes.subarray(0, filled);
    filled += bytesRead;
  }
  return bytes;
}

async function writeDurably(path: string, bytes: Uint8Array, nowMs: number): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    // The clock of file systems stands still for milliseconds; an object deleted and made anew is to have another time.
    const at = (nowMs + Math.random()) / 1000;
    await file.utimes(at, at);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** @returns null where the file system knows no links */
async function linkTo(draft: string, path: string): Promise<Put | null> {
  try {
    await link(draft, path);
  } catch (error) {
    if (isCode(error, 'EEXIST') && statusOf(path) !== undefined) return 'conflict';
    if (isCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EEXIST')) return null;
    throw error;
  }
  return { etag: etagOf(lstatSync(draft, { bigint: true })) };
}

/** Under the lock. */
function moveTo(draft: string, path: string, condition: PutCondition | undefined): Put {
  const there = statusOf(path);
  if (condition?.kind === 'absent' && there !== undefined) return 'conflict';
  if (condition?.kind === 'match' && (there === undefined || etagOf(there) !== condition.etag))
    return 'conflict';
  const status = there === undefined ? lstatSync(draft, { bigint: true }) : younger(draft, there);
  renameSync(draft, path);
  return { etag: etagOf(status) };
}

/** Makes the draft younger than `than`, by as little as the file system can tell. */
function younger(draft: string, than: BigIntStats): BigIntStats {
  for (const stepSeconds of [0, 1e-6, 1e-3, 1, 2]) {
    const at = Number(than.mtimeNs) / 1e9 + stepSeconds;
    if (stepSeconds > 0) utimesSync(draft, at, at);
    const status = lstatSync(draft, { bigint: true });
    if (status.mtimeNs > than.mtimeNs) return status;
  }
  throw new Error(`the file system of ${draft} keeps no times`);
}

/** Makes the names in a folder durable, and those of the folders above it once. */
function rememberDurable(root: string): (folder: string) => void {
  const durable = new Set([root]);
  return (folder) => {
    for (let at = folder; !durable.has(at); at = dirname(at)) {
      syncDirectory(dirname(at));
      durable.add(at);
    }
    syncDirectory(folder);
  };
}
