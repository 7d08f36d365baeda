// Makes the bucket that SIGNPOST_ARCHIVE_URL names on the S3 server of docker-compose.yml; what exists stays as it is.
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  HeadBucketCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { readAddress } from '../../services/core/objects/open-store.ts';

const place = readAddress(process.env['SIGNPOST_ARCHIVE_URL'] ?? '');
if (place.kind === 's3') {
  const client = new S3Client({ forcePathStyle: process.env['AWS_ENDPOINT_URL_S3'] !== undefined });
  const Bucket = place.bucket;
  if (!(await isThere())) await make();
  client.destroy();

  async function isThere(): Promise<boolean> {
    try {
      await client.send(new HeadBucketCommand({ Bucket }));
      return true;
    } catch (error) {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404)
        return false;
      throw error;
    }
  }

  async function make(): Promise<void> {
    try {
      await client.send(new CreateBucketCommand({ Bucket }));
      process.stdout.write(`made the bucket ${Bucket}\n`);
    } catch (error) {
      if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
    }
  }
}
