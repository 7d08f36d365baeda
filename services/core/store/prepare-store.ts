// Makes the database that new ones are copies of, see prepared-store.ts: after `npm ci`, and before tests.
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MemoryFS, PGlite } from '@electric-sql/pglite';
import { sql } from 'kysely';
import { migrate } from './migrate.ts';
import { databaseOn } from './pglite.ts';
import { asLite } from './pglite-start.ts';
import { preparedFolder, preparedName, readPrepared } from './prepared-store.ts';

/**
 * Makes it where there is none of these versions, and removes those of others. Processes may do so at once, and be
 * killed while they do.
 * @returns its path
 */
export async function prepareStore(folder = preparedFolder): Promise<string> {
  const name = preparedName();
  const path = join(folder, name);
  if (readPrepared(folder) !== undefined) return path;
  mkdirSync(folder, { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, gzipSync(await newStore()), { flush: true });
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  for (const other of readdirSync(folder))
    if (/^store-\w+\.tar\.gz$/.test(other) && other !== name)
      rmSync(join(folder, other), { force: true });
  return path;
}

/** The tar of its files, as a database leaves them that is closed: one to recover would sync every file when opened. */
async function newStore(): Promise<Buffer> {
  const files = new ClosedFiles();
  const db = databaseOn(asLite(await PGlite.create({ fs: files })), 'memory');
  await migrate(db);
  // Two thirds of the files, for databases to be made from that nobody makes.
  await sql`UPDATE pg_database SET datistemplate = false`.execute(db.query);
  for (const template of ['template0', 'template1'])
    await sql`DROP DATABASE ${sql.id(template)}`.execute(db.query);
  await db.close();
  if (files.tar === undefined) throw new Error('PGlite has closed without closing its files');
  return Buffer.from(await files.tar.arrayBuffer());
}

class ClosedFiles extends MemoryFS {
  tar: Blob | undefined;

  /** Called when PostgreSQL has written its last, and the files are still there. */
  override async closeFs(): Promise<void> {
    this.tar = await this.dumpTar('store', 'none');
    await super.closeFs();
  }
}
