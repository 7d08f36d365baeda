// Bench: how many insights a second become facts, in a real PostgreSQL and in PGlite: decoded, merged and committed with
// words, cells and offsets, in batches and lanes as the engine has them.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { insightCodec, type Insight } from '#schemas/insight.ts';
import { migrate } from '#core/store/migrate.ts';
import { openPglite } from '#core/store/pglite.ts';
import { connectPostgres, type Db } from '#core/store/postgres.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import { createAggregate } from '../../services/aggregate/stage.ts';
import { insightsShared } from '../../services/topology.ts';
import { startPostgres } from '../services/postgres.ts';
import { createBenchInsights } from './insights.ts';

const partitions = 4;
const lanes = 2;
const batchRecords = 500;

export interface ProjectFigures {
  readonly database: string;
  readonly records: number;
  /** New things, each with its words. */
  readonly perSecond: number;
  /** The same again: nothing is written. */
  readonly redeliveredPerSecond: number;
  /** A later update of each ticket. */
  readonly updatesPerSecond: number;
  readonly megabytes: number;
}

export async function benchProject(records: number): Promise<readonly ProjectFigures[]> {
  const made = createBenchInsights();
  const insights = Array.from({ length: records }, (_, n) => made(n, 1));
  const updates = Array.from({ length: records }, (_, n) => made(n, 2));
  return [await onPostgres(insights, updates), await onPglite(insights, updates)];
}

async function onPostgres(
  insights: readonly Insight[],
  updates: readonly Insight[],
): Promise<ProjectFigures> {
  const dir = mkdtempSync(join(tmpdir(), 'signpost-bench-'));
  // PostgreSQL never runs as root: whoever it runs as must be able to enter.
  chmodSync(dir, 0o711);
  const postgres = await startPostgres({ dir });
  const db = connectPostgres({ url: postgres.url });
  try {
    return await figuresOf('PostgreSQL', db, insights, updates);
  } finally {
    await db.close();
    await postgres.stop();
    rmSync(dir, { recursive: true });
  }
}

async function onPglite(
  insights: readonly Insight[],
  updates: readonly Insight[],
): Promise<ProjectFigures> {
  const dir = mkdtempSync(join(tmpdir(), 'signpost-bench-'));
  const db = await openPglite(dir);
  try {
    return await figuresOf('PGlite', db, insights, updates);
  } finally {
    await db.close();
    rmSync(dir, { recursive: true });
  }
}

async function figuresOf(
  database: string,
  db: Db,
  insights: readonly Insight[],
  updates: readonly Insight[],
): Promise<ProjectFigures> {
  await migrate(db);
  const perSecond = await rateOf(db, insights);
  const redeliveredPerSecond = await rateOf(db, insights);
  const updatesPerSecond = await rateOf(db, updates);
  const { rows } = await sql<{ bytes: number }>`
    SELECT pg_database_size(current_database())::float8 AS bytes`.execute(db.query);
  return {
    database,
    records: insights.length,
    perSecond,
    redeliveredPerSecond,
    updatesPerSecond,
    megabytes: Math.round(rows[0]!.bytes / 1e6),
  };
}

async function rateOf(db: Db, insights: readonly Insight[]): Promise<number> {
  const values = insights.map((insight) => insightCodec.encode(insight));
  const store = createProjectionStore(db);
  const stage = createAggregate({ store, receiversOf });
  const started = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let partition; (partition = next++) < partitions;) await project(partition);
  };
  const project = async (partition: number): Promise<void> => {
    const topic = insightsShared.name;
    const own = values.filter((_, n) => n % partitions === partition);
    const { epoch } = await store.acquire(stage.name, topic, partition);
    for (let at = 0; at < own.length; at += batchRecords) {
      const batch = own.slice(at, at + batchRecords).map((value, index) => {
        const received = { topic, partition, offset: at + index, key: null, value, headers: {} };
        return {
          record: insightCodec.decode(value),
          received: { ...received, timestamp: 0 },
          index,
        };
      });
      const nextOffset = at + batch.length;
      await store.commit({ stage: stage.name, topic, partition, epoch, nextOffset }, (tx) =>
        stage.apply(batch, tx),
      );
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return Math.round(insights.length / ((performance.now() - started) / 1000));
}

function receiversOf({ departments }: { readonly departments: Insight['departments'] }): string[] {
  return departments
    .filter(({ relevance }) => relevance >= 0.5)
    .map(({ department }) => department);
}
