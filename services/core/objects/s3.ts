// Objects in an S3 bucket, on AWS or a server that speaks its API.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type S3ClientConfig } from '@aws-sdk/client-s3';
import { SignpostError } from '../errors.ts';
import type { S3Settings } from './config.ts';
import { checkKey, checkPrefix, hiddenFolder } from './keys.ts';
import type { ObjectStore, PutCondition, StoredObject } from './port.ts';
import { createCall } from './s3-calls.ts';
import { keepClaims, type Claims } from './s3-claims.ts';
import { connectS3 } from './s3-client.ts';
import { isAbsent, isStatus } from './s3-errors.ts';
import { abortLeftUploads, deleteKeys, listKeys } from './s3-lists.ts';
import { agreeOnSwap, probeConditions } from './s3-probe.ts';
import { swapByClaim, versionedEtag } from './s3-swap.ts';
import { look, writeIdName, type Guard, type S3Place } from './s3-place.ts';
import { writeObject } from './s3-write.ts';

export interface S3Options extends S3Settings {
  readonly bucket: string;
  /** Of all keys; empty for the whole bucket. No slash at its ends. */
  readonly prefix: string;
  /** By default from where the AWS tools look for them. */
  readonly credentials?: S3ClientConfig['credentials'];
  /** `read` writes nothing, and needs no right to; `write` by default. */
  readonly access?: 'read' | 'write';
  /** Ends all calls with its reason. */
  readonly signal?: AbortSignal;
  /** From the first attempt of a request to the last; 30 s by default. */
  readonly patienceMs?: number;
  /** A connection on which nothing moves for so long is given up; 10 s by default. */
  readonly idleMs?: number;
  /** From 16 MiB in parts of 8 MiB by default. */
  readonly sizes?: S3Place['sizes'];
  /** 0 to 1. */
  readonly random?: () => number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Of `claims`: how long one may be on its way before others carry it out; 3 s by default. */
  readonly helpAfterMs?: number;
}

/**
 * To write, looks whether the bucket is there and the server honours conditions.
 * @throws SignpostError `objects-refused`, `objects-unavailable`
 */
export async function openS3Store(options: S3Options): Promise<ObjectStore> {
  const { bucket, prefix, access = 'write', random = Math.random, now = Date.now } = options;
  const { signal = new AbortController().signal, patienceMs = 30_000, idleMs = 10_000 } = options;
  if (prefix !== '') checkKey(prefix);
  const where = prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
  const root = prefix === '' ? '' : `${prefix}/`;
  const hidden = `${root}${hiddenFolder}/`;
  const { client, isAws } = connectS3(options, idleMs, options.credentials);
  const place: S3Place = {
    client,
    bucket,
    call: createCall({ where, signal, patienceMs, random }),
    callAtEnd: createCall({
      where,
      signal: new AbortController().signal,
      patienceMs: Math.min(patienceMs, 5000),
      random,
    }),
    sizes: options.sizes ?? { fromBytes: 16 * 2 ** 20, partBytes: 8 * 2 ** 20 },
  };
  try {
    // Who may read some prefixes alone may not list all; the first call says what is wrong.
    if (access === 'read') return storeIn(where, root, place);
    await listKeys(place, { prefix: root, most: 1 }).next();
    await probeConditions(where, place, hidden);
    const asked = options.swap === 'auto' ? null : options.swap;
    const usual = isAws() ? 'if-match' : 'claims';
    const way = await agreeOnSwap(where, place, `${hidden}store.json`, asked, usual);
    await abortLeftUploads(place, root, now());
    if (way === 'if-match') return storeIn(where, root, place);
    const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal });
    const helpAfterMs = options.helpAfterMs ?? 3000;
    const claims = await keepClaims(place, `${hidden}swaps/`, now);
    return storeIn(where, root, place, { claims, pause, random, helpAfterMs });
  } catch (error) {
    client.destroy();
    throw error;
  }
}

interface ByClaims {
  readonly claims: Claims;
  readonly pause: (ms: number) => Promise<void>;
  readonly random: () => number;
  readonly helpAfterMs: number;
}

/** @param root what keys begin with in the bucket. @param byClaims where If-Match is not enough */
function storeIn(where: string, root: string, place: S3Place, byClaims?: ByClaims): ObjectStore {
  const { client, bucket, call } = place;
  const inBucket = (key: string): string => {
    checkKey(key);
    checkKey(root + key);
    return root + key;
  };
  const etagOf = (etag: string, writeId: string | null): string =>
    byClaims === undefined ? etag : versionedEtag({ etag, writeId });

  /** Null where there is none. */
  const read = (doing: string, Key: string, Range?: string): Promise<StoredObject | null> =>
    call(doing, async ({ signal }) => {
      try {
        const held = await client.send(new GetObjectCommand({ Bucket: bucket, Key, Range }), {
          abortSignal: signal,
        });
        const bytes = await held.Body!.transformToByteArray();
        return { bytes, etag: etagOf(held.ETag!, held.Metadata?.[writeIdName] ?? null) };
      } catch (error) {
        if (isAbsent(error)) return null;
        // Nothing of the object lies there.
        if (Range !== undefined && isStatus(error, 416))
          return { bytes: new Uint8Array(), etag: '' };
        throw error;
      }
    });

  return {
    where,
    get: async (key) => read(`read ${key}`, inBucket(key)),
    async range(key, start, end) {
      const inside = inBucket(key);
      if (end <= start) return new Uint8Array();
      const part = await read(`read of ${key}`, inside, `bytes=${start}-${end - 1}`);
      if (part !== null) return part.bytes;
      throw new SignpostError('objects-gone', `${where} holds no ${key} any more`);
    },
    async head(key) {
      const inside = inBucket(key);
      const there = await call(`look at ${key}`, ({ signal }) => look(place, inside, signal));
      if (there === null) return null;
      const { etag, writeId, bytes, modifiedAt } = there;
      return { key, bytes, etag: etagOf(etag, writeId), modifiedAt };
    },
    async put(key, bytes, condition) {
      const inside = inBucket(key);
      if (condition?.kind === 'match' && byClaims !== undefined) {
        const write = { key: inside, bytes, expected: condition.etag };
        return swapByClaim(place, byClaims, write);
      }
      const id = randomUUID();
      const put = await writeObject(place, { key: inside, bytes, guard: guardOf(condition), id });
      return put === 'conflict' ? put : { etag: etagOf(put.etag, id) };
    },
    async *list(prefix, after) {
      checkPrefix(prefix);
      const behind = after === undefined ? undefined : root + after;
      for await (const info of listKeys(place, { prefix: root + prefix, after: behind })) {
        const key = info.key.slice(root.length);
        if (!key.startsWith(`${hiddenFolder}/`)) yield { ...info, key };
      }
    },
    async delete(keys) {
      await deleteKeys(place, keys.map(inBucket));
    },
    async close() {
      await byClaims?.claims.close();
      client.destroy();
    },
  };
}

function guardOf(condition: PutCondition | undefined): Guard {
  if (condition === undefined) return {};
  return condition.kind === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.etag };
}
