// Planners' tables that are rebuilt from the archive equal the live ones, while those go on being written to, and whatever
// cuts the rebuild off.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedLog, type EmbeddedLog } from '#core/log/embedded/open.ts';
import { createLogger } from '#core/logger.ts';
import { runStage } from '#core/run-stage.ts';
import type { Stage } from '#core/stage.ts';
import type { Db } from '#core/store/postgres.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { toOutgoing } from '#core/topic.ts';
import type { Insight } from '#schemas/insight.ts';
import { packChangedWeeks } from '../../services/aggregate/pack-weeks.ts';
import { createCellPublisher } from '../../services/aggregate/publish-cells.ts';
import { createAggregate } from '../../services/aggregate/stage.ts';
import { insights, revisions } from '../../services/archive/datasets.ts';
import { rebuildAggregates } from '../../services/cli/archive/replay/aggregates.ts';
import { holdingsOf } from '../../services/cli/archive/replay/holdings.ts';
import { takeLease } from '../../services/cli/archive/replay/lease.ts';
import { createStand, writeStand, type Plan } from '../../services/cli/archive/replay/plan.ts';
import {
  insightsRevised,
  insightsShared,
  recordsDropped,
  recordsRejected,
} from '../../services/topology.ts';
import { createFiller, type Filler } from '../support/archive-fill.ts';
import { catalogueOf } from '../support/catalogue.ts';
import { freshDatabases } from '../support/fresh-database.ts';
import { jsonFiles } from '../support/json-files.ts';
import { createMemoryObjects } from '../support/memory-objects.ts';
import { plannerHistory, receiversOf, type PlannerRecord } from '../support/planner-records.ts';
import { emptyStore } from '../support/planner-store.ts';
import { rebuildQuietly } from '../support/rebuild-quietly.ts';

const everything = { from: null, to: null };
const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
  await pause(ms, undefined, { signal }).catch(() => undefined);
};

