// Who may send what: the Host check against DNS rebinding, API keys, and a bound on guessing.
import type { IncomingHttpHeaders } from 'node:http';
import { SignpostError } from '#core/errors.ts';
import type { ApiKey, ApiKeys, KeyKind } from '../api-keys.ts';
import { isLoopback, type GatewayConfig } from '../config.ts';
import { isSourceName } from '../sources/intake.ts';
import { comeAgain, Problem } from './problem.ts';

/**
 * A web page can have its own name resolve to 127.0.0.1 and talk to us from a visitor's browser; its Host header then
 * tells. @throws Problem 421.
 */
export function checkHost(host: string | undefined, config: GatewayConfig): void {
  if (!isLoopback(config.host)) return;
  const name = (host ?? '').toLowerCase().replace(/:\d{1,5}$/, '');
  if (name === 'localhost' || name === '127.0.0.1' || name === '[::1]' || name === config.host)
    return;
  throw new Problem(421, 'host-not-allowed', 'This server answers to localhost alone.', {
    hint: 'To be reached under another name it must listen on another address: set gateway.host.',
  });
}

export interface Caller {
  readonly ip: string;
  readonly headers: IncomingHttpHeaders;
  /** What the query says about the source, if anything. */
  readonly source: string | undefined;
}

export interface Access {
  /** The source that a caller's records of `kind` belong to. @throws Problem 400, 401, 403, 429, 503. */
  sourceOf(caller: Caller, kind: KeyKind): Promise<string>;
}

const openSource = 'http';

export function createAccess(keys: ApiKeys, config: GatewayConfig, clock: () => number): Access {
  const open = config.openOnLoopback && isLoopback(config.host);
  const failures = createFailures(clock);

  async function identify({ ip, headers }: Caller): Promise<ApiKey> {
    const token = tokenOf(headers);
    // Failures count per known key too, so that a wrong sender behind a proxy does not lock out the others there.
    const id = token === undefined ? null : await keys.knownId(token);
    const bucket = id === null ? ip : `${ip} ${id}`;
    const waitMs = failures.waitMs(bucket);
    if (waitMs > 0) throw tooManyAttempts(waitMs);
    const key = token === undefined ? null : await keys.verify(token);
    if (key !== null) {
      failures.forget(bucket);
      return key;
    }
    failures.add(bucket);
    throw unauthorized(token === undefined);
  }

  async function sourceOf(caller: Caller, kind: KeyKind): Promise<string> {
    if (open && !(await keys.configured())) return chosenSource(caller.source);
    const key = await identify(caller);
    if (!key.kinds.includes(kind)) {
      throw new Problem(403, 'kind-not-allowed', `This key may not send ${kind}.`);
    }
    if (caller.source !== undefined && caller.source !== key.source) {
      throw new Problem(403, 'source-not-allowed', 'This key belongs to another source.', {
        hint: 'Leave ?source= out: the key decides.',
      });
    }
    return key.source;
  }

  return {
    async sourceOf(caller, kind) {
      try {
        return await sourceOf(caller, kind);
      } catch (error) {
        if (!(error instanceof SignpostError)) throw error;
        throw comeAgain(
          'keys-unreadable',
          'The API keys cannot be read at present.',
          config.retryAfterSeconds,
          error,
        );
      }
    },
  };
}

function chosenSource(name: string | undefined): string {
  if (name === undefined) return openSource;
  if (isSourceName(name)) return name;
  throw new Problem(
    400,
    'source-name-invalid',
    'A source name is kebab-case, at most 64 characters.',
    {
      field: 'source',
    },
  );
}

/** The scheme is case-insensitive (RFC 9110, 11.1). */
const bearer = /^bearer +(\S+)$/i;

function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, 'x-api-key': apiKey } = headers;
  if (authorization !== undefined) return bearer.exec(authorization)?.[1] ?? '';
  return typeof apiKey === 'string' ? apiKey : undefined;
}

function unauthorized(missing: boolean): Problem {
  const headers = { 'www-authenticate': 'Bearer realm="signpost"' };
  if (!missing)
    return new Problem(401, 'key-unknown', 'The API key is unknown or was revoked.', { headers });
  return new Problem(401, 'key-missing', 'An API key is needed.', {
    hint: 'Send it as "Authorization: Bearer sp_..." or "X-API-Key: sp_...". `signpost keys create` makes one.',
    headers,
  });
}

function tooManyAttempts(waitMs: number): Problem {
  return new Problem(429, 'too-many-attempts', 'Too many failed attempts.', {
    headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) },
  });
}

const freeFailures = 10;
const firstWaitMs = 1000;
const longestWaitMs = 60_000;
const forgetAfterMs = 10 * 60_000;
const maxBuckets = 4096;

/** After 10 failures each further one doubles the wait, from 1 s to 60 s. At most 4,096 callers are remembered. */
function createFailures(clock: () => number) {
  const buckets = new Map<string, { count: number; at: number }>();
  return {
    waitMs(bucket: string): number {
      const seen = buckets.get(bucket);
      if (seen === undefined || seen.count < freeFailures) return 0;
      const wait = Math.min(
        longestWaitMs,
        firstWaitMs * 2 ** Math.min(16, seen.count - freeFailures),
      );
      return Math.max(0, seen.at + wait - clock());
    },
    add(bucket: string): void {
      const now = clock();
      const seen = buckets.get(bucket);
      const count = seen === undefined || now - seen.at > forgetAfterMs ? 1 : seen.count + 1;
      buckets.delete(bucket);
      buckets.set(bucket, { count, at: now });
      const [oldest] = buckets.keys();
      if (buckets.size > maxBuckets && oldest !== undefined) buckets.delete(oldest);
    },
    forget(bucket: string): void {
      buckets.delete(bucket);
    },
  };
}
