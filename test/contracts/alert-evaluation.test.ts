// What becomes of sightings on either database: each once, evaluated bucket by bucket whatever is killed, with what an
// incident is told as, to whom, and who may read it.
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Alert } from '#schemas/alert.ts';
import { SignpostError } from '#core/errors.ts';
import type { Db } from '#core/store/postgres.ts';
import { bucketMs } from '../../services/alert/detect/detection.ts';
import type { DetectorForm } from '../../services/alert/detector-state.ts';
import { readSightings } from '../../services/alert/sighting-rows.ts';
import { applySilences, planRepeats } from '../../services/alert/tick.ts';
import {
  burst,
  createAlertWorld,
  emptyAlerts,
  monday,
  settings,
  ticketSaid,
  transitionsIn,
} from '../support/alert-world.ts';
import { freshDatabases } from '../support/fresh-database.ts';
import { simpleForm, simpleOptions } from '../support/simple-detector.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

describe.each(freshDatabases)('on %s', (_, open) => {
  let db: Db;
  beforeAll(async () => {
    db = await open();
  }, 60_000);
  afterAll(() => db.close());
  beforeEach(() => emptyAlerts(db));

  const states = async () =>
    (await transitionsIn(db)).map(({ state, reason, bucket }) => `${state} ${reason} ${bucket}`);
  const deliveries = async () =>
    (
      await sql<{ told: string }>`
        SELECT t.state || ' ' || d.target || ' ' || d.repeat AS told FROM signpost.alert_deliveries d
        JOIN signpost.transitions t ON t.id = d.transition_id ORDER BY t.seq, d.target, d.repeat`.execute(
        db.query,
      )
    ).rows.map(({ told }) => told);

  describe('a sighting', () => {
    it('is kept once, with all that it says, however often it comes', async () => {
      const world = createAlertWorld(db);
      const one = ticketSaid({
        id: 'T-1',
        at: monday,
        product: 'home internet',
        customer: 'tok-ann',
      });
      await world.project([one, one]);
      await world.project([one]);
      const read = await readSightings(db.query, monday, monday + bucketMs);
      expect(read).toEqual([
        {
          id: one.id,
          at: monday,
          countsAt: monday,
          receivedAt: monday + 30_000,
          source: 'desk',
          place: {
            country: 'US',
            region: 'California',
            city: 'Newark',
            area: null,
            postcode: null,
            site: null,
          },
          theme: 'outage',
          product: 'home internet',
          customer: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
          departments: ['operations'],
        },
      ]);
    });

    it('that says so itself is late, wherever it comes in the order', async () => {
      const world = createAlertWorld(db);
      const due = monday + bucketMs + settings.latenessMs;
      await world.project([
        ticketSaid({ id: 'first', at: monday - dayMs, receivedAt: monday - dayMs }),
        ticketSaid({ id: 'just', at: monday, receivedAt: due }),
        ticketSaid({ id: 'late', at: monday, receivedAt: due + 1 }),
      ]);
      const read = await readSightings(db.query, monday, monday + bucketMs);
      expect(read.map(({ id }) => id)).toEqual(['desk/just/1']);
      expect([...world.late]).toEqual([['desk', 1]]);
    });

    it('of the time before its source was heard of is history, and counts', async () => {
      const world = createAlertWorld(db);
      const receivedAt = monday + 60 * dayMs;
      await world.project([
        ticketSaid({ id: 'old', at: monday, receivedAt }),
        ticketSaid({ id: 'older', at: monday - dayMs, receivedAt: receivedAt + 5000 }),
      ]);
      expect(await readSightings(db.query, monday - dayMs, monday + dayMs)).toHaveLength(2);
      expect(world.late.size).toBe(0);
    });

    it('whose bucket was evaluated changes nothing', async () => {
      const world = createAlertWorld(db);
      await world.project(burst(0, 2));
      await world.evaluateTo(1);
      await world.project(burst(0, 9, { customer: 'x', theme: 'price' }));
      expect([...world.late]).toEqual([['desk', 9]]);
      await world.evaluateTo(2);
      expect(await states()).toEqual([]);
    });
  });

  describe('an incident', () => {
    it('is told when it begins, widens, ends and rises again, and charted meanwhile', async () => {
      const world = createAlertWorld(db);
      await world.project([
        ...burst(0, 2),
        ...burst(1, 6),
        ...burst(2, 7),
        ...burst(3, 6, { theme: 'price' }),
        ...burst(6, 8),
      ]);
      await world.evaluateTo(8);
      expect(await states()).toEqual([
        'firing began 2',
        'firing widened 4',
        'resolved counts-are-usual 5',
        'reopened rose-again 7',
        'resolved counts-are-usual 8',
      ]);
      const numbers = (await transitionsIn(db)).map(({ record }) => (record as Alert).customers);
      expect(numbers).toEqual([6, 19, 19, 19, 19]);
      const { rows } = await sql<{ start: Date; customers: number }>`
        SELECT start, customers FROM signpost.incident_counts ORDER BY start`.execute(db.query);
      const charted = rows.map(({ start, customers }) => [
        (start.getTime() - monday) / bucketMs,
        customers,
      ]);
      expect(charted).toEqual([
        [1, 6],
        [2, 7],
        [3, 6],
        [4, 0],
        [6, 8],
        [7, 0],
      ]);
    });

    it('says where, what and how many, in the record and in a sentence', async () => {
      const world = createAlertWorld(db);
      await db.query
        .insertInto('signpost.gazetteer')
        .values({ ...line, row: 1, subscribers: 900 })
        .execute();
      await db.query
        .insertInto('signpost.waves')
        .values([
          { wave: 'Wave 3', area: 'newark-west', technology: 'fibre', planned_on: '2026-06-03' },
          { wave: 'Wave 4', area: 'newark-west', technology: 'fibre', planned_on: '2026-06-09' },
          { wave: 'Wave 5', area: 'fremont', technology: 'fibre', planned_on: '2026-06-01' },
        ])
        .execute();
      await world.project([...burst(0, 1), ...burst(1, 6)]);
      await world.evaluateTo(2);
      const [told] = await transitionsIn(db);
      expect(told?.record).toMatchObject({
        placeLevel: 'city',
        place: 'Newark, California',
        placePath: { country: 'US', region: 'California', city: 'Newark' },
        themes: ['outage'],
        customers: 6,
        reason: 'began',
        departments: ['operations'],
        sources: ['desk'],
        summary:
          '6 customers in Newark, California report outages since 00:15 UTC; about 1 is usual.',
        planned: ['Wave 3: fibre in newark-west, planned for 2026-06-03.'],
        budgetPerWeek: 1,
      } satisfies Partial<Alert>);
      const alert = told!.record as Alert;
      expect(alert.estimatedAffected).toBeCloseTo(5.5 / Math.sqrt(0.0002), 6);
      expect(alert.estimatedAffectedLow).toBeCloseTo(3 / 0.02, 6);
      expect(alert.estimatedAffectedHigh).toBe(900);
      expect(alert.userMinutes).toBeCloseTo(alert.estimatedAffected! * 20, 6);
    });

    it('tells words that several customers used and that were not usual', async () => {
      const world = createAlertWorld(db);
      const said = [
        ...burst(-90, 30, { text: 'My internet is down again, please help' }),
        ...burst(1, 8, { text: 'Internet down since the storm at Thornton Avenue' }),
        ...burst(1, 2, { text: 'Zyxwv secret', theme: 'outage', city: 'Newark', source: 'b' }),
      ];
      await world.project(said);
      await storeWords(db, said);
      await world.evaluateTo(2);
      const told = (await transitionsIn(db)).find(({ bucket }) => bucket === 2);
      expect((told!.record as Alert).words.toSorted()).toEqual(['avenue', 'storm', 'thornton']);
    });

    it('found in history is told to nobody and marked as past', async () => {
      const world = createAlertWorld(db);
      await world.project([...burst(0, 1), ...burst(1, 6)]);
      world.setNow(monday + 30 * dayMs);
      await world.evaluateTo(4);
      expect(await states()).toEqual(['firing began 2', 'resolved counts-are-usual 3']);
      expect(await deliveries()).toEqual([]);
      const rows = await db.query.selectFrom('signpost.incidents').select('is_past').execute();
      expect(rows).toEqual([{ is_past: true }]);
    });

    it('is seen by readers of departments that should know, and by no others', async () => {
      const world = createAlertWorld(db);
      await sql`INSERT INTO signpost.departments (bit, name) VALUES (40, 'marketing') ON CONFLICT DO NOTHING`.execute(
        db.query,
      );
      await world.project(burst(1, 6));
      await world.evaluateTo(2);
      const one = { incidents: 1, transitions: 1, counts: 1, deliveries: 1, sightings: 6 };
      const none = { incidents: 0, transitions: 0, counts: 0, deliveries: 0, sightings: 0 };
      expect(await seenBy('operations')).toEqual(one);
      expect(await seenBy('marketing')).toEqual(none);
    });

    async function seenBy(department: string) {
      return db.query.transaction().execute(async (tx) => {
        await sql`
          SELECT set_config('signpost.departments', (SELECT (1::bigint << bit)::text FROM signpost.departments
            WHERE name = ${department}), true), set_config('role', 'signpost_reader', true)`.execute(
          tx,
        );
        const { rows } = await sql<Record<string, number>>`
          SELECT (SELECT count(*)::int FROM signpost.incidents) AS incidents,
            (SELECT count(*)::int FROM signpost.transitions) AS transitions,
            (SELECT count(*)::int FROM signpost.incident_counts) AS counts,
            (SELECT count(*)::int FROM signpost.alert_deliveries) AS deliveries,
            (SELECT count(*)::int FROM signpost.sightings) AS sightings`.execute(tx);
        return rows[0];
      });
    }
  });

  describe('who is told', () => {
    it('is told of each transition once, by each target', async () => {
      const world = createAlertWorld(db, { targets: ['noc', 'chat'] });
      await world.project(burst(1, 6));
      await world.evaluateTo(4);
      expect(await deliveries()).toEqual([
        'firing chat 0',
        'firing noc 0',
        'resolved chat 0',
        'resolved noc 0',
      ]);
    });

    it('is told again while it fires, but not of times that have gone by', async () => {
      const world = createAlertWorld(db);
      await world.project(burst(1, 6));
      await world.evaluateTo(2);
      const told = world.now();
      const repeat = (hours: number) => planRepeats(db, 4 * hourMs, told + hours * hourMs);
      expect(await repeat(3.9)).toBe(0);
      expect(await repeat(4)).toBe(1);
      expect(await repeat(5)).toBe(0);
      expect(await repeat(17)).toBe(1);
      expect(await deliveries()).toEqual(['firing noc 0', 'firing noc 1', 'firing noc 4']);
      await sql`UPDATE signpost.incidents SET state = 'acknowledged'`.execute(db.query);
      expect(await repeat(40)).toBe(0);
    });

    it('is not told of what a silence covers until the silence ends and it still stands', async () => {
      const world = createAlertWorld(db);
      await silence(db, 's1', monday, monday + 8 * bucketMs);
      await world.project([...burst(1, 6), ...burst(2, 6)]);
      await world.evaluateTo(3);
      expect(await states()).toEqual(['suppressed silenced 2']);
      expect(await applySilences(db, world.context, world.now())).toBe(0);
      expect(await applySilences(db, world.context, monday + 8 * bucketMs)).toBe(1);
      const [, fires] = await transitionsIn(db);
      expect(fires).toMatchObject({ state: 'firing', reason: 'silence-ended' });
      expect(await deliveries()).toEqual(['firing noc 0']);
    });

    it('is told nothing of what began and ended in silence', async () => {
      const world = createAlertWorld(db, {});
      await silence(db, 's1', monday, monday + dayMs);
      await world.project(burst(1, 6));
      await world.evaluateTo(4);
      expect(await states()).toEqual(['suppressed silenced 2', 'resolved counts-are-usual 3']);
    });
  });

  describe('a process', () => {
    const said = [
      ...burst(0, 2),
      ...burst(1, 6),
      ...burst(30, 7),
      ...burst(31, 9, { theme: 'price' }),
      ...burst(33, 6, { city: 'Fremont' }),
      ...burst(60, 6),
    ];

    it('that starts again anywhere says the same, under the same ids', async () => {
      const world = createAlertWorld(db);
      await world.project(said);
      await world.evaluateTo(70);
      const expected = await transitionsIn(db);
      expect(expected.length).toBeGreaterThan(7);
      await emptyAlerts(db);
      const killed = createAlertWorld(db);
      await killed.project(said);
      for (let bucket = 1; bucket <= 70; bucket += 3) {
        killed.restart();
        await killed.evaluateTo(bucket);
      }
      killed.restart();
      await killed.evaluateTo(70);
      expect(ignoringOrder(await transitionsIn(db))).toEqual(ignoringOrder(expected));
    });

    it('that fails after it has counted says the same when it tries again', async () => {
      const world = createAlertWorld(db);
      await world.project(said);
      await world.evaluateTo(70);
      const expected = await transitionsIn(db);
      await emptyAlerts(db);
      // Each attempt comes one transition further than the one before.
      let left = 0;
      const ends: unknown[] = [];
      const failing = createAlertWorld(db, {
        onTold() {
          left -= 1;
          if (left < 0) throw new SignpostError('store-unavailable', 'The connection broke');
        },
      });
      await failing.project(said);
      while (ends.at(-1) !== 0 && ends.length < 50) {
        left = ends.length;
        ends.push(await failing.evaluateTo(70).then(() => 0, errorCode));
      }
      expect(ends.length).toBeGreaterThan(5);
      expect(ends.slice(0, -1).every((end) => end === 'store-unavailable')).toBe(true);
      expect(ignoringOrder(await transitionsIn(db))).toEqual(ignoringOrder(expected));
    });
    const errorCode = (error: unknown): unknown => (error as SignpostError).code;

    it('beside another one says nothing twice', async () => {
      const worlds = [createAlertWorld(db), createAlertWorld(db)];
      await worlds[0]!.project(said);
      for (let bucket = 5; bucket <= 70; bucket += 5)
        await Promise.all(worlds.map((world) => world.evaluateTo(bucket)));
      await worlds[0]!.evaluateTo(70);
      const told = (await transitionsIn(db)).map(({ id }) => id);
      expect(new Set(told).size).toBe(told.length);
      expect(told.length).toBeGreaterThan(7);
    });

    // By the other lateness, its id is another one.
    const bySettings = simpleForm({ ...simpleOptions, latenessMs: simpleOptions.latenessMs + 1 });
    const byRelease: DetectorForm = {
      ...bySettings,
      create: () => bySettings.create(bySettings.options),
      restore: () => {
        throw new Error('Stored by another release');
      },
      options: simpleOptions,
      release: 2,
    };
    it.each([
      ['other settings', bySettings],
      ['another release', byRelease],
    ])(
      'by %s judges the past anew, ends what they know no more and tells what they find',
      async (_by, form) => {
        const world = createAlertWorld(db);
        await world.project([...burst(1, 6), ...burst(2, 6), ...burst(3, 6)]);
        await world.evaluateTo(2);
        const other = createAlertWorld(db, { form });
        await other.evaluateTo(3);
        const told = (await transitionsIn(db)).map(({ state, reason }) => `${state} ${reason}`);
        expect(told).toEqual([
          'firing began',
          'firing settings-changed',
          'resolved settings-changed',
        ]);
        await other.evaluateTo(5);
        const last = (await transitionsIn(db)).at(-1);
        expect(last).toMatchObject({ state: 'resolved', reason: 'counts-are-usual' });
      },
    );
  });
});

