// Forgetting claims and the words of tickets, in small steps beside the work, by one copy at a time.
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Logger } from '../logger.ts';
import type { Db } from './postgres.ts';

export interface ClaimRetentionOptions {
  readonly now: () => number;
  readonly claimRetentionMs: number;
  readonly entityRetentionMs: number;
  readonly everyMs: number;
  readonly logger?: Logger;
}

export interface ClaimRetention {
  /** Resolves once nothing of it is under way. */
  stop(): Promise<void>;
}

const stepClaims = 5000;
const stepUpdates = 500;
/** Between steps, so that retention takes a share of the server and no more. */
const stepPauseMs = 50;
/** Beside the one of migrations. */
const lockKey = 74_467_679;

/** Looks at once and then every `everyMs`; what fails is logged and tried again the next time. */
export function startClaimRetention(db: Db, options: ClaimRetentionOptions): ClaimRetention {
  const stopped = new AbortController();
  const pass = async (): Promise<void> => {
    try {
      await forgetUpdates(db, options.now() - options.entityRetentionMs, stopped.signal);
      await forgetClaims(db, options.now() - options.claimRetentionMs, stopped.signal);
    } catch (error) {
      // The message alone: what else an error holds may name rows.
      const reason = error instanceof Error ? error.message : String(error);
      options.logger?.warn({ database: db.where, reason }, 'Old claims are forgotten later');
    } finally {
      isRunning = false;
    }
  };
  let isRunning = true;
  let running = pass();
  const timer = setInterval(() => {
    if (isRunning) return;
    isRunning = true;
    running = pass();
  }, options.everyMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      stopped.abort();
      await running;
    },
  };
}

/** Ids claimed on days that ended before `before`. */
async function forgetClaims(db: Db, before: number, signal: AbortSignal): Promise<void> {
  const day = new Date(before).toISOString().slice(0, 10);
  await inSteps(db, signal, async (tx) => {
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
  await inSteps(db, signal, async (tx) => {
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

type Transaction = Parameters<Parameters<ReturnType<Db['query']['transaction']>['execute']>[0]>[0];

/** Repeats `step`, a transaction each, until it has nothing to do, is told to stop, or another copy is at it. */
async function inSteps(
  db: Db,
  signal: AbortSignal,
  step: (tx: Transaction) => Promise<boolean>,
): Promise<void> {
  for (let more = true; more && !signal.aborted;) {
    more = await db.query.transaction().execute(async (tx) => {
      const { rows } = await sql<{ locked: boolean }>`
        SELECT pg_try_advisory_xact_lock(${sql.lit(lockKey)}) AS locked`.execute(tx);
      return rows[0]?.locked === true && (await step(tx));
    });
    if (more) await pause(signal);
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await sleep(stepPauseMs, undefined, { signal, ref: false }).catch(() => undefined);
}
