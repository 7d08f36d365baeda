// Forgetting what is old, in small steps beside the work, by one copy at a time.
import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import type { Logger } from '../logger.ts';
import type { Db } from './postgres.ts';
import type { Tables } from './tables.ts';

/** Any numbers that nobody else uses for advisory locks: `signpost` on a telephone's keys, and on from there. */
export const lockKeys = {
  migrations: 74_467_678,
  claimRetention: 74_467_679,
  wordRetention: 74_467_680,
  gazetteer: 74_467_681,
  cells: 74_467_682,
  alerts: 74_467_683,
  alertEvaluation: 74_467_684,
  alertRetention: 74_467_685,
} as const;

export interface Retention {
  /** Resolves once nothing of it is under way. */
  stop(): Promise<void>;
}

export interface RetentionOptions {
  readonly everyMs: number;
  /** Says that a pass failed and what is done later instead, for example `Old claims are forgotten later`. */
  readonly later: string;
  readonly logger?: Logger | undefined;
}

/** Runs `pass` at once and then every `everyMs`; what fails is logged and tried again the next time. */
export function startRetention(
  db: Db,
  pass: (signal: AbortSignal) => Promise<void>,
  { everyMs, later, logger }: RetentionOptions,
): Retention {
  const stopped = new AbortController();
  let isRunning = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    try {
      await pass(stopped.signal);
    } catch (error) {
      // The message alone: what else an error holds may name rows.
      const reason = error instanceof Error ? error.message : String(error);
      logger?.warn({ database: db.where, reason }, later);
    } finally {
      isRunning = false;
    }
  };
  let running = run();
  const timer = setInterval(() => {
    if (!isRunning) running = run();
  }, everyMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      stopped.abort();
      await running;
    },
  };
}

/** Between steps, so that retention takes a share of the server and no more. */
const stepPauseMs = 50;

/** Repeats `step`, a transaction each, until it has nothing to do, is told to stop, or another copy is at it. */
export async function inSteps(
  db: Db,
  lockKey: number,
  signal: AbortSignal,
  step: (tx: Transaction<Tables>) => Promise<boolean>,
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
