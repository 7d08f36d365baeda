// Makes tables beside live ones, and puts them in their place in one transaction: whoever reads sees the old ones or the
// new ones, never something between.
import { setTimeout as pause } from 'node:timers/promises';
import { sql, type Kysely, type Transaction } from 'kysely';
import { SignpostError } from '../../errors.ts';
import type { Db } from '../postgres.ts';
import type { Tables } from '../tables.ts';
import { schemas } from './beside-queries.ts';
import { dressOf, hindrances, makingOf } from './table-form.ts';

type Tx = Transaction<Tables>;

/**
 * Makes empty tables beside these, in the schema `signpost_replay`, which is made anew.
 * @param also done in the same transaction, at its end
 * @throws SignpostError `store-refused` where this role may not, or where something of somebody else's hangs on them
 */
export async function makeTables(
  db: Db,
  tables: readonly string[],
  also?: (tx: Tx) => Promise<void>,
): Promise<void> {
  try {
    await db.query.transaction().execute(async (tx) => {
      await nameFully(tx);
      const hinder = await hindrances(tx, tables);
      if (hinder.length > 0) throw hindered(hinder, db.where);
      await sql.raw(`DROP SCHEMA IF EXISTS ${schemas.beside} CASCADE`).execute(tx);
      await sql.raw(`CREATE SCHEMA ${schemas.beside}`).execute(tx);
      for (const statement of await makingOf(tx, tables)) await sql.raw(statement).execute(tx);
      await also?.(tx);
    });
  } catch (error) {
    throw refused(error, db.where);
  }
}

/** How long a swap waits for those who read, before it lets them all through and tries again. */
const lockTimeoutMs = 2_000;
const attempts = 60;
const betweenMs = 500;

export interface Swap {
  /** In the order in which everybody locks them. */
  readonly tables: readonly string[];
  /** Within the transaction, before the tables are locked: rows that others would write are to be locked here. */
  readonly before?: (tx: Tx) => Promise<void>;
  /** Within the transaction, once the new tables are in place. `signpost_replaced` has the old ones. */
  readonly after?: (tx: Tx) => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Puts the tables beside in the place of the live ones, which are in the schema `signpost_replaced` from then on, for
 * those who had begun to read them. Tried again while readers or writers hold it up.
 * @throws SignpostError `store-busy` when they do so for long, with nothing changed
 */
export async function swapTables(db: Db, swap: Swap): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await db.query.transaction().execute((tx) => swapIn(tx, swap));
      return;
    } catch (error) {
      const isBusy = error instanceof SignpostError && error.code === 'store-busy';
      if (!isBusy || attempt >= attempts || swap.signal?.aborted) throw refused(error, db.where);
    }
    await pause(betweenMs);
  }
}

async function swapIn(tx: Tx, { tables, before, after }: Swap): Promise<void> {
  await sql`SELECT set_config('lock_timeout', ${String(lockTimeoutMs)}, true)`.execute(tx);
  await before?.(tx);
  await nameFully(tx);
  const names = tables.map((table) => `${schemas.live}.${table}`).join(', ');
  await sql.raw(`LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE`).execute(tx);
  const dress = await dressOf(tx, tables);
  await sql.raw(`DROP SCHEMA IF EXISTS ${schemas.replaced} CASCADE`).execute(tx);
  await sql.raw(`CREATE SCHEMA ${schemas.replaced}`).execute(tx);
  await move(tx, tables, schemas.live, schemas.replaced);
  await move(tx, tables, schemas.beside, schemas.live);
  for (const statement of dress) await sql.raw(statement).execute(tx);
  await after?.(tx);
}

/** A role that is named like the schema would be told names without it, which mean other tables once these have moved. */
async function nameFully(tx: Tx): Promise<void> {
  await sql`SELECT set_config('search_path', 'pg_catalog', true)`.execute(tx);
}

async function move(tx: Tx, tables: readonly string[], from: string, to: string): Promise<void> {
  for (const table of tables)
    await sql.raw(`ALTER TABLE ${from}.${table} SET SCHEMA ${to}`).execute(tx);
}

/** Takes the tables away that were replaced, and what is left beside. */
export async function dropReplaced(db: Db): Promise<void> {
  for (const schema of [schemas.replaced, schemas.beside])
    await sql.raw(`DROP SCHEMA IF EXISTS ${schema} CASCADE`).execute(db.query);
}

export async function hasTable(queries: Kysely<Tables>, name: string): Promise<boolean> {
  const { rows } = await sql<{ exists: boolean }>`
    SELECT to_regclass(${name}) IS NOT NULL AS exists`.execute(queries);
  return rows[0]?.exists === true;
}

const dropItHint = 'Drop it, and make it again afterwards: it would go on showing the old tables.';

function hindered(what: readonly string[], where: string): SignpostError {
  return new SignpostError(
    'store-refused',
    `In the database ${where} something hangs on the tables to be replaced: ${what.join('; ')}`,
    { hint: dropItHint },
  );
}

function refused(error: unknown, where: string): unknown {
  if (!(error instanceof SignpostError) || error.code !== 'store-refused') return error;
  if (error.hint === dropItHint) return error;
  return new SignpostError(error.code, error.message, {
    cause: error,
    hint: `To make tables beside the live ones in ${where}, the role must own these and may create schemas (GRANT CREATE ON DATABASE).`,
  });
}
