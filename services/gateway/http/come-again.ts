// The intake's answers to a sender that has to come again: what became of its records, and when to come.
import { Problem, type ProblemCode } from '#core/http/problem.ts';

/** The sender keeps its records and comes again. */
export function comeAgain(
  code: ProblemCode,
  message: string,
  retryAfterSeconds: number,
  cause?: unknown,
): Problem {
  return new Problem(503, code, message, {
    hint: `Nothing of this request was taken in. Send it again in ${retryAfterSeconds} s or later.`,
    headers: { 'retry-after': String(retryAfterSeconds) },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The answer to an append that failed: full disk, closed log, or a log that cannot be reached. */
export function storageProblem(error: unknown, retryAfterSeconds: number): Problem {
  const codes = errorCodes(error);
  if (codes.some((code) => fullDisk.has(code))) {
    return comeAgain(
      'disk-full',
      'The disk is full; no records can be stored.',
      Math.max(30, retryAfterSeconds),
      error,
    );
  }
  if (codes.some((code) => closedLog.has(code))) {
    return comeAgain('shutting-down', 'The intake is shutting down.', retryAfterSeconds, error);
  }
  return new Problem(503, 'not-stored', 'The records could not be stored in time.', {
    hint: `Send the same again in ${retryAfterSeconds} s or later; what was stored after all is recognised by its id.`,
    headers: { 'retry-after': String(retryAfterSeconds) },
    cause: error,
  });
}

const fullDisk: ReadonlySet<string> = new Set(['disk-full', 'ENOSPC', 'EDQUOT', 'SQLITE_FULL']);
const closedLog: ReadonlySet<string> = new Set(['log-closed', 'closed', 'shutting-down']);
const maxCauses = 5;

function errorCodes(error: unknown): string[] {
  const codes: string[] = [];
  let at = error;
  for (let depth = 0; depth < maxCauses && at instanceof Error; depth += 1) {
    if ('code' in at && typeof at.code === 'string') codes.push(at.code);
    at = at.cause;
  }
  return codes;
}
