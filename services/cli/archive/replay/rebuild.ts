// Builds tables anew beside the live ones, from the archive and from what the topic holds beyond it, and puts them in their
// place: the way that aggregates and alerts go. Whatever ends it, the same command again goes on.
import { setTimeout as settle } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import type { Insight } from '#schemas/insight.ts';
import type { LogReader } from '#core/log/port.ts';
import type { Input } from '#core/stage.ts';
import { besideQueries } from '#core/store/beside/beside-queries.ts';
import { dropReplaced, makeTables, swapTables } from '#core/store/beside/swap-tables.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Tables } from '#core/store/tables.ts';
import type { Dataset } from '../../../archive/datasets.ts';
import type { FileAccess } from '../../../archive/read-file.ts';
import type { Lease } from './lease.ts';
import { loadRows } from './load-rows.ts';
import type { Pace } from './pace.ts';
import {
  createStand,
  isAsFar,
  isSame,
  readStand,
  writeStand,
  type Plan,
  type Stand,
} from './plan.ts';
import { createSeam, type Seam } from './seam.ts';

type Tx = Transaction<Tables>;

/** What is built, and how. Statements about its tables mean those beside wherever `beside` or `tx` is given. */
export interface Rebuild {
  readonly stage: 'aggregate' | 'alert';
  /** In the order in which everybody locks them. */
  readonly tables: readonly string[];
  readonly datasets: readonly Dataset<Insight>[];
  /** In the transaction in which the tables beside are made. */
  readonly prepare?: (tx: Tx) => Promise<void>;
  /** Writes the rows that a record makes, as the stage does. Any record may come again. */
  readonly apply: (batch: readonly Input<Insight>[], tx: Tx) => Promise<void>;
  /** What is to be done once all rows are there, before the swap. May be done again. */
  readonly complete: (context: RebuildContext) => Promise<void>;
  /** In the transaction of the swap, with the live tables still in place. @returns false when there is more to complete */
  readonly beforeSwap?: (tx: Tx, context: RebuildContext) => Promise<boolean>;
  /** In the transaction of the swap, with the new tables in place and the old ones in `signpost_replaced`. */
  readonly afterSwap?: (tx: Tx) => Promise<void>;
}

export interface RebuildContext {
  readonly db: Db;
  /** The same database, with the tables beside. */
  readonly beside: Db;
  readonly plan: Plan;
  readonly seam: Seam;
  readonly signal: AbortSignal;
}

export interface RebuildParts {
  readonly db: Db;
  readonly access: FileAccess;
  /** Undefined where there is none (any more). */
  readonly log: LogReader | undefined;
  readonly lease: Lease;
  readonly pace: Pace;
  /** Told how many rows were read, of how many. */
  readonly onProgress: (step: RebuildStep, rows: number) => void;
  readonly signal: AbortSignal;
  /** How long readers that had begun on the old tables are left to end. */
  readonly settleMs?: number;
  /** Rows written in one transaction. */
  readonly portion?: number;
}

export type RebuildStep = 'reading' | 'completing' | 'swapping';

export interface Rebuilt {
  /** Rows of the archive that were read, by this run and those that it went on from. */
  readonly rows: number;
  /** Records read from topics, which the archive did not have yet. */
  readonly fromTopics: number;
  /** It went on from where an earlier run was cut off. */
  readonly isResumed: boolean;
  /**
   * When an earlier run of the same command had put its tables in place, milliseconds since the epoch, and was cut off before
   * it dropped what they replaced; null where there was none. With `isResumed` nothing else was left to do, and nothing was.
   */
  readonly finished: number | null;
}

const usualSettleMs = 5_000;
/** Whoever gives the command again this soon means the run that was cut off. */
const soonMs = 10 * 60_000;

/** @throws SignpostError `interrupted` when `signal` aborts; with what is done kept */
export async function rebuild(plan: Plan, what: Rebuild, parts: RebuildParts): Promise<Rebuilt> {
  const { db, signal, onProgress, settleMs = usualSettleMs } = parts;
  const finished = await finishSwapped(plan, db);
  if (finished?.isEnough === true)
    return { rows: finished.rows, fromTopics: 0, isResumed: true, finished: finished.at };
  const begun = await begin(plan, what, db);
  const beside: Db = { ...db, query: besideQueries(db.query, what.tables) };
  let stand = begun.stand;
  if (stand.step === 'loading')
    stand = await loadRows(stand, what, { ...parts, beside, plan: stand.plan });
  const seam = await createSeam(stand.plan, what, { ...parts, beside });
  const context: RebuildContext = { db, beside, plan: stand.plan, seam, signal };
  for (;;) {
    onProgress('completing', stand.rows);
    await seam.catchUp();
    await what.complete(context);
    onProgress('swapping', stand.rows);
    let isComplete = true;
    await swapTables(db, {
      tables: what.tables,
      signal,
      before: async (tx) => {
        await parts.lease.check(tx);
        await seam.hold(tx);
        await seam.catchUpWithin(tx);
        isComplete = (await what.beforeSwap?.(tx, context)) ?? true;
        if (!isComplete) throw new Behind();
      },
      after: async (tx) => {
        await what.afterSwap?.(tx);
        await seam.handOver(tx);
        await writeStand(tx, { step: 'swapped', position: stand.position, rows: stand.rows });
      },
    }).catch((error: unknown) => {
      if (!(error instanceof Behind)) throw error;
    });
    if (isComplete) break;
  }
  await settle(settleMs, undefined, { signal }).catch(() => undefined);
  await dropReplaced(db);
  return {
    rows: stand.rows,
    fromTopics: seam.read(),
    isResumed: begun.isResumed,
    finished: finished?.at ?? null,
  };
}

/** The swap is given up: more has come that it needs. */
class Behind extends Error {}

/** Does what was left of a run that had put its tables in place: undefined where there is none. */
async function finishSwapped(
  plan: Plan,
  db: Db,
): Promise<{ readonly at: number; readonly rows: number; readonly isEnough: boolean } | undefined> {
  const known = await readStand(db);
  if (known?.step !== 'swapped' || !isSame(known.plan, plan)) return undefined;
  await dropReplaced(db);
  const isEnough = known.ageMs < soonMs || isAsFar(plan, known.plan);
  return { at: known.at, rows: known.rows, isEnough };
}

/** Goes on with what was begun, or begins anew. */
async function begin(
  plan: Plan,
  { tables, prepare }: Rebuild,
  db: Db,
): Promise<{ readonly stand: Stand; readonly isResumed: boolean }> {
  const known = await readStand(db);
  if (known !== null && isSame(known.plan, plan)) return { stand: known, isResumed: true };
  await makeTables(db, tables, async (tx) => {
    await prepare?.(tx);
    await createStand(tx, plan);
  });
  return { stand: { plan, step: 'loading', position: null, rows: 0 }, isResumed: false };
}
