// Claims in Postgres: who said something first, and what was said of a ticket so far, for any number of copies at once.
// An answer that was given is given again to the same records, whatever crashed in between, until retention.
import { setTimeout as sleep } from 'node:timers/promises';
import { SignpostError } from '../errors.ts';
import type { ClaimStore } from '../log/kafka/claim-store.ts';
import type { Claim, ClaimOutcome, Position } from '../log/port.ts';
import type { Logger } from '../logger.ts';
import { answer, packClaims } from './claim-pack.ts';
import type { PackedClaims } from './claim-pack.ts';
import { startClaimRetention } from './claim-retention.ts';
import {
  insertClaims,
  insertUpdates,
  readHistories,
  readOwners,
  sourceOf,
} from './claim-statements.ts';
import type { Db } from './postgres.ts';
import { isUniqueViolation } from './store-error.ts';

const dayMs = 86_400_000;
/** Each time somebody else was between reading and writing; that one got through, so a few are many. */
const attempts = 10;
const pauseMs = 5;

export interface ClaimStoreOptions {
  readonly logger?: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** How long an id stays claimed; rounded up to whole days. */
  readonly claimRetentionMs?: number;
  /** How long an entity's payloads, which hold words, are kept after its last one. */
  readonly entityRetentionMs?: number;
  /** How often what is older is looked for. */
  readonly retentionEveryMs?: number;
}

/**
 * The claims in a database that `migrate` brought up to date. Its close ends retention; the database stays open.
 * @throws SignpostError (`claim`) `claim-conflict` when others were faster too often; and those of `Db`
 */
export function createClaimStore(db: Db, options: ClaimStoreOptions = {}): ClaimStore {
  const now = options.now ?? Date.now;
  const sources = new Map<string, Promise<number>>();
  const retention = startClaimRetention(db, {
    now,
    claimRetentionMs: options.claimRetentionMs ?? 90 * dayMs,
    entityRetentionMs: options.entityRetentionMs ?? 30 * dayMs,
    everyMs: options.retentionEveryMs ?? dayMs / 24,
    ...(options.logger && { logger: options.logger }),
  });

  function sourceAt(at: Pick<Position, 'topic' | 'partition'>): Promise<number> {
    const name = `${at.topic}/${at.partition}`;
    const known = sources.get(name);
    if (known !== undefined) return known;
    const found = sourceOf(db, at);
    sources.set(name, found);
    found.catch(() => sources.delete(name));
    return found;
  }

  /** Undefined when somebody else changed what was read. */
  async function attempt(
    at: Pick<Position, 'topic' | 'partition'>,
    claims: readonly Claim[],
    packed: PackedClaims,
  ): Promise<readonly ClaimOutcome[] | undefined> {
    const source = await sourceAt(at);
    const stamp = { source, at: new Date(now()) };
    const histories = await readHistories(db, packed.entities);
    const taken = await insertClaims(db, claims, packed, histories, stamp);
    const owners = await readOwners(db, packed, taken);
    // Retention took one in between, or the database is another one by now.
    if (owners.size < taken.length) return undefined;
    const { outcomes, lost } = answer(claims, packed, { at, source, owners, histories });
    if (lost.length === 0) return outcomes;
    // Next time around these are found as any others are. What this time added comes first.
    const current = await readHistories(db, packed.entities);
    const missing = lost.filter((i) => {
      const id = packed.ids[packed.idOf[i]!];
      return !current[packed.entityOf[i]!]!.some((update) => update.id === id);
    });
    if (missing.length > 0) await insertUpdates(db, claims, packed, missing, current, stamp);
    return undefined;
  }

  return {
    async claim(at, claims) {
      if (claims.length === 0) return [];
      const packed = packClaims(claims);
      for (let count = 0; count < attempts; count += 1) {
        if (count > 0) await sleep(pauseMs * count);
        try {
          const outcomes = await attempt(at, claims, packed);
          if (outcomes !== undefined) return outcomes;
        } catch (error) {
          if (!isUniqueViolation(error) && !isBusy(error)) throw error;
        }
        sources.clear();
      }
      throw new SignpostError(
        'claim-conflict',
        `Others claimed what ${at.topic}, partition ${at.partition}, claims, ${attempts} times in a row`,
        { hint: 'Released, the batch comes again.' },
      );
    },
    close: () => retention.stop(),
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof SignpostError && error.code === 'store-busy';
}
