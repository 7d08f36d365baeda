// Settings of an S3 bucket; see docs/configuration.md. Credentials are never among them: they come from where the AWS tools
// look for them (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, a web identity, the machine's or container's role).
import { z } from 'zod';

export const s3Config = z.strictObject({
  /** Of a server other than AWS, `https://host:port`; AWS_ENDPOINT_URL_S3 says the same. */
  endpoint: z
    .string()
    .refine(isEndpoint, {
      error:
        'must be an address like https://host:port, without a path, a user or a password: credentials are set by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    })
    .optional(),
  /** As the AWS tools know it (AWS_REGION, a profile) by default; `us-east-1` where an endpoint is set and they know none. */
  region: z
    .string()
    .regex(/^[\da-z-]+$/, 'must be the name of a region, for example eu-west-1')
    .optional(),
  /** Buckets are the first part of the path, not of the host name. By default where an endpoint is set. */
  forcePathStyle: z.boolean().optional(),
  /**
   * How writers that replace an object agree. `if-match`: the server compares and replaces in one step, as AWS does.
   * `claims`: it need only let one of several writers of a new object win. `auto`: `if-match` on AWS, else `claims`,
   * because servers exist that honour If-Match and still let several writers at once succeed.
   */
  swap: z.enum(['auto', 'if-match', 'claims']).default('auto'),
});
export type S3Settings = z.output<typeof s3Config>;

function isEndpoint(value: string): boolean {
  const url = URL.parse(value);
  return (
    url !== null &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.username === '' &&
    url.password === '' &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === ''
  );
}
