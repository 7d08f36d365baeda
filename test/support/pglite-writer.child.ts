// Writes rows and their offset together for as long as it lives; says how far it is. Killed by the test that starts it.
import { sql } from 'kysely';
import { openPgliteThread } from '../../services/core/store/open-pglite-thread.ts';

const store = openPgliteThread(process.argv[2]!);
const { query } = store.db;
await store.ready;
await sql`CREATE TABLE IF NOT EXISTS rows_written (n integer PRIMARY KEY, padding text)`.execute(
  query,
);
await sql`CREATE TABLE IF NOT EXISTS position (next integer)`.execute(query);
const { rows } = await sql<{ next: number }>`SELECT next FROM position`.execute(query);
if (rows.length === 0) await sql`INSERT INTO position VALUES (0)`.execute(query);
const padding = 'x'.repeat(2000);
for (let n = rows[0]?.next ?? 0; ; n += 10) {
  await query.transaction().execute(async (tx) => {
    for (let row = n; row < n + 10; row += 1)
      await sql`INSERT INTO rows_written VALUES (${row}, ${padding})`.execute(tx);
    await sql`UPDATE position SET next = ${n + 10}`.execute(tx);
  });
  process.stdout.write(`${n + 10}\n`);
}
