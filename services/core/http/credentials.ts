// Where a request carries its key or token, and the answer to one who failed too often.
import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.ts';

/** The scheme is case-insensitive (RFC 9110, 11.1). */
const bearer = /^bearer +(\S+)$/i;

/** From `Authorization: Bearer` or `X-API-Key`; empty for another scheme, undefined for none. */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, 'x-api-key': apiKey } = headers;
  if (authorization !== undefined) return bearer.exec(authorization)?.[1] ?? '';
  return typeof apiKey === 'string' ? apiKey : undefined;
}

export function tooManyAttempts(waitMs: number): Problem {
  return new Problem(429, 'too-many-attempts', 'Too many failed attempts.', {
    headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) },
  });
}
