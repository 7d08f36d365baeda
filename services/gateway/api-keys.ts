// API keys of the HTTP intake: made once, shown once, kept as hashes in one file, each bound to one source and to the
// kinds of record it may send.
import { createHash, timingSafeEqual } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';
import { intakeKinds, isSourceName } from './sources/intake.ts';

/** What a key may allow: to send what customers said, or what readers judged of it. */
export const keyKinds = [...intakeKinds, 'judgements'] as const;
export type KeyKind = (typeof keyKinds)[number];

const fileName = 'api-keys.json';

// The secret is 32 random bytes, so there is no dictionary to try it from: a plain SHA-256 is as good as a slow
// password hash, and does not hand an attacker a way to burn our processor.
const keySchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  source: z.string().refine(isSourceName, 'must be a source name in kebab-case'),
  kinds: z.array(z.enum(keyKinds)).min(1),
  secretSha256: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.number().int(),
  revokedAt: z.number().int().nullable(),
});
const fileSchema = z.strictObject({ version: z.literal(1), keys: z.array(keySchema) });

/** A key without its secret. Times in milliseconds since the epoch. */
export type ApiKey = Readonly<Omit<z.output<typeof keySchema>, 'secretSha256'>>;
type StoredKey = z.output<typeof keySchema>;

export interface NewApiKey {
  readonly source: string;
  readonly kinds: readonly KeyKind[];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Cryptographically random bytes. */
  readonly random: (bytes: number) => Uint8Array;
}

/**
 * Makes a key and stores its hash in `<dataDir>/api-keys.json` (mode 0600). The token, `sp_<id>_<secret>`, is known
 * only now.
 * @throws SignpostError `source-name-invalid`, `kinds-missing`, `keys-busy`, `keys-unreadable`, `keys-unwritable`.
 */
export async function createApiKey(
  dataDir: string,
  made: NewApiKey,
): Promise<{ key: ApiKey; token: string }> {
  if (!isSourceName(made.source)) {
    throw new SignpostError(
      'source-name-invalid',
      'A source name is kebab-case, at most 64 characters.',
      {
        hint: 'For example: helpdesk, app-reviews.',
      },
    );
  }
  if (made.kinds.length === 0) {
    throw new SignpostError(
      'kinds-missing',
      `A key must allow at least one of ${keyKinds.join(', ')}.`,
    );
  }
  const id = Buffer.from(made.random(6)).toString('hex');
  const secret = Buffer.from(made.random(32)).toString('base64url');
  const key: ApiKey = {
    id,
    source: made.source,
    kinds: keyKinds.filter((kind) => made.kinds.includes(kind)),
    createdAt: made.clock(),
    revokedAt: null,
  };
  await change(dataDir, (keys) => [
    ...keys,
    { ...key, kinds: [...key.kinds], secretSha256: sha256(secret).toString('hex') },
  ]);
  return { key, token: `sp_${id}_${secret}` };
}

/** All keys, revoked ones too, oldest first. @throws SignpostError `keys-unreadable`. */
export async function listApiKeys(dataDir: string): Promise<readonly ApiKey[]> {
  return (await readKeys(join(dataDir, fileName))).map(withoutSecret);
}

/**
 * Ends a key. It stays listed, and a closed intake does not open because its last key is gone.
 * @returns whether there was such a key that had not been revoked yet.
 * @throws SignpostError as `createApiKey`.
 */
export async function revokeApiKey(
  dataDir: string,
  id: string,
  clock: () => number,
): Promise<boolean> {
  let found = false;
  // Where there is nothing to revoke, nothing is written.
  if (
    !(await readKeys(join(dataDir, fileName))).some(
      (key) => key.id === id && key.revokedAt === null,
    )
  )
    return false;
  await change(dataDir, (keys) =>
    keys.map((key) => {
      if (key.id !== id || key.revokedAt !== null) return key;
      found = true;
      return { ...key, revokedAt: clock() };
    }),
  );
  return found;
}

