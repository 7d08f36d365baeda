// Making, listing and ending API keys, in the file of a data directory.
import { SignpostError } from '../errors.ts';
import { sha256, withoutSecret, type ApiKey } from './api-keys.ts';
import {
  changeKeys,
  keyKinds,
  keysFileIn,
  readKeys,
  type KeyKind,
  type KeyReads,
} from './keys-file.ts';
import { isSourceName } from './source-name.ts';

export interface NewApiKey {
  readonly source: string;
  readonly kinds: readonly KeyKind[];
  /** Null where it only sends. */
  readonly reads?: KeyReads | null;
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
  const reads = made.reads ?? null;
  if (made.kinds.length === 0 && reads === null) {
    throw new SignpostError(
      'kinds-missing',
      `A key must allow at least one of ${keyKinds.join(', ')}, or to read.`,
    );
  }
  const id = Buffer.from(made.random(6)).toString('hex');
  const secret = Buffer.from(made.random(32)).toString('base64url');
  const key: ApiKey = {
    id,
    source: made.source,
    kinds: keyKinds.filter((kind) => made.kinds.includes(kind)),
    reads: reads && { role: reads.role, departments: reads.departments?.toSorted() ?? null },
    createdAt: made.clock(),
    revokedAt: null,
  };
  await changeKeys(keysFileIn(dataDir), (keys) => [
    ...keys,
    { ...key, secretSha256: sha256(secret).toString('hex') },
  ]);
  return { key, token: `sp_${id}_${secret}` };
}

/** All keys, revoked ones too, oldest first. @throws SignpostError `keys-unreadable`. */
export async function listApiKeys(dataDir: string): Promise<readonly ApiKey[]> {
  return (await readKeys(keysFileIn(dataDir))).map(withoutSecret);
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
  const file = keysFileIn(dataDir);
  let found = false;
  // Where there is nothing to revoke, nothing is written.
  if (!(await readKeys(file)).some((key) => key.id === id && key.revokedAt === null)) return false;
  await changeKeys(file, (keys) =>
    keys.map((key) => {
      if (key.id !== id || key.revokedAt !== null) return key;
      found = true;
      return { ...key, revokedAt: clock() };
    }),
  );
  return found;
}
