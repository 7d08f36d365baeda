// PostgreSQL stopped at once (`pg_ctl stop -m immediate`) again and again while two copies project and publish under
// load: afterwards the facts and the published cells are what the records say, as if nothing had happened.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as fc from 'fast-check';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEmbeddedLog, type EmbeddedLog } from '#core/log/embedded/open.ts';
import { groupOf, runStage } from '#core/run-stage.ts';
import { migrate } from '#core/store/migrate.ts';
import { connectPostgres, type Db } from '#core/store/postgres.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { toOutgoing } from '#core/topic.ts';
import { startPostgres, type Postgres } from '../../scripts/services/postgres.ts';
import { publishCells } from '../../services/aggregate/publish-cells.ts';
import { createAggregate } from '../../services/aggregate/stage.ts';
import {
  insightsRevised,
  insightsShared,
  recordsDropped,
  recordsRejected,
} from '../../services/topology.ts';
import { seeded } from '../support/adversary.ts';
import { cellsByOracle, wordsByOracle } from '../support/planner-oracle.ts';
import { plannerHistory, receiversOf, type PlannerRecord } from '../support/planner-records.ts';
import { createCellReader, rounded, wordsIn } from '../support/planner-store.ts';

const kills = Number(process.env['SIGNPOST_KILLS'] ?? 6);
const histories = 60 * kills;
const topics = [insightsShared, insightsRevised, recordsRejected, recordsDropped];

let directory: string;
let postgres: Postgres;
let log: EmbeddedLog;
const opened: Db[] = [];
/** Batches that could not be projected at first. */
let failures = 0;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-aggregate-kill-'));
  chmodSync(directory, 0o711);
  postgres = await startPostgres({ dir: join(directory, 'server') });
  log = await openEmbeddedLog({ directory: join(directory, 'log') });
  await log.ensureTopics(topics);
  await migrate(connect());
}, 120_000);
afterAll(async () => {
  for (const db of opened) await db.close();
  await log.close();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
});

function connect(): Db {
  const db = connectPostgres({ url: postgres.url, connectTimeoutMs: 2000 });
  opened.push(db);
  return db;
}

it(
  'a database that is stopped at once again and again counts nothing twice and misses nothing',
  async () => {
    const random = seeded(7);
    const records = sampled();
    const stop = new AbortController();
    const reader = createCellReader();
    const work = [connect(), connect()].flatMap((db) => [
      project(db, stop.signal),
      publish(db, reader, stop.signal),
    ]);
    const failed = Promise.all(work);
    failed.catch(() => undefined);

    let struck = 0;
    const portion = Math.ceil(records.length / (kills + 1));
    for (let at = 0; at < records.length; at += portion) {
      await write(records.slice(at, at + portion));
      await pause(100 + random() * 600);
      if (struck < kills) {
        await stopAtOnce();
        struck += 1;
        await pause(random() * 300);
        await postgres.start();
      }
    }
    await expect.poll(isProjected, { timeout: 120_000, interval: 100 }).toBe(true);
    const left = async () => {
      const { rows } = await sql<{ left: number }>`
        SELECT count(*)::int AS left FROM signpost.changed_cells`.execute(opened[0]!.query);
      return rows[0]!.left;
    };
    await expect.poll(left, { timeout: 120_000, interval: 200 }).toBe(0);
    stop.abort();
    await failed;

    expect(struck).toBe(kills);
    expect(failures).toBeGreaterThanOrEqual(kills);
    const expected = cellsByOracle(records);
    const byKey = [...expected].map(([key, figures]) => [key, rounded(figures)] as const);
    expect(Object.fromEntries(reader.cells)).toEqual(Object.fromEntries(byKey));
    expect(await wordsIn(opened[0]!)).toEqual(wordsByOracle(records));
  },
  300_000 + kills * 5000,
);

/** Histories of things of their own, told one after the other. */
function sampled(): readonly PlannerRecord[] {
  return fc.sample(plannerHistory, { numRuns: histories, seed: 5 }).flatMap((history, n) =>
    history.map((record) => {
      const { signal } = record.insight;
      const id = `${n}/${signal.id}`;
      const own = { ...signal, id, sourceId: `${n}/${signal.sourceId}` };
      return { ...record, insight: { ...record.insight, id, signal: own } };
    }),
  );
}

async function write(records: readonly PlannerRecord[]): Promise<void> {
  await log.append(
    records.map(({ insight, isRevision, timestamp }) =>
      toOutgoing(isRevision ? insightsRevised : insightsShared, insight, { timestamp }),
    ),
  );
}

/** As `pg_ctl stop -m immediate`: no checkpoint, no goodbye; the next start recovers. */
async function stopAtOnce(): Promise<void> {
  process.kill(postgres.node.pid!, 'SIGQUIT');
  await expect.poll(() => postgres.node.state, { timeout: 10_000 }).toBe('stopped');
}

function project(db: Db, signal: AbortSignal): Promise<void> {
  const stage = createAggregate({ store: createProjectionStore(db), receiversOf });
  return runStage(
    stage,
    {
      log,
      logger: pino({ level: 'silent' }),
      metrics: createTelemetry(() => 0).stage('test'),
      rejected: recordsRejected,
      dropped: recordsDropped,
      // The engine waits for nothing else.
      async sleep(ms, ended) {
        failures += 1;
        await shortly(ms, ended);
      },
      maxRecords: 20,
    },
    signal,
  );
}

function publish(
  db: Db,
  reader: ReturnType<typeof createCellReader>,
  signal: AbortSignal,
): Promise<void> {
  return publishCells({
    db,
    append: (records) => reader.append(records),
    now: Date.now,
    logger: pino({ level: 'silent' }),
    sleep: shortly,
    signal,
  });
}

async function shortly(ms: number, signal: AbortSignal): Promise<void> {
  await pause(Math.min(ms, 50), undefined, { signal }).catch(() => undefined);
}

async function isProjected(): Promise<boolean> {
  const committed = await log.committed();
  const statuses = (await log.topics()).filter(({ name }) => name.startsWith('insights.'));
  return statuses.every(({ name: topic, partitions }) =>
    partitions.every(
      ({ partition, end }) =>
        end === 0 ||
        committed.some(
          (at) =>
            at.group === groupOf('aggregate') &&
            at.topic === topic &&
            at.partition === partition &&
            at.offset === end,
        ),
    ),
  );
}
