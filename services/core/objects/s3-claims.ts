// The claims of `s3-swap.ts` do not stay: each goes some time after it was carried out, when no request that knew of it can
// still be on its way; those of killed processes go when a store is opened.
import { deleteKeys, listKeys } from './s3-lists.ts';
import type { S3Place } from './s3-place.ts';

export interface Claims {
  /** As the bucket knows it, with a slash at its end. */
  readonly prefix: string;
  /** It was carried out. */
  done(claim: string): void;
  close(): Promise<void>;
}

const lifeMs = 900_000;
/** Of other processes' claims the age is told by the server's clock. */
const foreignLifeMs = 4 * lifeMs;
const sweepEveryMs = 60_000;

/** @param now milliseconds since the epoch */
export async function keepClaims(
  place: S3Place,
  prefix: string,
  now: () => number,
): Promise<Claims> {
  const left: string[] = [];
  for await (const { key, modifiedAt } of listKeys(place, { prefix }))
    if (modifiedAt < now() - foreignLifeMs) left.push(key);
  await deleteKeys(place, left);

  const finished: { readonly claim: string; readonly at: number }[] = [];
  const sweep = async (): Promise<void> => {
    const old = finished.findLastIndex(({ at }) => at < now() - lifeMs) + 1;
    const claims = finished.slice(0, old).map(({ claim }) => claim);
    try {
      await deleteKeys({ ...place, call: place.callAtEnd }, claims);
      finished.splice(0, old);
    } catch {
      // The next time.
    }
  };
  let sweeping = Promise.resolve();
  const timer = setInterval(() => {
    sweeping = sweeping.then(sweep);
  }, sweepEveryMs).unref();
  return {
    prefix,
    done: (claim) => void finished.push({ claim, at: now() }),
    async close() {
      clearInterval(timer);
      await sweeping;
    },
  };
}
