// What the HTTP server answers when it says no: one shape, a closed code, a sentence, and never a trace of the inside.

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
  | 'key-not-for-reading'
  | 'judging-not-allowed'
  | 'department-not-allowed'
  | 'token-invalid'
  | 'token-expired'
  | 'role-unknown'
  | 'issuer-unreachable'
  | 'cross-site'
  | 'unknown-parameter'
  | 'invalid-parameter'
  | 'place-unknown'
  | 'plan-invalid'
  | 'role-not-allowed'
  | 'wave-unknown'
  | 'acting-not-allowed'
  | 'alert-unknown'
  | 'alert-over'
  | 'silence-unknown'
  | 'not-acceptable'
  | 'too-many-requests'
  | 'too-busy'
  | 'too-slow'
  | 'store-unavailable'
  | 'pages-not-built'
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
