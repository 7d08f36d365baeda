// On one machine nobody else clears what was deleted away: PGlite has no autovacuum.
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '#core/store/migrate.ts';
import { openPglite } from '#core/store/pglite.ts';
import type { Db } from '#core/store/postgres.ts';
import { vacuum } from '#core/store/vacuum.ts';

let db: Db;
beforeAll(async () => {
  db = await openPglite(undefined);
  await migrate(db);
});
afterAll(() => db.close());

test('deleted words leave the pages they were on', async () => {
  await sql`INSERT INTO signpost.words (entity, received_at, departments, text, relevances)
    SELECT gen_random_uuid(), now(), 1, repeat('no signal in the cellar ', 20) || n, '[]'::jsonb
    FROM generate_series(1, 2000) AS n`.execute(db.query);
  const before = await pages();
  await db.query.deleteFrom('signpost.words').execute();
  expect(await pages()).toBe(before);
  await vacuum(db);
  expect(await pages()).toBe(0);
});

test('the size of tables is known to whoever plans a query', async () => {
  await sql`INSERT INTO signpost.changed_days (day) SELECT '2026-11-29'::date FROM generate_series(1, 500)`.execute(
    db.query,
  );
  await vacuum(db);
  const { rows } = await sql<{ rows: number }>`
    SELECT reltuples AS rows FROM pg_class WHERE oid = 'signpost.changed_days'::regclass`.execute(
    db.query,
  );
  expect(rows).toEqual([{ rows: 500 }]);
});

async function pages(): Promise<number> {
  const { rows } = await sql<{ bytes: string }>`
    SELECT pg_relation_size('signpost.words') AS bytes`.execute(db.query);
  return Number(rows[0]!.bytes) / 8192;
}
