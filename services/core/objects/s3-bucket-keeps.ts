// What a bucket says of its old versions: whether it keeps any, and by which rules and locks.
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import { s3Config } from './config.ts';
import type { BucketKeeps, OldVersionsOptions } from './old-versions.ts';
import { createCall } from './s3-calls.ts';
import { connectS3 } from './s3-client.ts';

/** @throws SignpostError `objects-refused`, `objects-unavailable` */
export async function askBucket(bucket: string, options: OldVersionsOptions): Promise<BucketKeeps> {
  const { s3 = s3Config.parse({}), credentials, patienceMs = 10_000 } = options;
  const { signal = new AbortController().signal } = options;
  const { client } = connectS3(s3, patienceMs, credentials);
  const call = createCall({ where: `s3://${bucket}`, signal, patienceMs, random: Math.random });
  const of = { Bucket: bucket };
  const sent = { abortSignal: signal };
  try {
    const { Status } = await call('ask for its versioning', () =>
      client.send(new GetBucketVersioningCommand(of), sent),
    );
    if (Status === undefined) return { versions: false, rules: [], lockDays: 0 };
    const { Rules: rules = [] } = await call('ask for its lifecycle rules', () =>
      client
        .send(new GetBucketLifecycleConfigurationCommand(of), sent)
        .catch(orNone('NoSuchLifecycleConfiguration', { Rules: [] })),
    );
    const { ObjectLockConfiguration: lock } = await call('ask for its object lock', () =>
      client
        .send(new GetObjectLockConfigurationCommand(of), sent)
        .catch(
          orNone('ObjectLockConfigurationNotFoundError', { ObjectLockConfiguration: undefined }),
        ),
    );
    const { Days: days = 0, Years: years = 0 } = lock?.Rule?.DefaultRetention ?? {};
    return { versions: true, rules, lockDays: days + 366 * years };
  } finally {
    client.destroy();
  }
}

/** What an error of this name stands for. */
function orNone<T>(name: string, none: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && error.name === name) return none;
    throw error;
  };
}
