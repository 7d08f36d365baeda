// Writing an object to S3: whole, on a condition, and so that an answer which was lost is told from somebody else's write.
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { isConflict } from './s3-errors.ts';
import { writeParts } from './s3-parts.ts';
import { ownOrConflict, writeIdName, type S3Place, type Write } from './s3-place.ts';

/** @returns the object's ETag, or `conflict`: the guard did not hold and nothing was written */
export async function writeObject(
  place: S3Place,
  write: Write,
): Promise<{ readonly etag: string } | 'conflict'> {
  const { client, bucket, call, sizes } = place;
  const { key, bytes, guard, id } = write;
  if (bytes.length >= sizes.fromBytes) return writeParts(place, write);
  return call(`write ${key}`, async ({ signal, again }) => {
    try {
      const { ETag } = await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: bytes,
          ContentLength: bytes.length,
          ChecksumAlgorithm: 'CRC32',
          Metadata: { [writeIdName]: id },
          ...guard,
        }),
        { abortSignal: signal },
      );
      return { etag: ETag! };
    } catch (error) {
      if (!isConflict(error, 'IfMatch' in guard)) throw error;
      return again ? ownOrConflict(place, write, signal) : 'conflict';
    }
  });
}
