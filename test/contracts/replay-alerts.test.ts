// What alerts are made of and what became of them comes back from the archive: the same incidents, what was told of them and
// what people did, and nobody is told again.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedLog, type EmbeddedLog } from '#core/log/embedded/open.ts';
import type { Db } from '#core/store/postgres.ts';
import { toOutgoing } from '#core/topic.ts';
import type { Alert } from '#schemas/alert.ts';
import type { Insight } from '#schemas/insight.ts';
import { acknowledge } from '../../services/alert/actions.ts';
import { bucketMs } from '../../services/alert/detect/detection.ts';
import { publishNext } from '../../services/alert/publish-alerts.ts';
import { alerts, insights } from '../../services/archive/datasets.ts';
import { rebuildAlerts } from '../../services/cli/archive/replay/alerts.ts';
import { holdingsOf } from '../../services/cli/archive/replay/holdings.ts';
import { takeLease } from '../../services/cli/archive/replay/lease.ts';
import type { Plan } from '../../services/cli/archive/replay/plan.ts';
import { alertsRaised, insightsShared } from '../../services/topology.ts';
import { createFiller, type Filler } from '../support/archive-fill.ts';
import {
  burst,
  createAlertWorld,
  emptyAlerts,
  monday,
  settings,
  ticketSaid,
} from '../support/alert-world.ts';
import { catalogueOf } from '../support/catalogue.ts';
import { freshDatabases } from '../support/fresh-database.ts';
import { jsonFiles } from '../support/json-files.ts';
import { createMemoryObjects } from '../support/memory-objects.ts';
import { receiversOf } from '../support/planner-records.ts';
import { simpleForm, simpleOptions } from '../support/simple-detector.ts';
import { rebuildQuietly } from '../support/rebuild-quietly.ts';

const everything = { from: null, to: null };
const hourMs = 3_600_000;