describe.each(freshDatabases)('on %s', (_, open) => {
  let db: Db;
  let directory: string;
  let log: EmbeddedLog;
  let access: {
    store: ReturnType<typeof createMemoryObjects>;
    format: ReturnType<typeof jsonFiles>;
  };
  let filler: Filler;
  beforeAll(async () => {
    db = await open();
  }, 60_000);
  afterAll(() => db.close());
  beforeEach(async () => {
    await emptyStore(db, 'and-names');
    await sql`DELETE FROM signpost.changed_days`.execute(db.query);
    directory = mkdtempSync(join(tmpdir(), 'signpost-replay-'));
    log = await openEmbeddedLog({ directory });
    await log.ensureTopics([insightsShared, insightsRevised, recordsRejected, recordsDropped]);
    access = { store: createMemoryObjects(), format: jsonFiles() };
    filler = createFiller(log, access);
  });
  afterEach(async () => {
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function say(history: readonly PlannerRecord[]): Promise<void> {
    for (const { insight, isRevision, timestamp } of history) {
      const topic = isRevision ? insightsRevised : insightsShared;
      await log.append([toOutgoing(topic, insight, { timestamp })]);
    }
  }

  async function archiveAll(most?: number): Promise<void> {
    await filler.fill(insights as never, most);
    await filler.fill(revisions as never, most);
  }

  /** The stage as it runs live. */
  function begin(): { stop(): Promise<void>; through(): Promise<void> } {
    const stopped = new AbortController();
    const stage = createAggregate({ store: createProjectionStore(db), receiversOf });
    const engine = {
      log,
      logger: createLogger('aggregate', 'silent'),
      metrics: createTelemetry(() => performance.now() / 1000).stage('aggregate'),
      rejected: recordsRejected,
      dropped: recordsDropped,
      sleep,
      maxRecords: 3,
    };
    const running = runStage(stage as unknown as Stage<never>, engine, stopped.signal);
    return {
      async stop() {
        stopped.abort();
        await running;
      },
      async through() {
        await expect.poll(offsetsLeft, { timeout: 20_000, interval: 20 }).toEqual([]);
      },
    };
  }

  async function offsetsLeft(): Promise<readonly string[]> {
    const rows = await db.query.selectFrom('signpost.projections').selectAll().execute();
    const at = new Map(
      rows.map((row) => [`${row.topic}/${row.partition}`, Number(row.next_offset)]),
    );
    return (await log.topics())
      .filter(({ name }) => name === insightsShared.name || name === insightsRevised.name)
      .flatMap(({ name, partitions }) =>
        partitions.flatMap(({ partition, end }) =>
          end > 0 && at.get(`${name}/${partition}`) !== end ? [`${name}/${partition}@${end}`] : [],
        ),
      );
  }

  async function project(): Promise<void> {
    const live = begin();
    await live.through();
    await live.stop();
  }

  async function facts(): Promise<readonly unknown[]> {
    const { rows } = await sql`
      SELECT to_jsonb(s) - 'changed' AS fact, to_jsonb(w) - 'search' AS words
      FROM signpost.signals s FULL JOIN signpost.words w ON w.entity = s.entity
      ORDER BY s.entity, w.entity`.execute(db.query);
    return rows;
  }

  async function packs(): Promise<readonly unknown[]> {
    await packChangedWeeks(db);
    const { rows } = await sql`
      SELECT week, stream, departments, count, length(columns) AS bytes FROM signpost.packed_weeks
      ORDER BY 1, 2, 3`.execute(db.query);
    return rows;
  }

  async function told(): Promise<number> {
    let cells = 0;
    const publish = createCellPublisher({
      db,
      now: () => 1,
      append: (records) => {
        cells += records.length;
        return Promise.resolve();
      },
    });
    while ((await publish()) !== 0);
    return cells;
  }

  interface Run {
    readonly span?: Plan['span'];
    readonly applied?: () => void;
    readonly completing?: () => Promise<unknown>;
    readonly isAlone?: boolean;
  }

  async function planned(span: Plan['span'] = everything): Promise<Plan> {
    const { ranges } = await holdingsOf(access.store, insights);
    const revised = await holdingsOf(access.store, revisions);
    const ends = [...ranges, ...revised.ranges];
    return { into: 'aggregates', span, model: null, settings: '', ends };
  }

  async function replay({ span = everything, applied, completing, isAlone = true }: Run = {}) {
    const plan = await planned(span);
    const what = rebuildAggregates({ receiversOf, wordsFrom: () => -Infinity });
    const lease = await takeLease(db, randomUUID(), { isAlone });
    try {
      return await rebuildQuietly(
        plan,
        {
          ...what,
          async apply(batch, tx) {
            await what.apply(batch, tx);
            applied?.();
          },
          async complete(context) {
            await completing?.();
            await what.complete(context);
          },
        },
        { db, access, log, lease, portion: 3 },
      );
    } finally {
      await lease.release();
    }
  }

  const historyOf = (seed: number, count: number): readonly PlannerRecord[] =>
    fc
      .sample(plannerHistory, { seed, numRuns: count })
      .flatMap((history, index) => history.map((one) => renamed(one, index)));

  it('rebuilt they are the same to the last row, and no cell is told anew', async () => {
    await say(historyOf(1, 12));
    await project();
    await archiveAll();
    await told();
    const [before, packed, catalogue] = [await facts(), await packs(), await catalogueOf(db)];
    expect(before.length).toBeGreaterThan(30);
    const done = await replay();
    expect(done).toMatchObject({ isResumed: false, fromTopics: 0 });
    expect(await facts()).toEqual(before);
    expect(await packs()).toEqual(packed);
    expect(await told()).toBe(0);
    expect(await catalogueOf(db)).toEqual(catalogue);
    // The live stage goes on as if nothing had been.
    await say(historyOf(2, 3).map((one) => renamed(one, 'later')));
    await project();
    const after = await facts();
    await emptyStore(db, 'but-names');
    await project();
    expect(after).toEqual(await facts());
  }, 60_000);

  it('what was wrong in them is right, and cells that were told wrong are told again', async () => {
    await say(historyOf(3, 8));
    await project();
    await archiveAll();
    await told();
    const before = await facts();
    await sql`DELETE FROM signpost.signals WHERE entity IN (SELECT entity FROM signpost.signals ORDER BY entity LIMIT 5)`.execute(
      db.query,
    );
    await sql`UPDATE signpost.signals SET theme = (SELECT max(id) FROM signpost.labels WHERE kind = 'theme'), at = at - interval '1 day'
      WHERE kind = 0 AND entity IN (SELECT entity FROM signpost.signals ORDER BY entity DESC LIMIT 7)`.execute(
      db.query,
    );
    await sql`DELETE FROM signpost.changed_cells`.execute(db.query);
    await replay();
    expect(await facts()).toEqual(before);
    expect(await told()).toBeGreaterThan(5);
  }, 60_000);

  it('of a span only what counts within is rebuilt, and all else stays as it is', async () => {
    await say(historyOf(4, 12));
    await project();
    await archiveAll();
    const before = (await facts()) as { fact: { entity: string; at: string } }[];
    const from = Date.UTC(2026, 2, 31);
    const to = from + 86_400_000;
    const isWithin = ({ fact }: { fact: { at: string } }): boolean =>
      Date.parse(fact.at) >= from && Date.parse(fact.at) < to;
    expect(before.filter(isWithin).length).toBeGreaterThan(5);
    expect(before.filter((one) => !isWithin(one)).length).toBeGreaterThan(5);
    await sql`UPDATE signpost.signals SET churn = 0.99`.execute(db.query);
    const spoilt = (await facts()) as typeof before;
    await replay({ span: { from, to } });
    const expected = before.map((one, index) => (isWithin(one) ? one : spoilt[index]!));
    expect(await facts()).toEqual(expected);
  }, 60_000);

  it('cut off anywhere, the same command goes on, and nothing is seen of it before the end', async () => {
    await say(historyOf(5, 8));
    await project();
    await archiveAll(20);
    const before = await facts();
    await sql`UPDATE signpost.signals SET churn = 0.5`.execute(db.query);
    const spoilt = await facts();
    const seen: unknown[] = [];
    let done: Awaited<ReturnType<typeof replay>> | undefined;
    let cuts = 0;
    for (let left = 2; done === undefined; left += 2) {
      let applied = 0;
      done = await replay({
        applied() {
          applied += 1;
          if (applied > left) throw new Error('killed');
        },
      }).catch((error: Error) => {
        if (error.message !== 'killed') throw error;
        return undefined;
      });
      if (done !== undefined) break;
      seen.push(await facts());
      cuts += 1;
    }
    expect(cuts).toBeGreaterThan(2);
    expect(seen).toEqual(Array.from({ length: cuts }, () => spoilt));
    expect(done.isResumed).toBe(true);
    expect(await facts()).toEqual(before);
  }, 60_000);

  it.each([
    ['a day later it is rebuilt anew once the archive has more', '1 day', true, false],
    ['a day later nothing is read where the archive has no more', '1 day', false, true],
    ['minutes later it is the run that was cut off', '2 minutes', true, true],
  ])(
    'killed after the swap, the same command drops what was left: %s',
    async (_what, ago, hasMore, isEnough) => {
      await say(historyOf(8, 6));
      await project();
      await archiveAll();
      const plan = await planned();
      await db.query.transaction().execute(async (tx) => {
        await sql`CREATE SCHEMA signpost_replaced`.execute(tx);
        await sql`CREATE SCHEMA signpost_replay`.execute(tx);
        await createStand(tx, plan);
        await writeStand(tx, { step: 'swapped', position: null, rows: 17 });
        await sql`UPDATE signpost_replay.replay SET at = at - ${sql.lit(ago)}::interval`.execute(
          tx,
        );
      });
      if (hasMore) {
        await say(historyOf(9, 3).map((one) => renamed(one, 'more')));
        await project();
        await archiveAll();
      }
      const before = await facts();
      await sql`UPDATE signpost.signals SET churn = 0.5`.execute(db.query);
      const spoilt = await facts();
      const done = await replay();
      expect(done.finished).toBeLessThan(Date.now());
      expect(done.isResumed).toBe(isEnough);
      expect(await facts()).toEqual(isEnough ? spoilt : before);
      const { rows } =
        await sql`SELECT FROM pg_namespace WHERE nspname IN ('signpost_replaced', 'signpost_replay')`.execute(
          db.query,
        );
      expect(rows).toEqual([]);
    },
    60_000,
  );

  it('while the live stage goes on writing nothing is lost and nothing is counted twice', async () => {
    await say(historyOf(6, 10));
    const live = begin();
    await live.through();
    await archiveAll();
    const more = historyOf(7, 14).map((one) => renamed(one, 'more'));
    let isOver = false;
    const talking = (async () => {
      for (const one of more) {
        await say([one]);
        if (!isOver) await pause(4);
      }
    })();
    const done = await replay({ completing: () => pause(150) });
    isOver = true;
    await talking;
    await live.through();
    await live.stop();
    expect(done.fromTopics).toBeGreaterThan(0);
    const after = await facts();
    const packed = await packs();
    await emptyStore(db, 'but-names');
    await project();
    expect(after).toEqual(await facts());
    expect(packed).toEqual(await packs());
  }, 60_000);

  it('what the topic has forgotten before it was archived is not lost without a word', async () => {
    await say(historyOf(8, 4));
    await project();
    await filler.fill(insights as never, 2);
    const topics = (await log.topics()).map((topic) =>
      topic.name === insightsShared.name
        ? { ...topic, partitions: topic.partitions.map((one) => ({ ...one, start: 5 })) }
        : topic,
    );
    const whole = log;
    log = { ...whole, topics: () => Promise.resolve(topics) };
    await expect(replay()).rejects.toMatchObject({ code: 'archive-gap' });
    log = whole;
  }, 60_000);

  it('two at once are refused, and one that was killed is followed', async () => {
    const lease = await takeLease(db, randomUUID(), { isAlone: false });
    await expect(takeLease(db, randomUUID(), { isAlone: false })).rejects.toMatchObject({
      code: 'replay-under-way',
    });
    await sql`UPDATE signpost.leases SET until = now() - interval '1 second'`.execute(db.query);
    const next = await takeLease(db, randomUUID(), { isAlone: false });
    await expect(lease.check(db.query)).rejects.toMatchObject({ code: 'replay-taken-over' });
    await next.check(db.query);
    await next.release();
    await lease.release();
  });
});

/** Things of another history are others. */
function renamed(one: PlannerRecord, name: number | string): PlannerRecord {
  const { insight } = one;
  const { signal } = insight;
  const id = `${name}-${insight.id}`;
  const renamedInsight: Insight = {
    ...insight,
    id,
    signal: { ...signal, id, sourceId: `${name}-${signal.sourceId}` },
  };
  return { ...one, insight: renamedInsight };
}
