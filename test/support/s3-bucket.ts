// A bucket of its own on the S3 server of the test run, as a store is opened with.
import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { s3Config } from '../../services/core/objects/config.ts';
import type { S3Options } from '../../services/core/objects/s3.ts';
import { s3Server, type S3Server } from './servers.ts';

export async function newBucket(server?: S3Server): Promise<S3Options> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server ?? (await s3Server());
  const credentials = { accessKeyId, secretAccessKey };
  const bucket = `objects-${randomUUID()}`;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return { ...s3Config.parse({ endpoint, region }), bucket, prefix: 'archive', credentials };
}
