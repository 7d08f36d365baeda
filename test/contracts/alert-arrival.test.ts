// In whatever order, batches and pauses sightings arrive, and whoever is killed meanwhile: within the allowed lateness of
// each source the incidents, their transitions and all ids are the same. And no source waits for a slower one.
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Insight } from '#schemas/insight.ts';
import type { Db } from '#core/store/postgres.ts';
import {
  bucketMs,
  sliceMs,
  type DetectorOptions,
  type DetectorSlice,
} from '../../services/alert/detect/detection.ts';
import {
  createDetector,
  detectorRelease,
  restoreDetector,
} from '../../services/alert/detect/detector.ts';
import { countsAt, dueBy, isInTime } from '../../services/alert/in-time.ts';
import { backtest } from '../../services/alert/backtest.ts';
import { sightingOf } from '../../services/alert/sighting.ts';
import {
  createAlertWorld,
  emptyAlerts,
  monday,
  ticketSaid,
  transitionsIn,
} from '../support/alert-world.ts';
import { randomOf } from '../support/alert-history.ts';
import { freshPglite } from '../support/fresh-database.ts';
import { receiversOf } from '../support/planner-records.ts';

const minuteMs = 60_000;
const day = 96;
const lateness = {
  latenessMs: 5 * minuteMs,
  latenessMsBySource: { batch: 130 * minuteMs, quick: minuteMs },
};
const options: DetectorOptions = {
  budgetPerWeek: 1,
  minCustomers: 4,
  warmUpDays: 4,
  latenessMs: lateness.latenessMs,
};
const form = {
  options,
  create: createDetector,
  restore: restoreDetector,
  release: detectorRelease,
};
const cities = ['Newark', 'Fremont', 'Oakland'];
const buckets = 6 * day;
/** Of a bucket, or of a slice within it. */
const at = (bucket: number): number => Math.round(monday + bucket * bucketMs);

interface Rise {
  readonly from: number;
  readonly to: number;
  readonly city: string;
  readonly theme: string;
  readonly sources: readonly string[];
  /** A quarter. */
  readonly customers: number;
}
const outage: Rise = {
  from: 4 * day + 40,
  to: 4 * day + 50,
  city: 'Newark',
  theme: 'outage',
  sources: ['desk', 'quick', 'batch'],
  customers: 9,
};
const slowOnly: Rise = {
  from: 5 * day + 20,
  to: 5 * day + 24,
  city: 'Fremont',
  theme: 'price',
  sources: ['batch'],
  customers: 6,
};

/** Six days of three sources with two rises; all are received in time, each somewhen within what its source is allowed. */
function historyOf(seed: number): readonly Insight[] {
  const random = randomOf(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const said: Insight[] = [];
  const say = (bucket: number, city: string, theme: string, source: string): void => {
    const moment = at(bucket) + Math.floor(random() * bucketMs);
    const allowed = dueBy(moment, source, lateness) - moment;
    const receivedAt = moment + Math.floor(random() * (allowed + 1));
    const customer = random() < 0.1 ? `loud-${city}` : `c-${said.length}`;
    said.push(
      ticketSaid({ id: `s${said.length}`, at: moment, receivedAt, city, theme, source, customer }),
    );
  };
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    for (const city of cities)
      if (random() < 0.5)
        say(bucket, city, pick(['outage', 'price']), pick(['desk', 'quick', 'batch']));
    for (const { from, to, city, theme, sources, customers } of [outage, slowOnly])
      if (bucket >= from && bucket < to)
        for (let each = 0; each < customers; each += 1) say(bucket, city, theme, pick(sources));
  }
  return said;
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const left = [...values];
  for (let index = left.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [left[index], left[other]] = [left[other]!, left[index]!];
  }
  return left;
}

