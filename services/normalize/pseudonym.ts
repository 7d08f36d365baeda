// Customer ids become keyed pseudonyms: stable under one key, and worth nothing without it.
import { hash } from 'node:crypto';
import { SignpostError } from '#core/errors.ts';

export interface PseudonymKey {
  /** Short and public; it stands before each pseudonym, so that a rotated key can be told. */
  readonly id: string;
  /** 16 bytes or more, from a random source. */
  readonly secret: Uint8Array;
}

export type Pseudonymizer = (source: string, customerId: string) => string;

const minSecretBytes = 16;
const pseudonymBytes = 16;
const keyIdShape = /^[A-Za-z0-9_-]{1,16}$/;

/**
 * Makes the pseudonymizer: `<key id>:<base64url of the first 16 bytes of HMAC-SHA-256>`, by the first
 * key. Further keys are those of the past; their ids stay reserved, so that a new key cannot take one.
 *
 * The source is no part of the input: a provider's tickets, posts and surveys share one id space, and
 * one customer has to be one pseudonym in all of them. Where a source has ids of its own (a social
 * network's handles), put it before the id when mapping: `x:116298`. Ids are trimmed and NFC.
 *
 * Throws for no key, a secret under 16 bytes, an id that is not 1-16 of [A-Za-z0-9_-], or ids that repeat.
 */
export function createPseudonymizer(keys: readonly PseudonymKey[]): Pseudonymizer {
  const [active] = keys;
  if (active === undefined) throw invalid('at least one key is needed');
  const ids = new Set<string>();
  for (const { id, secret } of keys) {
    checkKey(id, secret);
    if (ids.has(id)) throw invalid(`the id '${id}' is given twice`);
    ids.add(id);
  }
  const mac = hmacSha256(active.secret);
  const prefix = `${active.id}:`;
  return (_source, customerId) =>
    prefix +
    mac(customerId.trim().normalize('NFC')).subarray(0, pseudonymBytes).toString('base64url');
}

const blockBytes = 64;

/**
 * HMAC (RFC 2104) from one-shot hashes: the padded keys are made once, which takes a fraction of what
 * `createHmac` costs for ids of a few bytes. The tests hold it against `createHmac`.
 */
function hmacSha256(secret: Uint8Array): (message: string) => Buffer {
  const key = Buffer.alloc(blockBytes);
  key.set(secret.length > blockBytes ? hash('sha256', secret, 'buffer') : secret);
  const inner = key.map((byte) => byte ^ 0x36);
  const outer = key.map((byte) => byte ^ 0x5c);
  return (message) => {
    const digest = hash('sha256', Buffer.concat([inner, Buffer.from(message, 'utf8')]), 'buffer');
    return hash('sha256', Buffer.concat([outer, digest]), 'buffer');
  };
}

/**
 * Reads `k1:BASE64[,k0:BASE64]` (standard or URL alphabet), the active key first. Errors name the
 * entry by its place and id, never its secret.
 */
export function parsePseudonymKeys(text: string): readonly PseudonymKey[] {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.every((entry) => entry === '')) {
    throw invalid('empty; expected id:BASE64[,id:BASE64], the active key first');
  }
  return entries.map((entry, index) => {
    const where = `entry ${index + 1}`;
    const colon = entry.indexOf(':');
    // What stands without a colon may be the secret itself, so it is not repeated.
    if (colon < 1) throw invalid(`${where} is not of the form id:BASE64`);
    const id = entry.slice(0, colon);
    if (!keyIdShape.test(id))
      throw invalid(`${where} has an id that is not 1-16 of the characters A-Z a-z 0-9 _ -`);
    const encoded = entry.slice(colon + 1).trim();
    const body = encoded.replace(/={0,2}$/, '');
    if (!/^[A-Za-z0-9+/_-]+$/.test(body) || body.length % 4 === 1)
      throw invalid(`${where} ('${id}') has a secret that is not base64`);
    const secret = new Uint8Array(Buffer.from(body, 'base64'));
    checkKey(id, secret);
    return { id, secret };
  });
}

function checkKey(id: string, secret: Uint8Array): void {
  if (!keyIdShape.test(id)) throw invalid('an id must be 1-16 of the characters A-Z a-z 0-9 _ -');
  if (secret.length < minSecretBytes) {
    throw invalid(
      `the secret of '${id}' has ${secret.length} bytes; at least ${minSecretBytes} are needed`,
    );
  }
}

/** What is wrong with the keys, never showing one. */
function invalid(what: string): SignpostError {
  return new SignpostError(
    'pseudonym-keys-invalid',
    `The pseudonym keys are not usable: ${what}.`,
    {
      hint: 'They are read from SIGNPOST_PSEUDONYM_KEYS, else from the file pseudonym-keys in the data directory: id:base64[,id:base64], the active one first.',
    },
  );
}
