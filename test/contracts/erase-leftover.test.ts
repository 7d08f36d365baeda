// What a replay of the archive left behind when it was cut off goes with the first erasure, from the files of the database
// too, and what a replay is filling holds up the end.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { besideQueries } from '#core/store/beside/beside-queries.ts';
import type { LogReader } from '#core/log/port.ts';
import { hasTable, makeTables, swapTables } from '#core/store/beside/swap-tables.ts';
import { migrate } from '#core/store/migrate.ts';
import { openPglite } from '#core/store/pglite.ts';
import type { Db } from '#core/store/postgres.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import { createAggregate } from '../../services/aggregate/stage.ts';
import { newErasure, registerErasure } from '../../services/archive/erasures.ts';
import { parquetFiles } from '../../services/archive/parquet-files.ts';
import { takeLease } from '../../services/cli/archive/replay/lease.ts';
import { erasePass } from '../../services/cli/erase/erase-pass.ts';
import type { PassParts } from '../../services/cli/erase/pass-parts.ts';
import { embeddedLife } from '../../services/cli/erase/topic-lives.ts';
import { insightsShared } from '../../services/topology.ts';
import { createMemoryObjects } from '../support/memory-objects.ts';
import { insightOf, receiversOf, signalOf } from '../support/planner-records.ts';

const start = Date.UTC(2026, 10, 1, 12);
const dayMs = 86_400_000;
const canary = 'kanarienvogel';
const tables = ['signals', 'words'];
const directory = mkdtempSync(join(tmpdir(), 'signpost-erase-leftover-'));
let db: Db;
beforeAll(async () => {
  db = await openPglite(directory);
  await migrate(db);
}, 60_000);
afterAll(async () => {
  await db.close();
  rmSync(directory, { recursive: true, force: true });
});

const nothing: LogReader = {
  topics: () => Promise.resolve([]),
  committed: () => Promise.resolve([]),
  read: (_topic, _partition, offset) =>
    Promise.resolve({ records: [], nextOffset: offset, endOffset: offset }),
  checkpoint: () => Promise.resolve(null),
  close: () => Promise.resolve(),
};

async function project(into: Db): Promise<void> {
  const inputs = Array.from({ length: 100 }, (_, n) => ({
    record: insightOf(
      signalOf({
        sourceId: `P-${n}`,
        customer: 'k1:gone',
        text: `${canary}${n} is down `.repeat(40),
        receivedAt: start,
        occurredAt: start,
      }),
    ),
    index: n,
    received: { topic: insightsShared.name, partition: 0, offset: n, timestamp: start },
  }));
  const aggregate = createAggregate({ store: createProjectionStore(into), receiversOf });
  await into.query.transaction().execute((tx) => aggregate.apply(inputs as never, tx));
}

/** Files of the database that hold these bytes. */
function filesWith(text: string): string[] {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(text));
}

it('tables of a replay that was cut off are dropped, and no erasure is done while one fills them', async () => {
  const objects = createMemoryObjects();
  const erasure = newErasure(['k1:gone'], { now: start, deadlineMs: 30 * dayMs });
  let now = start;
  const parts: PassParts = {
    objects,
    format: parquetFiles,
    db,
    isOwnDb: true,
    log: { log: nothing, topics: [], lives: () => embeddedLife(), waitsForGroups: true },
    entities: { rewriteEntities: () => Promise.resolve(0) },
    judgeOf: () => ({ letter: () => undefined, customer: () => undefined }),
    now: () => now,
    graceMs: 0,
  };
  await project(db);
  await makeTables(db, tables);
  await swapTables(db, { tables });
  await makeTables(db, tables);
  await project({ ...db, query: besideQueries(db.query, tables) });
  await registerErasure(objects, erasure);
  const replay = await takeLease(db, randomUUID(), { isAlone: false });
  await erasePass(parts);
  expect(await hasTable(db.query, 'signpost_replay.words')).toBe(true);
  now = erasure.deadlineAt;
  expect(await erasePass(parts)).toMatchObject([{ doneAt: null }]);
  expect(filesWith(canary)).not.toEqual([]);
  await replay.release();
  expect(await erasePass(parts)).toMatchObject([{ doneAt: now }]);
  expect(await hasTable(db.query, 'signpost_replay.words')).toBe(false);
  expect(await hasTable(db.query, 'signpost_replaced.words')).toBe(false);
  expect(filesWith(canary)).toEqual([]);
}, 60_000);
