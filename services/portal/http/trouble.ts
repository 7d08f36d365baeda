// What the store's troubles mean to whoever asked. Nothing of the database's own words goes out.
import { SignpostError } from '#core/errors.ts';
import { Problem } from '#core/http/problem.ts';
import { QuestionRefused } from '../api/queries.ts';
import type { PortalConfig } from '../config.ts';
import { invalidParameter } from './question.ts';

/** Anything that is neither a refused question nor trouble of the store comes back as it is. */
export function asProblem(
  error: unknown,
  { statementTimeoutMs, retryAfterSeconds }: PortalConfig,
): unknown {
  if (error instanceof QuestionRefused) return invalidParameter(error.field, error.message);
  const codes = codesOf(error);
  // query_canceled, https://www.postgresql.org/docs/current/errcodes-appendix.html
  if (codes.includes('57014')) {
    return new Problem(503, 'too-slow', `This takes longer than ${statementTimeoutMs / 1000} s.`, {
      hint: 'Ask for a shorter range of time (from, to), fewer places or themes, a larger bucket, or a lower limit.',
      headers: { 'retry-after': String(retryAfterSeconds) },
      cause: error,
    });
  }
  if (!(error instanceof SignpostError)) return error;
  return new Problem(503, 'store-unavailable', 'The database cannot be asked at present.', {
    hint: `Come again in ${retryAfterSeconds} s; \`signpost doctor\` tells the operator more.`,
    headers: { 'retry-after': String(retryAfterSeconds) },
    cause: error,
  });
}

const maxCauses = 5;

function codesOf(error: unknown): unknown[] {
  const codes: unknown[] = [];
  let at = error;
  for (let depth = 0; depth < maxCauses && at instanceof Error; depth += 1) {
    if ('code' in at) codes.push(at.code);
    at = at.cause;
  }
  return codes;
}