/** The keys as the running intake sees them. */
export interface ApiKeys {
  /** Whether any key was ever made. @throws SignpostError `keys-unreadable`. */
  configured(): Promise<boolean>;
  /** Id a token claims to be of, when there is such a key; says nothing about its secret. */
  knownId(token: string): Promise<string | null>;
  /** The key of a token, or null when it is unknown, wrong or revoked. @throws SignpostError `keys-unreadable`. */
  verify(token: string): Promise<ApiKey | null>;
}

const reloadMs = 1000;

/**
 * The keys in a data directory, see `loadApiKeysFile`. Without a file there are none yet.
 * @throws SignpostError `keys-unreadable`.
 */
export function loadApiKeys(dataDir: string, clock: () => number = Date.now): Promise<ApiKeys> {
  return loadKeys(join(dataDir, fileName), clock, true);
}

/**
 * Reads the keys of `file`, and again when it has changed, looking at most once a second by `clock` (ms). A file that
 * became unreadable, or is missing, refuses everybody: keeping the old keys would keep a revoked one alive.
 * @throws SignpostError `keys-unreadable`.
 */
export function loadApiKeysFile(file: string, clock: () => number = Date.now): Promise<ApiKeys> {
  return loadKeys(file, clock, false);
}

async function loadKeys(
  file: string,
  clock: () => number,
  mayBeMissing: boolean,
): Promise<ApiKeys> {
  let stamp = await stampOf(file, mayBeMissing);
  let keys = byId(await readKeys(file, mayBeMissing));
  let lookedAt = clock();

  async function current(): Promise<ReadonlyMap<string, StoredKey>> {
    const now = clock();
    if (now >= lookedAt && now - lookedAt < reloadMs) return keys;
    const seen = await stampOf(file, mayBeMissing);
    if (seen !== stamp) {
      keys = byId(await readKeys(file, mayBeMissing));
      stamp = seen;
    }
    lookedAt = now;
    return keys;
  }

  return {
    async configured() {
      return (await current()).size > 0;
    },
    async knownId(token) {
      const id = tokenPattern.exec(token)?.[1];
      return id !== undefined && (await current()).has(id) ? id : null;
    },
    async verify(token) {
      const parts = tokenPattern.exec(token);
      const stored = (await current()).get(parts?.[1] ?? '');
      if (stored === undefined || stored.revokedAt !== null) return null;
      if (!timingSafeEqual(sha256(parts?.[2] ?? ''), Buffer.from(stored.secretSha256, 'hex')))
        return null;
      return withoutSecret(stored);
    },
  };
}

const tokenPattern = /^sp_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function withoutSecret({ secretSha256: _secret, ...key }: StoredKey): ApiKey {
  return key;
}

function byId(keys: readonly StoredKey[]): ReadonlyMap<string, StoredKey> {
  return new Map(keys.map((key) => [key.id, key]));
}

/** Changes whenever the file is replaced: `rename` brings a new inode even within one tick of the clock. */
async function stampOf(file: string, mayBeMissing: boolean): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(file);
    return `${ino}/${mtimeMs}/${size}`;
  } catch (error) {
    if (mayBeMissing && isMissing(error)) return 'none';
    throw unreadable(file, error);
  }
}

async function readKeys(file: string, mayBeMissing = true): Promise<StoredKey[]> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).keys;
  } catch (error) {
    if (mayBeMissing && isMissing(error)) return [];
    throw unreadable(file, error);
  }
}

const lockAttempts = 40;
const lockWaitMs = 50;

/** Writes beside and renames. The new file is opened exclusively and so is the lock against a second writer. */
async function change(
  dataDir: string,
  next: (keys: readonly StoredKey[]) => StoredKey[],
): Promise<void> {
  const file = join(dataDir, fileName);
  const draft = `${file}.new`;
  const handle = await openDraft(draft);
  try {
    const keys = next(await readKeys(file));
    await handle.writeFile(`${JSON.stringify({ version: 1, keys }, null, 2)}\n`);
    await handle.sync();
    await handle.close();
    await rename(draft, file);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(draft, { force: true });
    throw error instanceof SignpostError ? error : unwritable(draft, error);
  }
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
