// What the intake answers when it says no: one shape, a closed code, a sentence, and never a trace of the inside.

export type ProblemCode =
  | 'host-not-allowed'
  | 'key-missing'
  | 'key-unknown'
  | 'kind-not-allowed'
  | 'source-not-allowed'
  | 'source-name-invalid'
  | 'too-many-attempts'
  | 'unsupported-media-type'
  | 'unsupported-encoding'
  | 'body-too-large'
  | 'empty-body'
  | 'invalid-gzip'
  | 'invalid-utf8'
  | 'invalid-json'
  | 'too-deep'
  | 'unknown-field'
  | 'no-records'
  | 'too-many-records'
  | 'no-valid-record'
  | 'connection-lost'
  | 'request-timeout'
  | 'bad-request'
  | 'not-found'
  | 'method-not-allowed'
  | 'overloaded'
  | 'disk-full'
  | 'shutting-down'
  | 'not-stored'
  | 'keys-unreadable'
  | 'internal';

/** Thrown to answer a request with an error; not a bug, and not logged as one. */
export class Problem extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  readonly hint: string | undefined;
  readonly field: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ProblemCode,
    message: string,
    more: { hint?: string; field?: string; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, 'cause' in more ? { cause: more.cause } : undefined);
    this.status = status;
    this.code = code;
    this.hint = more.hint;
    this.field = more.field;
    this.headers = more.headers ?? {};
  }
}

export interface ErrorBody {
  readonly error: {
    readonly code: ProblemCode;
    readonly message: string;
    readonly hint?: string;
    readonly field?: string;
  };
}

export function errorBody({
  code,
  message,
  hint,
  field,
}: Pick<Problem, 'code' | 'message' | 'hint' | 'field'>): ErrorBody {
  return {
    error: {
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(field === undefined ? {} : { field }),
    },
  };
}

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