const line = {
  country: 'US',
  region: 'California',
  city: 'Newark',
  area: 'newark-west',
  postcode: null,
  lat: null,
  lon: null,
  technology: null,
};

async function silence(db: Db, id: string, from: number, until: number): Promise<void> {
  await db.query
    .insertInto('signpost.silences')
    .values({
      id,
      kind: 'silence',
      level: 'region',
      path: JSON.stringify({ ...line, city: null, area: null, region: 'california', site: null }),
      themes: null,
      product: null,
      from_at: new Date(from),
      until_at: new Date(until),
      comment: 'works',
      created_by: 'ann',
      created_at: new Date(from),
    })
    .execute();
}

async function storeWords(
  db: Db,
  insights: readonly ReturnType<typeof ticketSaid>[],
): Promise<void> {
  for (const { id, signal } of insights) {
    await sql`
      INSERT INTO signpost.words (entity, received_at, departments, text, relevances)
      SELECT entity, received_at, departments, ${signal.text}, '[]' FROM signpost.sightings WHERE id = ${id}
      ON CONFLICT DO NOTHING`.execute(db.query);
  }
}

/** Settings of portions may write two incidents' steps of one moment in another order. */
function ignoringOrder(told: Awaited<ReturnType<typeof transitionsIn>>) {
  return told.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
