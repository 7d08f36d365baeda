// One database for the threads of a process: turns, deaths in the middle of a transaction, kills, second processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../services/core/store/migrate.ts';
import {
  openPgliteThread,
  type PgliteThread,
} from '../../services/core/store/open-pglite-thread.ts';
import { openPglite } from '../../services/core/store/pglite.ts';
import { connectPglite } from '../../services/core/store/pglite-client.ts';
import { isUniqueViolation } from '../../services/core/store/store-error.ts';

const support = join(import.meta.dirname, '../support');
const folder = mkdtempSync(join(tmpdir(), 'signpost-pglite-'));
let store: PgliteThread;

beforeAll(async () => {
  store = openPgliteThread(join(folder, 'shared'));
  await store.ready;
  await sql`CREATE TABLE things (n integer PRIMARY KEY)`.execute(store.db.query);
}, 60_000);

afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const things = async (): Promise<number[]> => {
  const { rows } = await sql<{ n: number }>`SELECT n FROM things ORDER BY n`.execute(
    store.db.query,
  );
  return rows.map(({ n }) => n);
};

describe('clients of one database', () => {
  test('wait for each others transactions and see what was committed', async () => {
    const other = connectPglite(store.connect(), 'the store');
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const first = store.db.query.transaction().execute(async (tx) => {
      await sql`INSERT INTO things VALUES (1)`.execute(tx);
      begun.resolve();
      await goOn.promise;
      await sql`INSERT INTO things VALUES (2)`.execute(tx);
    });
    await begun.promise;
    let seen: unknown;
    const second = sql`SELECT count(*)::int AS n FROM things`
      .execute(other.query)
      .then(({ rows }) => (seen = rows));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toBeUndefined();
    goOn.resolve();
    await Promise.all([first, second]);
    expect(seen).toEqual([{ n: 2 }]);
    await other.close();
  });

  test('get values as they were given: times, bytes, lists, large numbers, null', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    const { rows } = await sql`
      SELECT ${at}::timestamptz AS at, ${Buffer.from([0, 1, 255])}::bytea AS bytes,
        ${['a', "b'"]}::text[] AS list, 9007199254740993::bigint AS large, ${null}::text AS nothing,
        date '2026-01-02' AS day`.execute(store.db.query);
    expect(rows).toEqual([
      {
        at,
        bytes: new Uint8Array([0, 1, 255]),
        list: ['a', "b'"],
        large: '9007199254740993',
        nothing: null,
        day: '2026-01-02',
      },
    ]);
  });

  test('a statement that fails, alone or in a transaction, leaves the next turn alone', async () => {
    const twice = sql`INSERT INTO things VALUES (1)`.execute(store.db.query);
    expect(await twice.catch(isUniqueViolation)).toBe(true);
    const inTransaction = store.db.query.transaction().execute(async (tx) => {
      await sql`INSERT INTO things VALUES (10)`.execute(tx);
      await sql`SELECT * FROM nowhere`.execute(tx);
    });
    await expect(inTransaction).rejects.toMatchObject({ code: 'store-outdated' });
    expect(await things()).not.toContain(10);
  });

  test('one that dies in a transaction is rolled back, and the next turn is given', async () => {
    const port = store.connect();
    const worker = new Worker(join(support, 'pglite-client.child.ts'), {
      workerData: { port },
      transferList: [port],
      execArgv: [],
    });
    await once(worker, 'message');
    const waiting = things();
    await worker.terminate();
    expect(await waiting).not.toContain(666);
  });

  test('one that closes in a transaction is rolled back too', async () => {
    const other = connectPglite(store.connect(), 'the store');
    const refused = other.query.transaction().execute(async (tx) => {
      await sql`INSERT INTO things VALUES (667)`.execute(tx);
      await other.close();
      await sql`SELECT 1`.execute(tx);
    });
    await expect(refused).rejects.toMatchObject({ code: 'store-closed' });
    expect(await things()).not.toContain(667);
  });
});

