// Does the server do what writers rely on? Asked once when a store is opened for writing: a server that takes conditions
// and does not look at them would lose writes without a word.
import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { SignpostError } from '../errors.ts';
import { isAbsent, isConflict, isStatus } from './s3-errors.ts';
import { look, type Guard, type S3Place } from './s3-place.ts';
import { writeObject } from './s3-write.ts';

export type SwapWay = 'if-match' | 'claims';

/**
 * @param prefix where probes may be, as the bucket knows it, with a slash at its end
 * @throws SignpostError `objects-refused` naming the condition that the server does not honour
 */
export async function probeConditions(
  where: string,
  place: S3Place,
  prefix: string,
): Promise<void> {
  const key = `${prefix}probe-${randomUUID()}`;
  const write = async (guard: Guard, said: string): Promise<string> => {
    const id = randomUUID();
    try {
      const put = await writeObject(place, { key, bytes: Buffer.from(said), guard, id });
      if (put === 'conflict') return put;
      const there = await place.call(`look at ${key}`, ({ signal }) => look(place, key, signal));
      if (there?.writeId !== id) throw ignores(where, 'metadata of objects');
      return put.etag;
    } catch (error) {
      const cause = error instanceof SignpostError ? error.cause : undefined;
      if (cause instanceof Error && /HTTP 501/.test(cause.message))
        throw ignores(where, Object.keys(guard).join() || 'writes of objects');
      throw error;
    }
  };
  try {
    const first = await write({ IfNoneMatch: '*' }, 'first');
    if ((await write({ IfNoneMatch: '*' }, 'second')) !== 'conflict')
      throw ignores(where, 'If-None-Match');
    await write({ IfMatch: first }, 'third');
    if ((await write({ IfMatch: first }, 'fourth')) !== 'conflict')
      throw ignores(where, 'If-Match');
    if (!(await refusesCompletion(place, key)))
      throw ignores(where, 'If-None-Match when an upload in parts is completed');
  } finally {
    await place.callAtEnd('remove a probe', ({ signal }) =>
      place.client.send(
        new DeleteObjectsCommand({ Bucket: place.bucket, Delete: { Objects: [{ Key: key }] } }),
        { abortSignal: signal },
      ),
    );
  }
}

function ignores(where: string, what: string): SignpostError {
  return new SignpostError(
    'objects-refused',
    `${where}: the server does not honour ${what}, so several writers could overwrite each other`,
    { hint: 'Use AWS S3, versitygw, MinIO, Ceph or another server with conditional writes.' },
  );
}

/** Of an upload of a key that is there. */
async function refusesCompletion({ client, bucket, call }: S3Place, key: string): Promise<boolean> {
  const of = { Bucket: bucket, Key: key };
  const UploadId = await call('begin a probe', async ({ signal }) => {
    const begun = await client.send(
      new CreateMultipartUploadCommand({ ...of, ChecksumAlgorithm: 'CRC32' }),
      { abortSignal: signal },
    );
    return begun.UploadId!;
  });
  const { ETag, ChecksumCRC32 } = await call('write a probe', ({ signal }) =>
    client.send(
      new UploadPartCommand({
        ...of,
        UploadId,
        PartNumber: 1,
        Body: Buffer.from('part'),
        ChecksumAlgorithm: 'CRC32',
      }),
      { abortSignal: signal },
    ),
  );
  return call('finish a probe', async ({ signal }) => {
    try {
      await client.send(
        new CompleteMultipartUploadCommand({
          ...of,
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ChecksumCRC32 }] },
          IfNoneMatch: '*',
        }),
        { abortSignal: signal },
      );
      return false;
    } catch (error) {
      if (isStatus(error, 501)) return false;
      if (!isConflict(error, false)) throw error;
      await client.send(new AbortMultipartUploadCommand({ ...of, UploadId }), {
        abortSignal: signal,
      });
      return true;
    }
  });
}

/**
 * The way in which all who write here replace objects: two ways at once would not see each other. The first writer
 * decides and writes it down.
 * @param key as the bucket knows it. @param asked null where any will do. @param usual where nobody has decided yet
 */
export async function agreeOnSwap(
  where: string,
  place: S3Place,
  key: string,
  asked: SwapWay | null,
  usual: SwapWay,
): Promise<SwapWay> {
  const way = asked ?? usual;
  const bytes = Buffer.from(`${JSON.stringify({ swap: way })}\n`);
  const put = await writeObject(place, {
    key,
    bytes,
    guard: { IfNoneMatch: '*' },
    id: randomUUID(),
  });
  if (put !== 'conflict') return way;
  const text = await place.call(`read ${key}`, async ({ signal }) => {
    try {
      const held = await place.client.send(
        new GetObjectCommand({ Bucket: place.bucket, Key: key }),
        { abortSignal: signal },
      );
      return await held.Body!.transformToString();
    } catch (error) {
      if (isAbsent(error)) return '';
      throw error;
    }
  });
  const decided = /"swap":"(if-match|claims)"/.exec(text)?.[1] as SwapWay | undefined;
  if (decided !== undefined && (asked === null || asked === decided)) return decided;
  throw new SignpostError(
    'objects-refused',
    `${where}: its writers replace objects by ${decided ?? 'a way that is not known'}, not by ${way}`,
    {
      hint: `Leave the setting swap at auto; or stop all writers and delete ${key} in the bucket.`,
    },
  );
}
