// Brings a database to the version this code knows: forward only, one copy at a time, all of it or nothing.
import { sql, type Transaction } from 'kysely';
import { SignpostError } from '../errors.ts';
import { claims } from './migrations/0001-claims.ts';
import { signals } from './migrations/0002-signals.ts';
import { packedWeeks } from './migrations/0003-packed-weeks.ts';
import { views } from './migrations/0004-views.ts';
import { alerts } from './migrations/0005-alerts.ts';
import { slowSources } from './migrations/0006-slow-sources.ts';
import { noWordStatistics } from './migrations/0007-no-word-statistics.ts';
import { comments } from './migrations/0008-comments.ts';
import type { Db } from './postgres.ts';
import { lockKeys } from './retention.ts';
import type { Tables } from './tables.ts';

/** Statements run once per database, in one transaction. A released one is never edited: another follows. */
export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

/** In order; the first is version 1. */
export const migrations: readonly Migration[] = [
  claims,
  signals,
  packedWeeks,
  views,
  alerts,
  slowSources,
  noWordStatistics,
  comments,
];

/**
 * Applies what is missing. Copies that start at once wait for the one that came first; a database that is up to date
 * is only read, so that a role without DDL privileges can run on it.
 * @throws SignpostError `store-newer` when the database was made by a later version of this code, `store-foreign` when
 *   its migrations are others, `store-refused` when something is missing that this role may not create
 */
export async function migrate(db: Db, known: readonly Migration[] = migrations): Promise<void> {
  if ((await appliedTo(db, known)) === known.length) return;
  await db.query.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(${sql.lit(lockKeys.migrations)})`.execute(tx);
    await prepare(tx);
    const applied = await applications(tx);
    check(applied, known, db.where);
    for (const [index, { name, statements }] of known.entries()) {
      if (index < applied.length) continue;
      for (const statement of statements) await sql.raw(statement).execute(tx);
      await tx
        .insertInto('signpost.migrations')
        .values({ version: index + 1, name })
        .execute();
    }
  });
}

/** How many are applied; 0 for a database without any. */
async function appliedTo(db: Db, known: readonly Migration[]): Promise<number> {
  const found = await sql<{ exists: boolean }>`
    SELECT to_regclass('signpost.migrations') IS NOT NULL AS exists`.execute(db.query);
  if (found.rows[0]?.exists !== true) return 0;
  const applied = await applications(db.query);
  check(applied, known, db.where);
  return applied.length;
}

type Queries = Db['query'] | Transaction<Tables>;

/** The schema may have been made by an administrator, and asking to create it needs a privilege even where it exists. */
async function prepare(tx: Transaction<Tables>): Promise<void> {
  const found = await sql<{ exists: boolean }>`
    SELECT to_regnamespace('signpost') IS NOT NULL AS exists`.execute(tx);
  if (found.rows[0]?.exists !== true) await sql`CREATE SCHEMA signpost`.execute(tx);
  await sql`
    CREATE TABLE IF NOT EXISTS signpost.migrations (
      version integer PRIMARY KEY,
      name text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`.execute(tx);
}

async function applications(queries: Queries): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('signpost.migrations')
    .select('name')
    .orderBy('version')
    .execute();
  return rows.map(({ name }) => name);
}

function check(applied: readonly string[], known: readonly Migration[], where: string): void {
  for (const [index, name] of applied.entries()) {
    const ours = known[index];
    if (ours === undefined) {
      throw new SignpostError(
        'store-newer',
        `The database ${where} is at version ${applied.length}, this Signpost knows versions up to ${known.length}`,
        { hint: 'Start the Signpost that made it, or a later one: a database never goes back.' },
      );
    }
    if (ours.name !== name) {
      throw new SignpostError(
        'store-foreign',
        `Version ${index + 1} of the database ${where} is '${name}', which this Signpost knows as '${ours.name}'`,
        { hint: 'Was it made by another branch, or by something else that has a schema signpost?' },
      );
    }
  }
}
