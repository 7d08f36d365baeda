// The connection to an S3 server: tries once, so that whoever calls decides about trying again, and hangs on nothing.
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Settings } from './config.ts';

export interface S3Connection {
  readonly client: S3Client;
  /** Whether the last request went to AWS itself; the address may come from the settings, the environment or a profile. */
  readonly isAws: () => boolean;
}

export function connectS3(
  { endpoint, region, forcePathStyle }: S3Settings,
  idleMs: number,
  credentials: S3ClientConfig['credentials'],
): S3Connection {
  const named = endpoint ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
  const isNamed = named !== undefined && named !== '';
  const known = isNamed ? new S3Client({}).config.region : undefined;
  const client = new S3Client({
    ...(isNamed && { endpoint: named }),
    ...(known && { region: () => known().catch(() => 'us-east-1') }),
    ...(region !== undefined && { region }),
    forcePathStyle: forcePathStyle ?? isNamed,
    ...(credentials && { credentials }),
    maxAttempts: 1,
    requestHandler: { connectionTimeout: idleMs, socketTimeout: idleMs },
  });
  let isAws = false;
  client.middlewareStack.add(
    (next) => (args) => {
      const { hostname = '' } = args.request as { hostname?: string };
      isAws = /\.amazonaws\.com(?:\.cn)?$/.test(hostname);
      return next(args);
    },
    { step: 'finalizeRequest', name: 'signpostHost' },
  );
  return { client, isAws: () => isAws };
}
