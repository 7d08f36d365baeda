// Tokens of an OpenID Connect issuer: checked against its published keys, and what their claims let the holder see.
import { createHash } from 'node:crypto';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type RemoteJWKSet } from 'jose';
import { z } from 'zod';
import { Problem } from '#core/http/problem.ts';
import { isTrustworthy, type OidcConfig } from '../config.ts';
import { roles, type Reader, type Role } from '../reader.ts';

export interface TokenParts {
  readonly config: OidcConfig;
  /** Names of the departments that there are. */
  readonly departments: readonly string[];
  readonly suppressBelow: number;
  readonly retryAfterSeconds: number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Signatures that need a private key to make: with a shared secret, whoever checks a token could make one. */
const algorithms = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');

const fetchTimeoutMs = 3000;

/**
 * Who holds a token. The issuer's keys are asked for once and again when a token names another; an issuer that cannot be
 * reached is asked again with the next token.
 * @throws Problem 401 `token-invalid`, `token-expired`, 403 `role-unknown`, 503 `issuer-unreachable`.
 */
export function createTokenReader(parts: TokenParts): (token: string) => Promise<Reader> {
  const { config, clock } = parts;
  let keys: Promise<RemoteJWKSet> | undefined;

  function keySet(): Promise<RemoteJWKSet> {
    keys ??= discover(config.issuer).catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
    return keys;
  }

  return async (token) => {
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, await keySet(), {
        issuer: config.issuer,
        audience: config.audience,
        algorithms,
        clockTolerance: config.clockSkewSeconds,
        currentDate: new Date(clock()),
        requiredClaims: ['exp', 'sub'],
      }));
    } catch (error) {
      throw problemOf(error, parts.retryAfterSeconds);
    }
    return readerOf(payload, parts);
  };
}

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

/** OpenID Connect Discovery 1.0, section 4: the document must name the issuer that it was asked of. */
async function discover(issuer: string): Promise<RemoteJWKSet> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await fetch(address, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(fetchTimeoutMs),
  });
  if (!answer.ok) throw new Error(`The issuer answers ${answer.status}`);
  const told = discovery.parse(await answer.json());
  if (told.issuer !== issuer) throw new Error('The issuer calls itself something else');
  if (!isTrustworthy(told.jwks_uri)) throw new Error('The keys are not at an https address');
  return createRemoteJWKSet(new URL(told.jwks_uri), { timeoutDuration: fetchTimeoutMs });
}

function problemOf(error: unknown, retryAfterSeconds: number): Problem {
  const headers = { 'www-authenticate': 'Bearer realm="signpost", error="invalid_token"' };
  if (error instanceof errors.JWTExpired) {
    return new Problem(401, 'token-expired', 'The token has expired.', { headers });
  }
  const why = refusalOf(error);
  if (why !== undefined) return new Problem(401, 'token-invalid', why, { headers });
  return new Problem(
    503,
    'issuer-unreachable',
    'The issuer of the tokens cannot be reached, so that none can be checked.',
    {
      hint: `Come again in ${retryAfterSeconds} s, or use an API key.`,
      headers: { 'retry-after': String(retryAfterSeconds) },
      cause: error,
    },
  );
}

/** Undefined where it is not the token that is to blame. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `The token's claim ${error.claim} is not as it must be.`;
  }
  if (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWSSignatureVerificationFailed
  ) {
    return 'The token is not signed by a key of the issuer.';
  }
  if (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSMultipleMatchingKeys
  ) {
    return 'The token is not a signed JWT that can be checked.';
  }
  return undefined;
}

function readerOf(payload: JWTPayload, { config, departments, suppressBelow }: TokenParts): Reader {
  const role = roleIn(textsOf(claimAt(payload, config.roleClaim)), config.roles);
  if (role === undefined) {
    throw new Problem(
      403,
      'role-unknown',
      `The token's claim ${config.roleClaim} names no role known here.`,
      {
        hint: `Known are ${Object.keys(config.roles).join(', ')}: see portal.oidc.roles.`,
      },
    );
  }
  const claimed = textsOf(claimAt(payload, config.departmentsClaim));
  const own = departments.filter((name) => claimed.includes(name));
  if (own.length === 0 && (role === 'reader' || claimed.length > 0)) {
    throw new Problem(
      403,
      'role-unknown',
      `The token's claim ${config.departmentsClaim} names no department known here.`,
      { hint: `Known are ${departments.join(', ')}.` },
    );
  }
  return {
    name: pseudonymOf(`${config.issuer} ${payload.sub}`),
    role,
    departments: claimed.length === 0 ? null : own,
    suppressBelow: role === 'reader' ? suppressBelow : 0,
    mayJudge: config.mayJudge,
  };
}

/** The one that may most, of those that the claim names. */
function roleIn(named: readonly string[], known: OidcConfig['roles']): Role | undefined {
  const given = new Set(
    named.map((name) => (Object.hasOwn(known, name) ? known[name] : undefined)),
  );
  return roles.findLast((role) => given.has(role));
}

/** The claim of that very name, which may be a URL with dots, else the one that its parts lead to. */
function claimAt(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  return name.split('.').reduce<unknown>((at, part) => {
    return typeof at === 'object' && at !== null && Object.hasOwn(at, part)
      ? Reflect.get(at, part)
      : undefined;
  }, payload);
}

/** A list, or text as `scope` has it: separated by blanks or commas. */
function textsOf(claim: unknown): string[] {
  if (Array.isArray(claim)) return claim.filter((item) => typeof item === 'string');
  return typeof claim === 'string' ? claim.split(/[\s,]+/).filter((item) => item !== '') : [];
}

/** Subjects may be e-mail addresses. Letters alone, so that it reads like no number of a person. */
function pseudonymOf(subject: string): string {
  const digest = createHash('sha256').update(subject).digest().subarray(0, 8);
  const letters = [...digest].flatMap((byte) => [byte >> 4, byte & 15]);
  return `oidc-${letters.map((nibble) => 'abcdefghijklmnop'[nibble]).join('')}`;
}
