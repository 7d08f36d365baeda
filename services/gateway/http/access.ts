// Who may send what: API keys, and a bound on guessing.
import type { IncomingHttpHeaders } from 'node:http';
import { SignpostError } from '#core/errors.ts';
import { tokenOf, tooManyAttempts } from '#core/http/credentials.ts';
import { createFailures } from '#core/http/failures.ts';
import { isLoopback } from '#core/http/host.ts';
import { Problem } from '#core/http/problem.ts';
import type { ApiKey, ApiKeys } from '#core/http/api-keys.ts';
import type { KeyKind } from '#core/http/keys-file.ts';
import type { KnownSender } from '#core/http/record-route.ts';
import type { GatewayConfig } from '../config.ts';
import { isSourceName } from '#core/http/source-name.ts';
import { comeAgain } from './come-again.ts';

export interface Caller {
  readonly ip: string;
  readonly headers: IncomingHttpHeaders;
  /** What the query says about the source, if anything. */
  readonly source: string | undefined;
}

export interface Access {
  /** Whose a caller's records of `kind` are. @throws Problem 400, 401, 403, 429, 503. */
  senderOf(caller: Caller, kind: KeyKind): Promise<KnownSender>;
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

  async function senderOf(caller: Caller, kind: KeyKind): Promise<KnownSender> {
    // A key that is sent is looked at also where none is needed: who has a wrong one is not who they say.
    if (open && tokenOf(caller.headers) === undefined && !(await keys.configured())) {
      return { source: chosenSource(caller.source), departments: null };
    }
    const key = await identify(caller);
    if (!key.kinds.includes(kind)) {
      throw new Problem(403, 'kind-not-allowed', `This key may not send ${kind}.`);
    }
    if (caller.source !== undefined && caller.source !== key.source) {
      throw new Problem(403, 'source-not-allowed', 'This key belongs to another source.', {
        hint: 'Leave ?source= out: the key decides.',
      });
    }
    return { source: key.source, departments: key.reads?.departments ?? null };
  }

  return {
    async senderOf(caller, kind) {
      try {
        return await senderOf(caller, kind);
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

function unauthorized(missing: boolean): Problem {
  const headers = { 'www-authenticate': 'Bearer realm="signpost"' };
  if (!missing)
    return new Problem(401, 'key-unknown', 'The API key is unknown or was revoked.', { headers });
  return new Problem(401, 'key-missing', 'An API key is needed.', {
    hint: 'Send it as "Authorization: Bearer sp_..." or "X-API-Key: sp_...". `signpost keys create` makes one.',
    headers,
  });
}
