// What an S3 server, or the way to it, answers when it does not do what it was asked: try again, a condition that did not
// hold, or a refusal with what to do. Of the answer only its code and sentence are kept: the rest may hold signatures.
import { SignpostError } from '../errors.ts';

export interface Verdict {
  /** The same call may succeed in a moment. */
  readonly again: boolean;
  /** What to throw when it is not tried again. */
  readonly error: SignpostError;
}

interface Answer {
  readonly status: number | undefined;
  readonly name: string;
  readonly code: string;
  readonly said: string;
}

const busyNames = new Set([
  'BadDigest',
  'ConditionalRequestConflict',
  'InternalError',
  'OperationAborted',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
]);
const wrongKeyNames = new Set([
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  // versitygw's
  'XAdminUserNotFound',
]);
const tlsCode = /^(?:CERT_|ERR_TLS|ERR_SSL|EPROTO$|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_)/;

/** @param where the store. @param doing for the sentence: `write a/b`. Bugs are thrown as they are. */
export function judge(where: string, doing: string, error: unknown): Verdict {
  if (error instanceof SignpostError) return { again: false, error };
  if (isBug(error)) throw error;
  const { status, name, code, said } = answerOf(error);
  const what = `${where}: cannot ${doing}`;
  // The answer itself may hold the key's id, what was signed and the signature.
  const cause = new Error(`${name}${status === undefined ? '' : ` (HTTP ${status})`}: ${said}`);
  const refused = (message: string, hint: string, again = false): Verdict => ({
    again,
    error: new SignpostError('objects-refused', message, { cause, hint }),
  });

  if (name === 'CredentialsProviderError')
    return refused(
      `${what}: no AWS credentials were found`,
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role of the machine.',
    );
  if (status === undefined && said.startsWith('Region is missing'))
    return refused(`${what}: no region is set`, 'Set AWS_REGION, or the region in the settings.');
  if (status === undefined && tlsCode.test(code))
    return refused(
      `${what}: its TLS connection is not trusted (${code})`,
      'Check that the endpoint begins with the right one of http and https; name an authority of your own in NODE_EXTRA_CA_CERTS.',
    );
  if (name === 'NoSuchBucket')
    return refused(
      `${what}: there is no such bucket`,
      'Make it (infra/ has a Terraform module), or correct the name, the region or the endpoint.',
    );
  if (name === 'RequestTimeTooSkewed')
    return refused(`${what}: the clocks differ too much`, "Set this machine's clock.", true);
  if (name === 'ExpiredToken' || name === 'ExpiredTokenException')
    return refused(
      `${what}: the AWS session has expired`,
      'Log in again, or give the service a role.',
      true,
    );
  if (wrongKeyNames.has(name))
    return refused(
      `${what}: the AWS credentials are not right (${name})`,
      'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they are of this server.',
    );
  if (status === 507 || name === 'XMinioStorageFull' || name === 'QuotaExceeded')
    return refused(
      `${what}: it has no room left`,
      'Make room on the server, or raise the quota of the bucket.',
    );
  if (status === undefined || status >= 500 || status === 429 || busyNames.has(name)) {
    if (status !== 501) {
      const why = status === undefined ? code || name : `${name}, HTTP ${status}`;
      const away = new SignpostError('objects-unavailable', `${what} (${why})`, { cause });
      return { again: true, error: away };
    }
  }
  if (status === 401 || status === 403)
    return refused(
      `${what}: there is no right to (${name})`,
      'The service needs s3:ListBucket on the bucket and s3:GetObject on its objects; to write also s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload.',
    );
  if (status === 301 || status === 307 || name === 'AuthorizationHeaderMalformed')
    return refused(`${what}: the bucket is in another region`, 'Set the region of the bucket.');
  return refused(
    `${what}: ${name}, HTTP ${status}`,
    'Check the endpoint and whether the server speaks the S3 API.',
  );
}

/** The condition of a write did not hold. @param isMatch it asked for an object: then one that is gone is a conflict too */
export function isConflict(error: unknown, isMatch: boolean): boolean {
  const { status, name } = answerOf(error);
  return status === 412 || (isMatch && status === 404 && name === 'NoSuchKey');
}

/**
 * There is no object of the key. Not everything that is not found is one: a bucket, a user, a path of a proxy. Only HEAD,
 * which has no body, calls all of them `NotFound`.
 */
export function isAbsent(error: unknown): boolean {
  const { status, name } = answerOf(error);
  return status === 404 && (name === 'NoSuchKey' || name === 'NotFound');
}

export function isStatus(error: unknown, status: number): boolean {
  return answerOf(error).status === status;
}

/** The upload was completed, or aborted by somebody else. */
export function isUploadGone(error: unknown): boolean {
  return answerOf(error).name === 'NoSuchUpload';
}

/** Somebody else's write came between: AWS wants the whole upload again. */
export function isUploadOvertaken(error: unknown): boolean {
  return answerOf(error).status === 409;
}

function isBug(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  const isProgramming =
    error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return isProgramming && answerOf(error).status === undefined;
}

function answerOf(error: unknown): Answer {
  if (!(error instanceof Error)) return { status: undefined, name: '', code: '', said: '' };
  const { name, message } = error;
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: unknown };
  return {
    status: $metadata?.httpStatusCode,
    name,
    code: typeof code === 'string' ? code : '',
    said: message.split('\n')[0]!.slice(0, 300),
  };
}
