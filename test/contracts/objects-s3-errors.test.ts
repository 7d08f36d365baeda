// What S3 servers and the way to them answer, as they answer it: which is tried again, and what a person is told.
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isAbsent, isConflict, judge } from '../../services/core/objects/s3-errors.ts';

interface Given {
  readonly name: string;
  readonly status?: number;
  readonly code?: string;
  readonly message?: string;
}

const answer = ({ name, status, code, message = 'said' }: Given): Error =>
  Object.assign(new Error(message), {
    name,
    ...(code !== undefined && { code }),
    $metadata: { httpStatusCode: status, attempts: 1 },
    AWSAccessKeyId: 'AKIAEXAMPLE',
    StringToSign: 'AWS4-HMAC-SHA256 to sign',
  });
const judged = (given: Given): ReturnType<typeof judge> => judge('s3://b', 'read k', answer(given));

describe('an answer of S3', () => {
  it.each<Given>([
    { name: 'SlowDown', status: 503 },
    { name: 'ServiceUnavailable', status: 503 },
    { name: 'InternalError', status: 500 },
    { name: 'Unknown', status: 502 },
    { name: 'TooManyRequests', status: 429 },
    { name: 'RequestTimeout', status: 400 },
    { name: 'BadDigest', status: 400 },
    { name: 'ConditionalRequestConflict', status: 409 },
    { name: 'OperationAborted', status: 409 },
    { name: 'Error', code: 'ECONNRESET' },
    { name: 'Error', code: 'ECONNREFUSED' },
    { name: 'Error', code: 'ENOTFOUND' },
    { name: 'Error', code: 'EAI_AGAIN' },
    { name: 'TimeoutError', code: 'ETIMEDOUT' },
    { name: 'Error', message: 'socket hang up' },
  ])('that it is away or busy is tried again: %j', (given) => {
    expect(judged(given)).toMatchObject({ again: true, error: { code: 'objects-unavailable' } });
  });

  it.each<[Given, RegExp]>([
    [{ name: 'NoSuchBucket', status: 404 }, /no such bucket/],
    [{ name: 'AccessDenied', status: 403 }, /no right/],
    [{ name: 'Unknown', status: 403 }, /no right/],
    [{ name: 'InvalidAccessKeyId', status: 403 }, /credentials are not right/],
    [{ name: 'SignatureDoesNotMatch', status: 403 }, /credentials are not right/],
    [{ name: 'XAdminUserNotFound', status: 404 }, /credentials are not right/],
    [{ name: 'CredentialsProviderError' }, /no AWS credentials/],
    [{ name: 'Error', message: 'Region is missing' }, /no region/],
    [{ name: 'PermanentRedirect', status: 301 }, /another region/],
    [{ name: 'AuthorizationHeaderMalformed', status: 400 }, /another region/],
    [{ name: 'XMinioStorageFull', status: 507 }, /no room/],
    [{ name: 'NotImplemented', status: 501 }, /NotImplemented, HTTP 501/],
    [{ name: 'MethodNotAllowed', status: 405 }, /HTTP 405/],
    [{ name: 'Error', code: 'SELF_SIGNED_CERT_IN_CHAIN' }, /TLS/],
    [{ name: 'Error', code: 'EPROTO' }, /TLS/],
  ])('that it will not is said with what to do: %j', (given, message) => {
    const { again, error } = judged(given);
    expect(again).toBe(false);
    expect(error).toMatchObject({ code: 'objects-refused', hint: expect.any(String) });
    expect(error.message).toMatch(message);
    expect(error.message).toContain('s3://b: cannot read k');
  });

  it.each(['ExpiredToken', 'RequestTimeTooSkewed'])('%s is tried again, for a while', (name) => {
    const { again, error } = judged({ name, status: 403 });
    expect(again).toBe(true);
    expect(error.code).toBe('objects-refused');
  });

  it('is not kept with what was signed', () => {
    const { error } = judged({ name: 'SignatureDoesNotMatch', status: 403 });
    expect(inspect(error, { depth: 9 })).not.toMatch(/AKIAEXAMPLE|to sign/);
  });

  it('that something else was not found is not the absence of an object', () => {
    expect(isAbsent(answer({ name: 'NoSuchKey', status: 404 }))).toBe(true);
    expect(isAbsent(answer({ name: 'NotFound', status: 404 }))).toBe(true);
    expect(isAbsent(answer({ name: 'NoSuchBucket', status: 404 }))).toBe(false);
    expect(isAbsent(answer({ name: 'XAdminUserNotFound', status: 404 }))).toBe(false);
  });

  it('that there is nothing to replace is a conflict for who wants to replace it alone', () => {
    const gone = answer({ name: 'NoSuchKey', status: 404 });
    expect([isConflict(gone, true), isConflict(gone, false)]).toEqual([true, false]);
    expect(isConflict(answer({ name: 'PreconditionFailed', status: 412 }), false)).toBe(true);
  });

  it('is told from a bug, which is thrown as it is', () => {
    const bug = new TypeError('x is undefined');
    expect(() => judge('s3://b', 'read k', bug)).toThrow(bug);
  });
});