describe.each(freshDatabases)('on %s', (_, open) => {
  let db: Db;
  let directory: string;
  let log: EmbeddedLog;
  let access: {
    store: ReturnType<typeof createMemoryObjects>;
    format: ReturnType<typeof jsonFiles>;
  };
  let filler: Filler;
  let world: ReturnType<typeof createAlertWorld>;
  beforeAll(async () => {
    db = await open();
  }, 60_000);
  afterAll(() => db.close());
  beforeEach(async () => {
    await emptyAlerts(db);
    await sql`DELETE FROM signpost.projections`.execute(db.query);
    directory = mkdtempSync(join(tmpdir(), 'signpost-replay-'));
    log = await openEmbeddedLog({ directory });
    await log.ensureTopics([insightsShared, alertsRaised]);
    access = { store: createMemoryObjects(), format: jsonFiles() };
    filler = createFiller(log, access);
    world = createAlertWorld(db);
  });
  afterEach(async () => {
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function say(told: readonly Insight[]): Promise<void> {
    await log.append(
      told.map((one) => toOutgoing(insightsShared, one, { timestamp: one.signal.receivedAt })),
    );
    await world.project(told);
  }

  const publish = () =>
    publishNext({ db, log, holder: '00000000-0000-4000-8000-000000000001', clock: () => 0 });

  /** Two incidents, of which one was acknowledged, and one that goes on. */
  async function live(): Promise<void> {
    await say([...burst(0, 2), ...burst(1, 6), ...burst(2, 7)]);
    await world.evaluateTo(3);
    const rows = await db.query.selectFrom('signpost.incidents').select('id').execute();
    const at = world.now() + 1000;
    await acknowledge(db, rows[0]!.id, { by: 'ann', at }, world.context);
    await say([...burst(6, 8, { city: 'Fresno' }), ticketSaid({ id: 'late', at: monday })]);
    await world.evaluateTo(9);
    await say(burst(10, 9, { city: 'Oakland', theme: 'price' }));
    await world.evaluateTo(11);
  }

  async function replay(
    options: { span?: Plan['span']; form?: typeof simpleOptions; killAfter?: number } = {},
  ) {
    const { ranges } = await holdingsOf(access.store, insights);
    const span = options.span ?? everything;
    const plan: Plan = { into: 'alerts', span, model: null, settings: '', ends: ranges };
    const what = rebuildAlerts({
      access,
      receiversOf,
      config: settings,
      form: simpleForm(options.form ?? simpleOptions),
      now: () => world.now() + 400 * hourMs,
      isAlone: true,
    });
    const lease = await takeLease(db, randomUUID(), { isAlone: true });
    let applied = 0;
    try {
      return await rebuildQuietly(
        plan,
        {
          ...what,
          async apply(batch, tx) {
            await what.apply(batch, tx);
            applied += 1;
            if (applied > (options.killAfter ?? Infinity)) throw new Error('killed');
          },
        },
        { db, access, log, lease, portion: 5 },
      );
    } finally {
      await lease.release();
    }
  }

  const rowsOf = async (text: string): Promise<readonly unknown[]> =>
    (await sql<{ row: unknown }>`${sql.raw(text)}`.execute(db.query)).rows;
  const history = async () => ({
    incidents: await rowsOf(`SELECT to_jsonb(i) AS row FROM signpost.incidents i ORDER BY id`),
    counts: await rowsOf(
      `SELECT to_jsonb(c) AS row FROM signpost.incident_counts c ORDER BY incident_id, start`,
    ),
    transitions: await rowsOf(`SELECT to_jsonb(t) AS row FROM signpost.transitions t ORDER BY seq`),
    sightings: await rowsOf(`SELECT to_jsonb(s) AS row FROM signpost.sightings s ORDER BY id`),
    deliveries: await rowsOf(
      `SELECT to_jsonb(d) AS row FROM signpost.alert_deliveries d ORDER BY 1`,
    ),
    detector: await rowsOf(
      `SELECT to_jsonb(d) - 'snapshot' - 'snapshot_until' AS row FROM signpost.detector d`,
    ),
  });

  it('rebuilt from the archive beside the live ones they are the same, and nobody is told anew', async () => {
    await live();
    while ((await publish()) !== 0);
    await filler.fill(insights as never);
    const [before, catalogue] = [await history(), await catalogueOf(db)];
    expect(before.incidents).toHaveLength(3);
    await replay();
    expect(await history()).toEqual(before);
    expect(await catalogueOf(db)).toEqual(catalogue);
    expect(await publish()).toBe(0);
    // The detector goes on from where it was, and what it says then is told.
    world.restart();
    await world.evaluateTo(13);
    expect(await publish()).toBe(1);
  }, 60_000);

  it('what is on the topic and not archived yet is there too', async () => {
    await live();
    await filler.fill(insights as never, 4);
    for (const { partition, end } of (await log.topics()).find(
      ({ name }) => name === insightsShared.name,
    )!.partitions)
      await sql`INSERT INTO signpost.projections VALUES ('alert', ${insightsShared.name}, ${partition}, 1, ${end})`.execute(
        db.query,
      );
    const before = await history();
    const done = await replay();
    expect(done.fromTopics).toBeGreaterThan(5);
    expect(await history()).toEqual(before);
  }, 60_000);

  it('with the database gone they come back with what was told, by whom it was acknowledged, and as told already', async () => {
    await live();
    while ((await publish()) !== 0);
    await filler.fill(insights as never);
    await filler.fill(alerts as never);
    const before = await history();
    await emptyAlerts(db);
    await sql`UPDATE signpost.detector SET made = gen_random_uuid()`.execute(db.query);
    await replay();
    const after = await history();
    expect(after.counts).toEqual(before.counts);
    expect(after.incidents.map(standing)).toEqual(before.incidents.map(standing));
    expect(after.transitions.map(without('seq'))).toEqual(before.transitions.map(without('seq')));
    expect(await publish()).toBe(0);
  }, 60_000);

  it('by other options history is what they would have made of it, and as told to nobody', async () => {
    await live();
    await filler.fill(insights as never);
    await sql`UPDATE signpost.sightings SET theme = (SELECT min(id) FROM signpost.labels)`.execute(
      db.query,
    );
    await sql`DELETE FROM signpost.transitions`.execute(db.query);
    await sql`DELETE FROM signpost.incidents`.execute(db.query);
    while ((await publish()) !== 0);
    const told = (await log.topics()).find(({ name }) => name === alertsRaised.name);
    await replay({ form: { ...simpleOptions, minCustomers: 4 } });
    const after = await history();
    expect(after.incidents).toHaveLength(3);
    expect(
      after.incidents.map((row) => (row as { row: { is_past: boolean } }).row.is_past),
    ).toEqual([true, true, true]);
    expect(await publish()).toBe(0);
    expect((await log.topics()).find(({ name }) => name === alertsRaised.name)).toEqual(told);
    expect(after.deliveries).toEqual([]);
  }, 60_000);

  it('of a span only incidents that were detected in it are anew', async () => {
    await live();
    await filler.fill(insights as never);
    const before = await history();
    await sql`UPDATE signpost.incidents SET words = '{spoilt}', customers = 1`.execute(db.query);
    const from = monday + 6 * bucketMs;
    await replay({ span: { from, to: monday + 8 * bucketMs } });
    const after = await history();
    const customers = (rows: readonly unknown[]) =>
      rows.map((row) => (row as { row: { customers: number } }).row.customers);
    const isWithin = (row: unknown): boolean => {
      const at = Date.parse((row as { row: { detected_at: string } }).row.detected_at);
      return at >= from && at < monday + 8 * bucketMs;
    };
    expect(before.incidents.filter(isWithin)).toHaveLength(1);
    expect(customers(after.incidents)).toEqual(
      before.incidents.map((row) => (isWithin(row) ? customers([row])[0]! : 1)),
    );
    expect(after.transitions).toEqual(before.transitions);
    expect(after.sightings).toEqual(before.sightings);
  }, 60_000);

  it('cut off they are as they were, and the same command goes on', async () => {
    await live();
    await filler.fill(insights as never);
    const before = await history();
    await expect(replay({ killAfter: 2 })).rejects.toThrow('killed');
    expect(await history()).toEqual(before);
    await expect(replay({ killAfter: 1 })).rejects.toThrow('killed');
    expect(await replay()).toMatchObject({ isResumed: true });
    expect(await history()).toEqual(before);
  }, 60_000);
});

function standing(row: unknown): unknown {
  const {
    updated_at: _,
    planned: _planned,
    ...rest
  } = (row as { row: Record<string, unknown> }).row;
  return rest;
}

function without(name: string): (row: unknown) => unknown {
  return (row) => {
    const { [name]: _, record, ...rest } = (row as { row: Record<string, unknown> }).row;
    return { ...rest, record: record as Alert };
  };
}
