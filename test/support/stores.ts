// The two databases that a store may be in, each new and with its tables made.
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { migrate } from '#core/store/migrate.ts';
import { openPglite } from '#core/store/pglite.ts';
import { connectPostgres, type Db } from '#core/store/postgres.ts';
import { postgresServer } from './servers.ts';

export const storeNames = ['PGlite', 'PostgreSQL'] as const;

/** Opening takes some seconds; whoever opens one closes it. */
export async function openStore(name: (typeof storeNames)[number]): Promise<Db> {
  const db = name === 'PGlite' ? await openPglite(undefined) : await newDatabase();
  await migrate(db);
  return db;
}

async function newDatabase(): Promise<Db> {
  const { url } = await postgresServer();
  const admin = connectPostgres({ url });
  const name = `store_${randomUUID().replaceAll('-', '')}`;
  await sql`CREATE DATABASE ${sql.id(name)}`.execute(admin.query);
  await admin.close();
  const own = new URL(url);
  own.pathname = `/${name}`;
  return connectPostgres({ url: own.href });
}
