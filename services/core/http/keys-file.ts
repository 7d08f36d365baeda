// The file of API keys: their hashes and what each allows. Read whole, and changed by one process at a time.
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { SignpostError } from '../errors.ts';
import { roles } from './roles.ts';
import { isSourceName } from './source-name.ts';

/** What a key may allow to send: what customers said, or what readers judged of it. */
export const keyKinds = ['tickets', 'posts', 'surveys', 'judgements'] as const;
export type KeyKind = (typeof keyKinds)[number];

/** What a key lets its holder see. */
const readsSchema = z.strictObject({
  role: z.enum(roles),
  /** Names of the departments whose rows are seen; null for all. */
  departments: z.array(z.string().min(1)).min(1).nullable(),
});

// The secret is 32 random bytes, so there is no dictionary to try it from: a plain SHA-256 is as good as a slow
// password hash, and does not hand an attacker a way to burn our processor.
const keySchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  source: z.string().refine(isSourceName, 'must be a source name in kebab-case'),
  /** None: it reads alone. */
  kinds: z.array(z.enum(keyKinds)),
  /** Null: it sends alone. Files of version 1 do not know it. */
  reads: readsSchema.nullable().default(null),
  secretSha256: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.number().int(),
  revokedAt: z.number().int().nullable(),
});
const fileSchema = z.strictObject({
  version: z.union([z.literal(1), z.literal(2)]),
  keys: z.array(keySchema),
});

export type KeyReads = z.output<typeof readsSchema>;
export type StoredKey = z.output<typeof keySchema>;

/** Of a data directory. */
export function keysFileIn(dataDir: string): string {
  return join(dataDir, 'api-keys.json');
}

/** @throws SignpostError `keys-unreadable`. */
export async function readKeys(file: string, mayBeMissing = true): Promise<StoredKey[]> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).keys;
  } catch (error) {
    if (mayBeMissing && isMissing(error)) return [];
    throw unreadable(file, error);
  }
}

/** `none` where it may be missing and is. Changes whenever the file is replaced: `rename` brings a new inode even within one tick of the clock. */
export async function stampOf(file: string, mayBeMissing: boolean): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(file);
    return `${ino}/${mtimeMs}/${size}`;
  } catch (error) {
    if (mayBeMissing && isMissing(error)) return 'none';
    throw unreadable(file, error);
  }
}

const lockAttempts = 40;
const lockWaitMs = 50;

/**
 * Writes beside and renames. The new file is opened exclusively and so is the lock against a second writer.
 * @throws SignpostError `keys-busy`, `keys-unreadable`, `keys-unwritable`.
 */
export async function changeKeys(
  file: string,
  next: (keys: readonly StoredKey[]) => StoredKey[],
): Promise<void> {
  const draft = `${file}.new`;
  const handle = await openDraft(draft);
  try {
    const keys = next(await readKeys(file));
    await handle.writeFile(textOf(keys));
    await handle.sync();
    await handle.close();
    await rename(draft, file);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(draft, { force: true });
    throw error instanceof SignpostError ? error : unwritable(draft, error);
  }
}

/** A release that knows no keys that read can go on with a file that has none. */
function textOf(keys: readonly StoredKey[]): string {
  const version = keys.some(({ reads }) => reads !== null) ? 2 : 1;
  const written = keys.map(({ reads, ...key }) => (reads === null ? key : { ...key, reads }));
  return `${JSON.stringify({ version, keys: written }, null, 2)}\n`;
}

async function openDraft(draft: string) {
  for (let attempt = 0; attempt < lockAttempts; attempt += 1) {
    try {
      return await open(draft, 'wx', 0o600);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw unwritable(draft, error);
    }
    await sleep(lockWaitMs);
  }
  throw new SignpostError('keys-busy', `Somebody else is changing the API keys: ${draft} exists.`, {
    hint: 'If no other signpost command is running, an earlier one was killed: delete that file.',
  });
}

function unreadable(file: string, cause: unknown): SignpostError {
  return new SignpostError('keys-unreadable', `Cannot read the API keys in ${file}.`, {
    cause,
    hint: 'The file must be readable JSON as signpost wrote it; to start anew, delete it and make new keys.',
  });
}

function unwritable(draft: string, cause: unknown): SignpostError {
  const code = codeOf(cause);
  const why = typeof code === 'string' ? ` (${code})` : '';
  return new SignpostError('keys-unwritable', `Cannot write the API keys to ${draft}${why}.`, {
    cause,
    hint: 'Check that the directory is writable for this user and its disk neither read-only nor full.',
  });
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
