// Who reads: by a key, a session, a token of the issuer, or, on the loopback address without any key, whoever is there.
import type { IncomingHttpHeaders } from 'node:http';
import { SignpostError } from '#core/errors.ts';
import type { ApiKeys } from '#core/http/api-keys.ts';
import { tokenOf, tooManyAttempts } from '#core/http/credentials.ts';
import { createFailures } from '#core/http/failures.ts';
import { isLoopback } from '#core/http/host.ts';
import { Problem } from '#core/http/problem.ts';
import type { KnownSender } from '#core/http/record-route.ts';
import type { PortalConfig } from '../config.ts';
import type { Reader } from '../reader.ts';
import { createTokenReader } from './oidc.ts';
import { checkSameOrigin, dropToken, sessionToken } from './session.ts';

export interface AccessParts {
  readonly keys: ApiKeys;
  readonly config: PortalConfig;
  /** The address listened on, and whether it is open there while no key was ever made. */
  readonly listening: { readonly host: string; readonly openOnLoopback: boolean };
  /** Names of the departments that there are. */
  readonly departments: readonly string[];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export interface Caller {
  readonly ip: string;
  /** Of HTTP; what changes something is not taken from other sites' pages. */
  readonly method?: string;
  readonly headers: IncomingHttpHeaders;
}

export interface ReaderAccess {
  /** Whether no key is needed. */
  isOpen(): Promise<boolean>;
  /** @throws Problem 401, 403 (`cross-site` for a change among them), 429, 503. */
  readerOf(caller: Caller): Promise<Reader>;
  /** Who holds a key or token that was typed in. @throws Problem as `readerOf`. */
  holderOf(token: string, ip: string): Promise<Reader>;
  /**
   * Whose a judgement is that comes from the pages or with a token of the issuer; null leaves it to the keys of the
   * intake. @throws Problem as `readerOf`, and 403 `judging-not-allowed`, `cross-site`.
   */
  readonly judgeOf: (caller: Caller) => Promise<KnownSender | null>;
}

/** Whoever is there while there are no keys; named as the intake calls who sends without one. */
const openReader: Reader = {
  name: 'http',
  role: 'admin',
  departments: null,
  suppressBelow: 0,
  mayJudge: true,
};

export function createReaderAccess(parts: AccessParts): ReaderAccess {
  const { keys, config, listening, clock } = parts;
  const mayBeOpen =
    listening.openOnLoopback && isLoopback(listening.host) && config.oidc === undefined;
  const failures = createFailures(clock);
  const readToken =
    config.oidc === undefined
      ? undefined
      : createTokenReader({ ...parts, ...config, config: config.oidc });

  const isOpen = () => mapped(async () => mayBeOpen && !(await keys.configured()));

  async function holderOf(token: string, ip: string): Promise<Reader> {
    const isToken = readToken !== undefined && looksLikeToken(token);
    // Failures count per known key too, so that a wrong reader behind a proxy does not lock out the others there.
    const id = isToken ? 'token' : await keys.knownId(token);
    const bucket = id === null ? ip : `${ip} ${id}`;
    const waitMs = failures.waitMs(bucket);
    if (waitMs > 0) throw tooManyAttempts(waitMs);
    try {
      const reader = isToken ? await readToken(token) : await holderOfKey(token);
      failures.forget(bucket);
      return reader;
    } catch (error) {
      // What has expired was good once: that is no guess.
      if (error instanceof Problem && error.status === 401 && error.code !== 'token-expired') {
        failures.add(bucket);
      }
      throw error;
    }
  }

  async function holderOfKey(token: string): Promise<Reader> {
    const key = await keys.verify(token);
    if (key === null) throw unauthorized('key-unknown', 'The API key is unknown or was revoked.');
    if (key.reads === null) {
      throw new Problem(403, 'key-not-for-reading', 'This key sends records; it may not read.', {
        hint: '`signpost keys create --read` makes a key that may.',
      });
    }
    const { role, departments } = key.reads;
    return {
      name: key.source,
      role,
      departments,
      suppressBelow: role === 'reader' ? config.suppressBelow : 0,
      mayJudge: key.kinds.includes('judgements'),
    };
  }

  /** A session whose key is no longer good ends, so that the pages do not go on asking with it. */
  async function holderOfSession(token: string, ip: string): Promise<Reader> {
    try {
      return await holderOf(token, ip);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      const { status, code, message, headers } = error;
      throw new Problem(status, code, message, {
        headers: { ...headers, 'set-cookie': dropToken(false) },
        cause: error,
      });
    }
  }

  /** Whether it lets its holder read: such a key has the same name here and there. */
  async function reads(token: string): Promise<boolean> {
    if (readToken !== undefined && looksLikeToken(token)) return true;
    return ((await keys.verify(token))?.reads ?? null) !== null;
  }

  return {
    isOpen,
    holderOf: (token, ip) => mapped(() => holderOf(token, ip)),
    readerOf: ({ ip, headers, method = 'GET' }) =>
      mapped(async () => {
        const changes = method !== 'GET' && method !== 'HEAD';
        const sent = tokenOf(headers);
        // A key that is sent is looked at also where none is needed: who has a wrong one is not who they say.
        if (sent === undefined && (await isOpen())) {
          if (!changes) return openReader;
          checkSameOrigin(headers, false);
          return { ...openReader, name: localName(headers) ?? openReader.name };
        }
        if (sent === undefined && changes) checkSameOrigin(headers, true);
        const token = sent ?? sessionToken(headers);
        if (token === undefined) throw unauthorized('key-missing', 'An API key is needed.');
        return sent === undefined ? holderOfSession(token, ip) : holderOf(token, ip);
      }),
    judgeOf: ({ ip, headers }) =>
      mapped(async () => {
        if (await isOpen()) return null;
        const sent = tokenOf(headers);
        if (sent !== undefined && !(await reads(sent))) return null;
        const token = sent ?? sessionToken(headers);
        if (token === undefined) return null;
        if (sent === undefined) checkSameOrigin(headers, true);
        const reader = await holderOf(token, ip);
        if (reader.mayJudge) return { source: reader.name, departments: reader.departments };
        throw new Problem(403, 'judging-not-allowed', 'This key reads; it may not judge.');
      }),
  };

  async function mapped<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SignpostError)) throw error;
      throw new Problem(503, 'keys-unreadable', 'The API keys cannot be read at present.', {
        headers: { 'retry-after': String(config.retryAfterSeconds) },
        cause: error,
      });
    }
  }
}

/**
 * Who acts on this machine, as its commands say: whoever is there may do everything, so that there is nothing to prove.
 * Reading has no name, since its limits are by name.
 */
function localName({ 'signpost-user': name }: IncomingHttpHeaders): string | null {
  return typeof name === 'string' && /^[\w.@+-]{1,64}$/.test(name) ? name : null;
}

/** The three parts of a signed JWT, RFC 7515 section 7.1; keys have no dots. */
function looksLikeToken(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);
}

function unauthorized(code: 'key-missing' | 'key-unknown', message: string): Problem {
  return new Problem(401, code, message, {
    headers: { 'www-authenticate': 'Bearer realm="signpost"' },
    ...(code === 'key-missing' && {
      hint: 'Send it as "Authorization: Bearer sp_..." or "X-API-Key: sp_...". `signpost keys create --read` makes one.',
    }),
  });
}
