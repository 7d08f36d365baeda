// Compare-and-swap on servers of which only "if there is none" can be trusted. Whoever is to replace a version first claims
// it: an object named after the key and the version, written only if absent, that holds what comes next. So each version
// has one successor, whatever happens. A claim whose writer died is carried out by the next who meets it; an object that a
// late request put back to an older version leads, by that version's claim, to the newer one again.
import { hash, randomUUID } from 'node:crypto';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { Claims } from './s3-claims.ts';
import { isAbsent } from './s3-errors.ts';
import { look, writeIdName, type S3Place, type ThereNow } from './s3-place.ts';
import { writeObject } from './s3-write.ts';

export interface SwapOptions {
  readonly claims: Pick<Claims, 'prefix' | 'done'>;
  /** Waits, or rejects when the store's signal aborts. */
  readonly pause: (ms: number) => Promise<void>;
  /** 0 to 1. */
  readonly random: () => number;
  /** How long a claim may be on its way before others carry it out. */
  readonly helpAfterMs: number;
}

/** Etags of this way: the server's, and the id of the write. */
export function versionedEtag({ etag, writeId }: Pick<ThereNow, 'etag' | 'writeId'>): string {
  return writeId === null ? etag : `${etag}/${writeId}`;
}

/** @param write.expected an etag made by `versionedEtag`, or the server's alone, as lists give */
export async function swapByClaim(
  place: S3Place,
  { claims, pause, random, helpAfterMs }: SwapOptions,
  write: { readonly key: string; readonly bytes: Uint8Array; readonly expected: string },
): Promise<{ readonly etag: string } | 'conflict'> {
  const { key, bytes, expected } = write;
  const lookAt = (): Promise<ThereNow | null> =>
    place.call(`look at ${key}`, ({ signal }) => look(place, key, signal));
  const there = await lookAt();
  if (there === null || !isVersion(expected, there)) return 'conflict';
  const version = versionedEtag(there);
  const claim = claims.prefix + hash('sha256', `${key}\n${version}`);
  const id = randomUUID();
  const won = await writeObject(place, { key: claim, bytes, guard: { IfNoneMatch: '*' }, id });
  if (won === 'conflict') {
    await carriedOut();
    return 'conflict';
  }
  const put = await writeObject(place, { key, bytes, guard: { IfMatch: there.etag }, id });
  claims.done(claim);
  // Somebody carried it out for us, and went on from there maybe: either way ours was what came next.
  const { etag } = put === 'conflict' ? won : put;
  return { etag: versionedEtag({ etag, writeId: id }) };

  /** Waits for the one who claimed, or does its work when it seems to be dead. */
  async function carriedOut(): Promise<void> {
    let pauseMs = 20;
    for (const until = performance.now() + helpAfterMs; performance.now() < until;) {
      await pause(pauseMs * (0.5 + random()));
      pauseMs = Math.min(2 * pauseMs, 500);
      const now = await lookAt();
      if (now === null || versionedEtag(now) !== version) return;
    }
    const next = await readClaim(place, claim);
    if (next === null) return;
    await writeObject(place, { key, ...next, guard: { IfMatch: there!.etag } });
  }
}

function isVersion(expected: string, there: ThereNow): boolean {
  return expected === versionedEtag(there) || expected === there.etag;
}

/** What is to come next, under the id that it was claimed with. */
function readClaim(
  { client, bucket, call }: S3Place,
  claim: string,
): Promise<{ readonly bytes: Uint8Array; readonly id: string } | null> {
  return call('read a claim', async ({ signal }) => {
    try {
      const held = await client.send(new GetObjectCommand({ Bucket: bucket, Key: claim }), {
        abortSignal: signal,
      });
      return {
        bytes: await held.Body!.transformToByteArray(),
        id: held.Metadata![writeIdName]!,
      };
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  });
}
