// Databases of a test's own, migrated: one on the shared server, one in memory.
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { migrate } from '#core/store/migrate.ts';
import { openPglite } from '#core/store/pglite.ts';
import { connectPostgres, type Db } from '#core/store/postgres.ts';
import { postgresServer } from './servers.ts';

/** Both, by name, for `describe.each`. */
export const freshDatabases: readonly (readonly [string, () => Promise<Db>])[] = [
  ['PGlite', freshPglite],
  ['PostgreSQL', freshPostgres],
];

export async function freshPglite(): Promise<Db> {
  const db = await openPglite(undefined);
  await migrate(db);
  return db;
}

export async function freshPostgres(): Promise<Db> {
  const { url: server } = await postgresServer();
  const admin = connectPostgres({ url: server });
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await sql`CREATE DATABASE ${sql.id(name)}`.execute(admin.query);
  await admin.close();
  const url = new URL(server);
  url.pathname = `/${name}`;
  const db = connectPostgres({ url: url.href });
  await migrate(db);
  return db;
}