describe('the directory', () => {
  test('is refused to a second one, in this process or another, with who holds it', async () => {
    const second = openPgliteThread(join(folder, 'shared'));
    await expect(second.ready).rejects.toMatchObject({
      code: 'store-in-use',
      message: expect.stringContaining('this very process'),
    });
    await expect(sql`SELECT 1`.execute(second.db.query)).rejects.toMatchObject({
      code: 'store-in-use',
    });
    await second.close();
    await expect(openPglite(join(folder, 'shared'))).rejects.toMatchObject({
      code: 'store-in-use',
    });
    const child = spawn(process.execPath, [
      join(support, 'pglite-writer.child.ts'),
      join(folder, 'shared'),
    ]);
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    await once(child, 'close');
    expect(said).toContain(`another Signpost process (pid ${process.pid}, since 20`);
    expect(await things()).toContain(1);
  }, 30_000);

  test('is given free by closing, and holds what it held', async () => {
    const directory = join(folder, 'again');
    for (const expected of [0, 1]) {
      const one = openPgliteThread(directory);
      await migrate(one.db);
      const { rows } = await sql<{ n: number }>`
        SELECT count(*)::int AS n FROM signpost.projections`.execute(one.db.query);
      expect(rows[0]?.n).toBe(expected);
      await sql`INSERT INTO signpost.projections (stage, topic, partition, epoch)
        VALUES ('aggregate', 't', ${expected}, 1)`.execute(one.db.query);
      await one.close();
    }
  }, 60_000);

  test('kill -9 in the middle of writing loses nothing that was committed, and tears nothing', async () => {
    const directory = join(folder, 'killed');
    for (let kill = 0; kill < 3; kill += 1) {
      const child = spawn(process.execPath, [join(support, 'pglite-writer.child.ts'), directory]);
      let told = 0;
      const enough = Promise.withResolvers<void>();
      createInterface(child.stdout).on('line', (line) => {
        told = Number(line);
        if (told >= 400 * (kill + 1)) enough.resolve();
      });
      child.once('exit', () => enough.reject(new Error('it ended by itself')));
      await enough.promise;
      child.kill('SIGKILL');
      await once(child, 'close').catch(() => undefined);
      const opened = openPgliteThread(directory);
      const { rows } = await sql<{ next: number; rows: number; last: number }>`
        SELECT (SELECT next FROM position), count(*)::int AS rows, max(n) AS last
        FROM rows_written`.execute(opened.db.query);
      const { next, rows: written, last } = rows[0]!;
      expect(next).toBeGreaterThanOrEqual(told);
      expect({ written, last }).toEqual({ written: next, last: next - 1 });
      await opened.close();
    }
  }, 120_000);

  test('waits for the disk at every commit', async () => {
    const shown = async (name: string) => {
      const { rows } = await sql`SHOW ${sql.raw(name)}`.execute(store.db.query);
      return rows;
    };
    expect(await shown('fsync')).toEqual([{ fsync: 'on' }]);
    // In WebAssembly the usual `fdatasync` returns at once.
    expect(await shown('wal_sync_method')).toEqual([{ wal_sync_method: 'fsync' }]);
  });

  test('killed while it was first made, is made anew', async () => {
    const directory = join(folder, 'half');
    const files = join(directory, 'postgres');
    // While its files are copied, and while PostgreSQL first opens them.
    for (const wanted of ['PG_VERSION', 'postmaster.pid']) {
      rmSync(directory, { recursive: true, force: true });
      const child = spawn(process.execPath, [join(support, 'pglite-writer.child.ts'), directory]);
      await expect.poll(() => existsSync(join(files, wanted)), { interval: 1 }).toBe(true);
      child.kill('SIGKILL');
      await once(child, 'close');
      const opened = openPgliteThread(directory);
      await expect(sql`SELECT 1 AS one`.execute(opened.db.query)).resolves.toMatchObject({
        rows: [{ one: 1 }],
      });
      await opened.close();
    }
  }, 60_000);

  test('closed while it is opened, or before that began, is left alone at once', async () => {
    const opening = openPgliteThread(join(folder, 'cut-off'));
    const asked = sql`SELECT 1`.execute(opening.db.query);
    asked.catch(() => {});
    await expect
      .poll(() => existsSync(join(folder, 'cut-off', 'postgres')), { interval: 1 })
      .toBe(true);
    await opening.close();
    await expect(asked).rejects.toMatchObject({ code: 'store-closed' });
    const waiting = openPgliteThread(join(folder, 'cut-off'), new Promise(() => {}));
    const never = sql`SELECT 1`.execute(waiting.db.query);
    never.catch(() => {});
    await waiting.close();
    await expect(never).rejects.toMatchObject({ code: 'store-closed' });
    const again = openPgliteThread(join(folder, 'cut-off'));
    await again.ready;
    await again.close();
  }, 60_000);

  test('that is damaged says so, and what to do', async () => {
    const directory = join(folder, 'damaged');
    const first = openPgliteThread(directory);
    await first.ready;
    await first.close();
    truncateSync(join(directory, 'postgres/global/pg_control'), 100);
    const opened = openPgliteThread(directory);
    await expect(opened.failed).rejects.toMatchObject({
      code: 'store-damaged',
      hint: expect.stringContaining('move the folder away'),
    });
    await opened.close();
  }, 60_000);

  test('where none can be made is told apart from one that is damaged', async () => {
    const opened = openPgliteThread('/proc/signpost/store');
    await expect(opened.ready).rejects.toMatchObject({ code: 'store-unwritable' });
    await opened.close();
  });
});
