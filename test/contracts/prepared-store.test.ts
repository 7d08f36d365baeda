// What new databases are copies of: the same as one made anew, whole or not there, and never necessary.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate, migrations } from '../../services/core/store/migrate.ts';
import { databaseOn } from '../../services/core/store/pglite.ts';
import { startPglite } from '../../services/core/store/pglite-start.ts';
import type { Db } from '../../services/core/store/postgres.ts';
import { prepareStore } from '../../services/core/store/prepare-store.ts';
import {
  preparedFolder,
  preparedName,
  readPrepared,
} from '../../services/core/store/prepared-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'signpost-prepared-'));
const kept = join(folder, 'kept');

beforeAll(async () => {
  mkdirSync(kept);
  writeFileSync(join(kept, 'store-0123456789abcdef.tar.gz'), 'of an earlier version');
  writeFileSync(join(kept, 'another.file'), 'of somebody else');
  // As a machine leaves it that stopped while it was written.
  const whole = readFileSync(join(preparedFolder, preparedName()));
  writeFileSync(join(kept, preparedName()), whole.subarray(0, 100_000));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a prepared database', () => {
  test('that is cut off, or not there, is none', () => {
    expect(readPrepared(kept)).toBeUndefined();
    expect(readPrepared(join(folder, 'nowhere'))).toBeUndefined();
  });

  test('is made again by as many as like at once, who leave it alone there, but for what is not theirs', async () => {
    const [one, other] = await Promise.all([prepareStore(kept), prepareStore(kept)]);
    expect(one).toBe(other);
    expect(readdirSync(kept).toSorted()).toEqual(['another.file', preparedName()]);
    expect(readPrepared(kept)?.length).toBeGreaterThan(20_000_000);
  });

  test('has its tables at once, on disk and in memory, and they are those of one made anew, which can do without', async () => {
    const anew = join(folder, 'anew');
    const made = await open(anew, () => undefined);
    expect(await tables(made)).toEqual([]);
    await migrate(made);
    const expected = await tables(made);
    expect(expected.length).toBeGreaterThan(50);
    await made.close();
    const again = await open(anew, () => {
      throw new Error('asked for what only a new one is a copy of');
    });
    expect(await tables(again)).toEqual(expected);
    await again.close();
    for (const directory of [join(folder, 'copied'), undefined]) {
      const copied = await open(directory, () => readPrepared(kept));
      expect(await tables(copied)).toEqual(expected);
      const { rows } = await sql`SELECT name FROM signpost.migrations ORDER BY version`.execute(
        copied.query,
      );
      expect(rows).toEqual(migrations.map(({ name }) => ({ name })));
      await migrate(copied);
      expect(await tables(copied)).toEqual(expected);
      await copied.close();
    }
  });
});

async function open(
  directory: string | undefined,
  prepared: () => Buffer<ArrayBuffer> | undefined,
): Promise<Db> {
  return databaseOn(await startPglite(directory, 0, prepared), directory ?? 'memory');
}

/** Every column, index, constraint, view and function of the schema, as PostgreSQL defines it. */
async function tables({ query }: Db): Promise<readonly unknown[]> {
  const { rows } = await sql<{ what: string }>`
    SELECT concat_ws(' ', 'column', table_name, column_name, data_type, is_nullable, column_default,
        collation_name, generation_expression) AS what
      FROM information_schema.columns WHERE table_schema = 'signpost'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'signpost'
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = to_regnamespace('signpost')
    UNION ALL SELECT concat_ws(' ', 'view', viewname, definition)
      FROM pg_views WHERE schemaname = 'signpost'
    UNION ALL SELECT pg_get_functiondef(oid)
      FROM pg_proc WHERE pronamespace = to_regnamespace('signpost')
    ORDER BY what`.execute(query);
  return rows.map(({ what }) => what);
}
