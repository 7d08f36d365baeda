// Forgetting claims and the words of tickets; see `retention.ts`.
import { sql } from 'kysely';
import type { Logger } from '../logger.ts';
import type { Db } from './postgres.ts';
import { inSteps, lockKeys, startRetention, type Retention } from './retention.ts';

export interface ClaimRetentionOptions {
  readonly now: () => number;
  readonly claimRetentionMs: number;
  readonly entityRetentionMs: number;
  readonly everyMs: number;
  readonly logger?: Logger;
}

const stepClaims = 5000;
const stepUpdates = 500;
/** Looks at once and then every `everyMs`; what fails is logged and tried again the next time. */
export function startClaimRetention(db: Db, options: ClaimRetentionOptions): Retention {
  return startRetention(
    db,
    async (signal) => {
      await forgetUpdates(db, options.now() - options.entityRetentionMs, signal);
      await forgetClaims(db, options.now() - options.claimRetentionMs, signal);
    },
    { everyMs: options.everyMs, later: 'Old claims are forgotten later', logger: options.logger },
  );
}

/** Ids claimed on days that ended before `before`. */
async function forgetClaims(db: Db, before: number, signal: AbortSignal): Promise<void> {
  const day = new Date(before).toISOString().slice(0, 10);
  await inSteps(db, lockKeys.claimRetention, signal, async (tx) => {
    const { numAffectedRows } = await sql`
      DELETE FROM signpost.claims WHERE id = ANY (ARRAY (
        SELECT id FROM signpost.claims WHERE claimed_on < ${day}::date
        ORDER BY claimed_on LIMIT ${sql.lit(stepClaims)}
      ))`.execute(tx);
    return (numAffectedRows ?? 0n) > 0n;
  });
}

/** All updates of entities whose last one is older than `before`. */
async function forgetUpdates(db: Db, before: number, signal: AbortSignal): Promise<void> {
  const limit = new Date(before);
  // Old updates of entities that are still in use stay: a cursor passes over them.
  let after: { claimed_at: Date; entity: string } | undefined;
  await inSteps(db, lockKeys.claimRetention, signal, async (tx) => {
    const { rows } = await sql<{ claimed_at: Date; entity: string }>`
      SELECT claimed_at, entity FROM signpost.entity_updates
      WHERE claimed_at < ${limit}
      ${after === undefined ? sql`` : sql`AND (claimed_at, entity) > (${after.claimed_at}, ${after.entity}::uuid)`}
      GROUP BY claimed_at, entity ORDER BY claimed_at, entity LIMIT ${sql.lit(stepUpdates)}`.execute(
      tx,
    );
    after = rows.at(-1);
    if (after === undefined) return false;
    const entities = `{${[...new Set(rows.map(({ entity }) => entity))].join(',')}}`;
    await sql`
      DELETE FROM signpost.entity_updates u
      WHERE u.entity = ANY (${entities}::uuid[]) AND NOT EXISTS (
        SELECT FROM signpost.entity_updates newer
        WHERE newer.entity = u.entity AND newer.claimed_at >= ${limit}
      )`.execute(tx);
    return true;
  });
}
