// The bucket as those who write to it know it. Each write has an id of its own, which the object keeps: a conflict on a
// later attempt is a success where that id is there.
import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Call } from './s3-calls.ts';
import { isAbsent } from './s3-errors.ts';

/** Of the object's metadata: the id of the write that it came by. */
export const writeIdName = 'signpost-write';

export interface S3Place {
  readonly client: S3Client;
  readonly bucket: string;
  readonly call: Call;
  /** For what has to be done although the store is being closed; gives up sooner. */
  readonly callAtEnd: Call;
  readonly sizes: PartSizes;
}

export interface ThereNow {
  readonly etag: string;
  /** Null where something else wrote the object. */
  readonly writeId: string | null;
  readonly bytes: number;
  readonly modifiedAt: number;
}

export type Guard =
  | Readonly<Record<string, never>>
  | { readonly IfNoneMatch: '*' }
  | { readonly IfMatch: string };

export interface Write {
  /** As the bucket knows it. */
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly guard: Guard;
  readonly id: string;
}

export interface PartSizes {
  /** Objects of so many bytes and more go in parts. */
  readonly fromBytes: number;
  /** Of a part; S3 takes none below 5 MiB but the last. */
  readonly partBytes: number;
}

/** Is what is there now what an earlier attempt of this write put there? */
export async function ownOrConflict(
  place: S3Place,
  { key, id }: Write,
  signal: AbortSignal,
): Promise<{ readonly etag: string } | 'conflict'> {
  const there = await look(place, key, signal);
  return there?.writeId === id ? { etag: there.etag } : 'conflict';
}

/** One attempt. Null where there is no object. */
export async function look(
  { client, bucket }: S3Place,
  key: string,
  signal: AbortSignal,
): Promise<ThereNow | null> {
  try {
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), {
      abortSignal: signal,
    });
    return {
      etag: head.ETag!,
      writeId: head.Metadata?.[writeIdName] ?? null,
      bytes: head.ContentLength!,
      modifiedAt: head.LastModified!.getTime(),
    };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}
