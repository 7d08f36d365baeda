// What works on many keys of a bucket at once: lists in pages, deletions in batches, uploads that nobody finished.
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import type { ObjectInfo } from './port.ts';
import type { S3Place } from './s3-place.ts';

export interface Listing {
  readonly prefix: string;
  /** Begins behind this key. */
  readonly after?: string | undefined;
  /** To a page; what the server likes by default. */
  readonly most?: number;
}

/** Keys as the bucket knows them, in the server's order: S3's is that of the bytes. */
export async function* listKeys(
  { client, bucket, call }: S3Place,
  { prefix, after, most }: Listing,
): AsyncGenerator<ObjectInfo> {
  for (let token: string | undefined; ;) {
    const page = await call(`list ${prefix}`, ({ signal }) =>
      client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ...(token === undefined ? { StartAfter: after } : { ContinuationToken: token }),
          MaxKeys: most,
        }),
        { abortSignal: signal },
      ),
    );
    for (const { Key, Size, ETag, LastModified } of page.Contents ?? [])
      yield { key: Key!, bytes: Size!, etag: ETag!, modifiedAt: LastModified!.getTime() };
    // A page may be empty and not the last.
    if (page.IsTruncated !== true || page.NextContinuationToken === undefined) return;
    token = page.NextContinuationToken;
  }
}

const mostDeleted = 1000;

export async function deleteKeys(place: S3Place, keys: readonly string[]): Promise<void> {
  const distinct = [...new Set(keys)];
  for (let from = 0; from < distinct.length; from += mostDeleted) {
    let left = distinct.slice(from, from + mostDeleted);
    await place.call(
      `delete ${left[0]}${left.length > 1 ? ' and others' : ''}`,
      async (attempt) => {
        const { Errors = [] } = await place.client.send(
          new DeleteObjectsCommand({
            Bucket: place.bucket,
            Delete: { Objects: left.map((Key) => ({ Key })), Quiet: true },
          }),
          { abortSignal: attempt.signal },
        );
        const failed = Errors.filter(({ Code }) => Code !== 'NoSuchKey');
        const [first] = failed;
        if (first === undefined) return;
        left = failed.flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
        const isRight = first.Code === 'AccessDenied';
        throw Object.assign(new Error(`${first.Key}: ${first.Message}`), {
          name: first.Code ?? 'InternalError',
          $metadata: { httpStatusCode: isRight ? 403 : 500 },
        });
      },
    );
  }
}

/** Nobody writes one object for so long. */
const leftUploadMs = 86_400_000;

/** Parts that a killed process left cost money and are in no list. Who may not look leaves that to the bucket's lifecycle rule. */
export async function abortLeftUploads(
  { client, bucket, callAtEnd }: S3Place,
  prefix: string,
  now: number,
): Promise<void> {
  try {
    const { Uploads = [] } = await callAtEnd('list unfinished uploads', ({ signal }) =>
      client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }), {
        abortSignal: signal,
      }),
    );
    for (const { Key, UploadId, Initiated } of Uploads) {
      if (Initiated === undefined || Initiated.getTime() > now - leftUploadMs) continue;
      await callAtEnd(`take back ${Key}`, ({ signal }) =>
        client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }), {
          abortSignal: signal,
        }),
      );
    }
  } catch {
    // Writing does not depend on it.
  }
}
