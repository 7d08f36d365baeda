// One of several copies works, and a killed one is soon relieved: an object says who, and until when. What is done under a
// lease must be right without it, for a process that was stopped for long believes that it still has it: it only saves
// several from doing the same work.
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';
import type { ObjectStore, PutCondition } from '#core/objects/port.ts';

const leaseSchema = z.object({
  owner: z.string(),
  /** Milliseconds since the epoch, by the owner's clock. */
  until: z.number(),
});

export interface LeaseParts {
  readonly store: ObjectStore;
  readonly key: string;
  /** Unique among all that may want it. */
  readonly owner: string;
  readonly lastsMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits, or returns early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

export type Leased<T> =
  | { readonly kind: 'worked'; readonly value: T }
  /** Somebody else has it. */
  | { readonly kind: 'held'; readonly until: number };

/** Works while it has the lease, and gives it back. @param work is to end soon when its signal aborts: the lease is lost, or all ends */
export async function withLease<T>(
  parts: LeaseParts,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Leased<T>> {
  const { store, key, owner, lastsMs, now, signal } = parts;
  const held = await store.get(key);
  const lease = held === null ? null : parsed(held.bytes);
  if (lease !== null && lease.owner !== owner && lease.until > now())
    return { kind: 'held', until: lease.until };
  const first = await put(held === null ? { kind: 'absent' } : { kind: 'match', etag: held.etag });
  if (first === 'conflict') return { kind: 'held', until: now() + lastsMs };
  let { etag } = first;
  const lost = new AbortController();
  const done = new AbortController();
  const renewing = renew();
  try {
    return { kind: 'worked', value: await work(AbortSignal.any([signal, lost.signal])) };
  } finally {
    done.abort();
    await renewing;
    // Whoever waits need not wait until it runs out. Nothing is lost where that fails.
    if (!lost.signal.aborted) await put({ kind: 'match', etag }, 0).catch(onlyOperational);
  }

  function put(condition: PutCondition, until = now() + lastsMs) {
    return store.put(key, new TextEncoder().encode(JSON.stringify({ owner, until })), condition);
  }

  async function renew(): Promise<void> {
    let until = now() + lastsMs;
    for (;;) {
      await parts.sleep(lastsMs / 3, done.signal);
      if (done.signal.aborted) return;
      try {
        const renewed = await put({ kind: 'match', etag });
        if (renewed === 'conflict') break;
        ({ etag } = renewed);
        until = now() + lastsMs;
      } catch (error) {
        onlyOperational(error);
        if (now() > until) break;
      }
    }
    lost.abort();
  }
}

function onlyOperational(error: unknown): void {
  if (!(error instanceof SignpostError)) throw error;
}

/** Null where it is none: then it is anybody's. */
function parsed(bytes: Uint8Array): z.output<typeof leaseSchema> | null {
  try {
    return leaseSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}
