// Large objects go in parts, a few at a time. Nothing is to be seen before the last step, which holds the condition; where
// anything fails, or the condition does, the parts are taken away again.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { isConflict, isUploadGone, isUploadOvertaken } from './s3-errors.ts';
import { ownOrConflict, writeIdName, type S3Place, type Write } from './s3-place.ts';

const mostParts = 10_000;
const atOnce = 4;
const mostUploads = 5;

type Put = { readonly etag: string } | 'conflict';

export async function writeParts(place: S3Place, write: Write): Promise<Put> {
  for (let uploads = 1; ; uploads += 1) {
    const put = await writeUpload(place, write, uploads === mostUploads);
    if (put !== 'overtaken') return put;
  }
}

async function writeUpload(
  place: S3Place,
  write: Write,
  isLast: boolean,
): Promise<Put | 'overtaken'> {
  const { client, bucket, call } = place;
  const { key, id } = write;
  const uploadId = await call(`begin to write ${key}`, async ({ signal }) => {
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({
        Bucket: bucket,
        Key: key,
        ChecksumAlgorithm: 'CRC32',
        Metadata: { [writeIdName]: id },
      }),
      { abortSignal: signal },
    );
    return UploadId!;
  });
  let put: Put | 'overtaken' | undefined;
  try {
    const parts = await sendParts(place, write, uploadId);
    put = await complete(place, write, uploadId, parts, isLast);
    return put;
  } finally {
    if (put === undefined || typeof put === 'string') await abort(place, key, uploadId);
  }
}

async function sendParts(
  { client, bucket, call, sizes }: S3Place,
  { key, bytes }: Write,
  uploadId: string,
): Promise<readonly CompletedPart[]> {
  const partBytes = Math.max(sizes.partBytes, Math.ceil(bytes.length / mostParts));
  const parts: CompletedPart[] = [];
  const count = Math.ceil(bytes.length / partBytes);
  let next = 0;
  let failed = false;
  const sendSome = async (): Promise<void> => {
    while (next < count && !failed) {
      const index = next++;
      const body = bytes.subarray(index * partBytes, (index + 1) * partBytes);
      const of = { Bucket: bucket, Key: key, UploadId: uploadId, PartNumber: index + 1 };
      try {
        parts[index] = await call(`write part ${index + 1} of ${key}`, async ({ signal }) => {
          const { ETag, ChecksumCRC32 } = await client.send(
            new UploadPartCommand({
              ...of,
              Body: body,
              ContentLength: body.length,
              ChecksumAlgorithm: 'CRC32',
            }),
            { abortSignal: signal },
          );
          return { PartNumber: index + 1, ETag, ChecksumCRC32 };
        });
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  // All have to end before the upload is aborted: a part that comes after that stays.
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, sendSome));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return parts;
}

function complete(
  place: S3Place,
  write: Write,
  uploadId: string,
  parts: readonly CompletedPart[],
  isLast: boolean,
): Promise<Put | 'overtaken'> {
  const { client, bucket, call } = place;
  const { key, guard } = write;
  return call(`finish writing ${key}`, async ({ signal, again }) => {
    try {
      const { ETag } = await client.send(
        new CompleteMultipartUploadCommand({
          Bucket: bucket,
          Key: key,
          UploadId: uploadId,
          MultipartUpload: { Parts: [...parts] },
          ...guard,
        }),
        { abortSignal: signal },
      );
      return { etag: ETag! };
    } catch (error) {
      if (isConflict(error, 'IfMatch' in guard))
        return again ? ownOrConflict(place, write, signal) : 'conflict';
      if (isUploadGone(error)) {
        const own = await ownOrConflict(place, write, signal);
        if (own !== 'conflict') return own;
      }
      // Completed and replaced since, aborted by somebody, or too close to another's write: only a new upload can tell.
      if ((isUploadGone(error) || isUploadOvertaken(error)) && !isLast) return 'overtaken';
      throw error;
    }
  });
}

/** What cannot be aborted now is when the store is opened again, or by the bucket's lifecycle rule. */
async function abort(
  { client, bucket, callAtEnd }: S3Place,
  key: string,
  uploadId: string,
): Promise<void> {
  try {
    await callAtEnd(`take back ${key}`, ({ signal }) =>
      client.send(
        new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }),
        { abortSignal: signal },
      ),
    );
  } catch {
    // The error that led here is the one to tell.
  }
}
