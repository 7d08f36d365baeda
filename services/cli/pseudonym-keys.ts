// Keys of the pseudonyms: from the environment, else made once and kept beside the data, readable by its owner alone.
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignpostError } from '#core/errors.ts';
import { syncDirectory } from '#core/sync-directory.ts';

export const pseudonymKeysVariable = 'SIGNPOST_PSEUDONYM_KEYS';

/**
 * Keys in the form of `parsePseudonymKeys`, of a file that the configuration names.
 * @throws SignpostError `pseudonym-keys` when it cannot be read or is empty.
 */
export function pseudonymKeysOf(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new SignpostError(
      'pseudonym-keys',
      `Cannot read the pseudonym keys in ${file}: ${unreadable[code] ?? code}`,
      { cause, hint: 'It is named by pseudonymKeysFile (SIGNPOST_PSEUDONYM_KEYS_FILE).' },
    );
  }
  if (text !== '') return text;
  throw new SignpostError('pseudonym-keys', `There are no pseudonym keys in ${file}`, {
    hint: 'It holds id:base64[,id:base64], the active one first.',
  });
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a directory',
};

/** Keys in the form of `parsePseudonymKeys`: `id:base64`, the active one first. */
export function readPseudonymKeys(directory: string, env: NodeJS.ProcessEnv = process.env): string {
  const fromEnvironment = env[pseudonymKeysVariable]?.trim();
  if (fromEnvironment) return fromEnvironment;
  const file = join(directory, 'pseudonym-keys');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new SignpostError('pseudonym-keys', `Cannot read the pseudonym keys in ${file}`, {
        cause: error,
      });
    }
  }
  // Written whole, then linked into place: a crash in between leaves no half key that would change every pseudonym.
  const keys = `k1:${randomBytes(32).toString('base64')}`;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${keys}\n`, { mode: 0o600, flush: true });
  linkSync(draft, file);
  rmSync(draft);
  // Not before its name survives power loss may a pseudonym be written with it.
  syncDirectory(directory);
  return keys;
}
