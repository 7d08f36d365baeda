// The database itself: made once however many copies start, never taken back, run with few privileges.
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClaimStore } from '../../services/core/store/claim-store.ts';
import { migrate, migrations } from '../../services/core/store/migrate.ts';
import { connectPostgres, type Db } from '../../services/core/store/postgres.ts';
import { postgresServer } from '../support/servers.ts';
import { partition, update } from './claim-store.contract.ts';

/** Versions of a database that is up to date. */
const known = migrations.map((_, index) => index + 1);

describe('the database', () => {
  let admin: Db;
  let serverUrl: string;
  let url: URL;
  const opened: Db[] = [];

  beforeAll(async () => {
    serverUrl = (await postgresServer()).url;
    admin = connectPostgres({ url: serverUrl });
  });
  beforeEach(async () => {
    const name = `store_${randomUUID().replaceAll('-', '')}`;
    await sql`CREATE DATABASE ${sql.id(name)}`.execute(admin.query);
    url = new URL(serverUrl);
    url.pathname = `/${name}`;
  });
  afterAll(async () => {
    for (const db of opened) await db.close();
    await admin.close();
  });

  function connect(as: URL = url): Db {
    const db = connectPostgres({ url: as.href });
    opened.push(db);
    return db;
  }
  const versionsOf = async (db: Db): Promise<number[]> => {
    const rows = await db.query.selectFrom('signpost.migrations').select('version').execute();
    return rows.map(({ version }) => version);
  };

  it('is migrated once by five copies that start together', async () => {
    const copies = Array.from({ length: 5 }, () => connect());
    await Promise.all(copies.map((db) => migrate(db)));
    expect(await versionsOf(copies[0]!)).toEqual(known);
    await migrate(copies[0]!);
  });

  it('gets what it misses, and all of a migration or nothing', async () => {
    const db = connect();
    await migrate(db);
    const more = { name: 'more', statements: ['CREATE TABLE signpost.more (a int)'] };
    const broken = { name: 'broken', statements: ['CREATE TABLE signpost.b (a int)', 'nonsense'] };
    await expect(migrate(db, [...migrations, more, broken])).rejects.toThrow('syntax error');
    expect(await versionsOf(db)).toEqual(known);
    await migrate(db, [...migrations, more]);
    expect(await versionsOf(db)).toEqual([...known, known.length + 1]);
    const { rows } = await sql`SELECT to_regclass('signpost.b') AS b`.execute(db.query);
    expect(rows).toEqual([{ b: null }]);
  });

  it('of a later version is refused, and left as it is', async () => {
    const db = connect();
    await migrate(db, [...migrations, { name: 'later', statements: [] }]);
    await expect(migrate(db)).rejects.toMatchObject({
      code: 'store-newer',
      message: expect.stringContaining(
        `is at version ${known.length + 1}, this Signpost knows versions up to ${known.length}`,
      ),
    });
    expect(await versionsOf(db)).toEqual([...known, known.length + 1]);
  });

  it('with other migrations is refused', async () => {
    const db = connect();
    await migrate(db, [{ name: 'something', statements: [] }]);
    await expect(migrate(db)).rejects.toMatchObject({ code: 'store-foreign' });
  });

  it('serves a role that may read and write rows and nothing else', async () => {
    const owner = connect();
    await migrate(owner);
    const role = `r${randomUUID().replaceAll('-', '')}`;
    const id = sql.id(role);
    await sql`CREATE ROLE ${id} LOGIN PASSWORD 'of-a-test'`.execute(admin.query);
    await sql`GRANT USAGE ON SCHEMA signpost TO ${id}`.execute(owner.query);
    await sql`GRANT SELECT ON signpost.migrations TO ${id}`.execute(owner.query);
    await sql`GRANT SELECT, INSERT ON signpost.claim_sources TO ${id}`.execute(owner.query);
    await sql`
      GRANT SELECT, INSERT, DELETE ON signpost.claims, signpost.entity_updates TO ${id}`.execute(
      owner.query,
    );
    const as = new URL(url);
    as.username = role;
    as.password = 'of-a-test';
    const db = connect(as);
    await migrate(db);
    const warnings: unknown[] = [];
    const logger = { warn: (line: unknown) => warnings.push(line) };
    const store = createClaimStore(db, { logger: logger as never });
    const at = partition();
    const [outcome] = await store.claim(at, [update(at, '1', 0)]);
    expect(outcome?.owner).toEqual({ ...at, offset: 0 });
    await store.close();
    expect(warnings).toEqual([]);
    await expect(
      migrate(db, [...migrations, { name: 'x', statements: ['CREATE TABLE signpost.x (a int)'] }]),
    ).rejects.toMatchObject({ code: 'store-refused' });
    await sql`DROP OWNED BY ${id}`.execute(owner.query);
    await sql`DROP ROLE ${id}`.execute(admin.query);
  });

  it.each([
    ['not a url', 'sesame'],
    ['mysql://u:sesame@h/d', 'sesame'],
    ['postgres://u:sesame@h:99999/d', 'sesame'],
    ['postgres://u:sesame@h/d?sslmode=verify-full&sslrootcert=/no/such.pem', 'sesame'],
  ])('is not looked for at %s, and the error holds no password', (wrong, secret) => {
    let error: unknown;
    try {
      connectPostgres({ url: wrong });
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: 'config-invalid' });
    expect(error).not.toHaveProperty('cause');
    expect(JSON.stringify([error, String(error)])).not.toContain(secret);
  });
});
