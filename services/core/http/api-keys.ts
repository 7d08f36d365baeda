// API keys of HTTP services: made once, shown once, kept as hashes in one file. Each is bound to one source, to the kinds
// of record it may send, and to what it may read. Changing them is in `api-key-changes.ts`.
import { createHash, timingSafeEqual } from 'node:crypto';
import { keysFileIn, readKeys, stampOf, type StoredKey } from './keys-file.ts';

/** A key without its secret. Times in milliseconds since the epoch. */
export type ApiKey = Readonly<Omit<StoredKey, 'secretSha256'>>;

/** The keys as a running service sees them. */
export interface ApiKeys {
  /**
   * Whether any key was ever made, of whatever sort, also one revoked since: the first closes what was open, for whoever
   * made it means to say who may.
   * @throws SignpostError `keys-unreadable`.
   */
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
  return loadKeys(keysFileIn(dataDir), clock, true);
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

/** Of the text in UTF-8. */
export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export function withoutSecret({ secretSha256: _secret, ...key }: StoredKey): ApiKey {
  return key;
}

function byId(keys: readonly StoredKey[]): ReadonlyMap<string, StoredKey> {
  return new Map(keys.map((key) => [key.id, key]));
}