describe('sightings', () => {
  let db: Db;
  beforeAll(async () => {
    db = await freshPglite();
  }, 60_000);
  afterAll(() => db.close());
  beforeEach(() => emptyAlerts(db));

  const worldOf = () => createAlertWorld(db, { form, lateness });

  /** All that is told, and the incidents as they are in the end; whether it was told when it was past is another matter. */
  async function told() {
    const { rows } = await sql<Record<string, unknown>>`
      SELECT to_jsonb(i) - 'updated_at' - 'is_past' AS incident FROM signpost.incidents i ORDER BY id`.execute(
      db.query,
    );
    const transitions = await transitionsIn(db);
    return { incidents: rows, transitions: transitions.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
  }

  async function inOrder(history: readonly Insight[]) {
    const world = worldOf();
    await world.project(history);
    await world.evaluateTo(buckets);
    return told();
  }

  /** Evaluates whenever it likes, once all is there that was received up to when that is due. */
  async function inAnyOrder(history: readonly Insight[], seed: number) {
    const random = randomOf(seed);
    const world = worldOf();
    let left = shuffled(history, random);
    const deliver = async (which: readonly Insight[]): Promise<void> => {
      const arriving = shuffled(which, random);
      while (arriving.length > 0) {
        const batch = arriving.splice(0, 1 + Math.floor(random() * 60));
        await world.project(batch);
        // Redelivered, and with what came before it.
        if (random() < 0.1) await world.project([...batch.slice(0, 3), ...history.slice(0, 2)]);
      }
    };
    for (let bucket = 0; bucket < buckets;) {
      const slices = random() < 0.5 ? 1 + Math.floor(random() * 9) : 1 + Math.floor(random() * 120);
      bucket = Math.min(buckets, bucket + (slices * sliceMs) / bucketMs);
      const due = at(bucket) + lateness.latenessMs;
      const isThere = ({ signal }: Insight): boolean => signal.receivedAt <= due;
      // Some come with them that were received later.
      await deliver(left.filter((each, index) => isThere(each) || index % 50 === 0));
      left = left.filter((each, index) => !isThere(each) && index % 50 !== 0);
      if (random() < 0.15) world.restart();
      await world.evaluateTo(bucket);
    }
    // What is said in the last quarters and is not due yet counts in none of them.
    expect(left.every(({ signal }) => signal.receivedAt > at(buckets))).toBe(true);
    return { ...(await told()), late: [...world.late] };
  }

  it.each([1, 2, 3, 4])(
    'in time, in any order across quarters, in any batches and with kills, tell the same (%i)',
    async (seed) => {
      const history = historyOf(seed);
      const expected = await inOrder(history);
      expect(
        expected.transitions.filter(({ reason }) => reason === 'began').length,
      ).toBeGreaterThan(1);
      await emptyAlerts(db);
      const { late, ...found } = await inAnyOrder(history, 100 + seed);
      expect(late).toEqual([]);
      expect(found).toEqual(expected);
    },
    120_000,
  );

  it('are gone on from within a quarter of an hour by another release, though none of before is kept', async () => {
    const world = worldOf();
    await world.project([ticketSaid({ id: 'old', at: at(0) })]);
    await world.evaluateTo(1 + sliceMs / bucketMs);
    await sql`TRUNCATE signpost.sightings`.execute(db.query);
    const next = createAlertWorld(db, { form: { ...form, release: form.release + 1 }, lateness });
    await next.evaluateTo(3);
    const { rows } = await sql<{ until: Date }>`
      SELECT evaluated_until AS until FROM signpost.detector`.execute(db.query);
    expect(rows[0]!.until.getTime()).toBe(at(3));
  });

  it('of long before what is kept are not gone through at the first start', async () => {
    const world = worldOf();
    await world.project([
      ticketSaid({ id: 'old', at: at(0) - 365 * 86_400_000, receivedAt: at(0) }),
      ticketSaid({ id: 'new', at: at(0) }),
    ]);
    let steps = 0;
    const counting = {
      ...form,
      create: (of: DetectorOptions) => {
        const detector = createDetector(of);
        return {
          ...detector,
          step: (slice: DetectorSlice) => ((steps += 1), detector.step(slice)),
        };
      },
    };
    const kept = createAlertWorld(db, { form: counting, lateness, keptFrom: at(0) });
    await kept.evaluateTo(2);
    expect(steps).toBe((2 * bucketMs) / sliceMs);
  });

  it('that come too late change nothing, wherever they come in the order', async () => {
    const history = historyOf(5);
    const expected = await inOrder(history);
    await emptyAlerts(db);
    const random = randomOf(6);
    const late = Array.from({ length: 60 }, (_, index) => {
      const source = ['desk', 'quick', 'batch'][index % 3]!;
      const moment = at(outage.from) + index * 1000;
      const receivedAt = dueBy(moment, source, lateness) + 1 + Math.floor(random() * 9 * minuteMs);
      return ticketSaid({ id: `late${index}`, at: moment, receivedAt, city: 'Oakland', source });
    });
    const world = worldOf();
    // Sources are known: what is said before the first of it is received is history.
    await world.project(history.slice(0, 60));
    await world.project(shuffled([...history.slice(60), ...late], random));
    await world.evaluateTo(buckets);
    expect(await told()).toEqual(expected);
    expect(Object.fromEntries(world.late)).toEqual({ desk: 20, quick: 20, batch: 20 });
  });

  it('of a fast source alarm before a slow source has said anything of it', async () => {
    const history = historyOf(7).filter(
      ({ signal }) => signal.source !== 'batch' || signal.occurredAt < at(4 * day),
    );
    const world = worldOf();
    await world.project(history);
    await world.evaluateTo(outage.to);
    const first = (await transitionsIn(db)).find(({ reason }) => reason === 'began');
    // Slower than half an hour it would be if it waited for the two hours of the other.
    expect(first!.bucket).toBeLessThanOrEqual(outage.from + 4);
    expect(world.now()).toBeLessThan(at(outage.to) + lateness.latenessMs + minuteMs);
  });

  it('of a slow source alone are found as soon as they are due, and say when it was', async () => {
    const history = historyOf(8);
    const expected = await inOrder(history);
    const found = expected.transitions.find(
      ({ record, reason }) =>
        reason === 'began' && (record as { place: string }).place.startsWith('Fremont'),
    );
    expect(found).toBeDefined();
    // By two hours and five minutes it is slower: nine quarters of an hour.
    expect(found!.bucket).toBeGreaterThan(slowOnly.from + 9);
    expect(found!.bucket).toBeLessThanOrEqual(slowOnly.to + 9);
    const { startedAt } = found!.record as { startedAt: number };
    expect(Math.abs(startedAt - at(slowOnly.from))).toBeLessThan(60 * minuteMs);
  });

  it('give the same in a backtest as live', async () => {
    const history = historyOf(9);
    const { incidents } = await inOrder(history);
    const sightings = history.flatMap((insight) => sightingOf(insight, receiversOf(insight)) ?? []);
    const replayed = backtest(sightings, {
      ...options,
      ...lateness,
      from: -Infinity,
      to: Infinity,
    });
    const live = incidents.map(({ incident }) => {
      const row = incident as Record<string, string>;
      return new Date(row['detected_at']!).toISOString();
    });
    expect(replayed.incidents.map(({ detectedAt }) => detectedAt).toSorted()).toEqual(
      live.toSorted(),
    );
  });
});

describe('a sighting counts', () => {
  const said = (source: string, receivedAt = monday + 2 * minuteMs) => ({
    at: monday + minuteMs,
    receivedAt,
    source,
  });

  it('in the quarter in which it was said, unless its source is slower than what all may take', () => {
    expect(countsAt(said('desk'), lateness)).toBe(monday + minuteMs);
    expect(countsAt(said('quick'), lateness)).toBe(monday + minuteMs);
    expect(countsAt(said('batch'), lateness)).toBe(monday + minuteMs + 9 * bucketMs);
  });

  it('in the first slice that is looked at after it was received, and in its own bucket', () => {
    const end = monday + bucketMs;
    for (let minute = 1; minute <= 20; minute += 1) {
      const receivedAt = monday + minute * minuteMs;
      const counted = countsAt(said('desk', receivedAt), lateness);
      const slice = Math.floor(counted / sliceMs) * sliceMs;
      const looked = slice + sliceMs + lateness.latenessMs;
      expect(looked).toBeGreaterThanOrEqual(receivedAt);
      // At the very end of a slice it may be one later.
      const soonest = Math.max(monday + sliceMs + lateness.latenessMs, receivedAt);
      expect(looked - soonest).toBeLessThanOrEqual(sliceMs);
      expect(counted).toBeLessThan(end);
    }
    expect(countsAt(said('desk', end + lateness.latenessMs), lateness)).toBe(end - 1);
    // Late, or history: it counts where it was said, if at all.
    expect(countsAt(said('desk', end + lateness.latenessMs + 1), lateness)).toBe(monday + minuteMs);
  });

  it('in a quarter that is evaluated after it may last be received, and in the first such', () => {
    const slow = (ms: number) => ({ ...lateness, latenessMsBySource: { batch: ms } });
    for (let minutes = 5; minutes <= 200; minutes += 1) {
      const allowed = slow(minutes * minuteMs);
      const evaluated =
        countsAt(said('batch'), allowed) - minuteMs + bucketMs + lateness.latenessMs;
      const due = dueBy(monday, 'batch', allowed);
      expect(evaluated).toBeGreaterThanOrEqual(due);
      expect(evaluated - due).toBeLessThan(bucketMs);
    }
  });

  it('only when it was received in what its own source is allowed', () => {
    const of = (source: string, minutes: number) =>
      isInTime(said(source, monday + bucketMs + minutes * minuteMs), lateness, monday);
    expect(['desk', 'quick', 'batch'].map((source) => of(source, 2))).toEqual([true, false, true]);
    expect(['desk', 'quick', 'batch'].map((source) => of(source, 130))).toEqual([
      false,
      false,
      true,
    ]);
    expect(of('batch', 131)).toBe(false);
  });
});
