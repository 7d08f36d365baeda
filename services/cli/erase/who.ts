// Whom an erasure is of: the pseudonyms of a customer, by every key that there is or was.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SignpostError } from '#core/errors.ts';
import {
  createPseudonymizer,
  parsePseudonymKeys,
  type PseudonymKey,
} from '../../normalize/pseudonym.ts';
import type { Config } from '../config.ts';
import type { LogAt } from '../open-log.ts';
import { pseudonymKeysOf, pseudonymKeysVariable, readPseudonymKeys } from '../pseudonym-keys.ts';

export interface Customer {
  readonly pseudonyms: readonly string[];
  /** As the sources call the customer; undefined where only a pseudonym is known. Never to be written anywhere. */
  readonly rawId: string | undefined;
}

/** A key's id, a colon, and 16 bytes in base64url, of whose last character two bits count. */
const pseudonymShape = /^[A-Za-z0-9_-]{1,16}:[A-Za-z0-9_-]{21}[AQgw]$/;

/** @throws SignpostError `no-customer`, `pseudonym-keys` */
export function customerOf(given: string, keys: readonly PseudonymKey[] | undefined): Customer {
  const text = given.trim();
  if (text === '')
    throw new SignpostError('no-customer', 'No customer is given', {
      hint: 'Name a pseudonym or a customer id, or `-` and write it to standard input.',
    });
  if (pseudonymShape.test(text)) return { pseudonyms: [text], rawId: undefined };
  if (keys === undefined)
    throw new SignpostError(
      'pseudonym-keys',
      'Without the pseudonym keys nobody knows the pseudonyms of a customer id',
      {
        hint: `Set ${pseudonymKeysVariable} or pseudonymKeysFile as normalize has them, or name the pseudonym itself.`,
      },
    );
  return { pseudonyms: pseudonymsOf(text, keys), rawId: text.normalize('NFC') };
}

/** One by each key: what was said while an older one was active bears its pseudonym still. */
export function pseudonymsOf(id: string, keys: readonly PseudonymKey[]): readonly string[] {
  return keys.map((key) => createPseudonymizer([key])('', id));
}

/** Makes none where there are none. @throws SignpostError `pseudonym-keys`, `pseudonym-keys-invalid` */
export function knownKeys(
  at: LogAt,
  { pseudonymKeysFile }: Config,
  env: NodeJS.ProcessEnv = process.env,
): readonly PseudonymKey[] | undefined {
  const given = env[pseudonymKeysVariable]?.trim();
  if (given) return parsePseudonymKeys(given);
  if (pseudonymKeysFile !== undefined)
    return parsePseudonymKeys(pseudonymKeysOf(pseudonymKeysFile));
  if (at.kind === 'kafka' || !existsSync(join(at.directory, 'pseudonym-keys'))) return undefined;
  return parsePseudonymKeys(readPseudonymKeys(at.directory, env));
}
