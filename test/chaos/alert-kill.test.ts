// PostgreSQL stopped at once (`pg_ctl stop -m immediate`) again and again, and copies ended and begun, while alerts are
// made: afterwards every transition that the counts call for is in the store and on the topic, once, under the id that
// an undisturbed run gives it.
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Alert } from '#schemas/alert.ts';
import type { Insight } from '#schemas/insight.ts';
import { openEmbeddedLog, type EmbeddedLog } from '#core/log/embedded/open.ts';
import type { Log } from '#core/log/port.ts';
import { runStage } from '#core/run-stage.ts';
import { migrate } from '#core/store/migrate.ts';
import { connectPostgres, type Db } from '#core/store/postgres.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { toOutgoing } from '#core/topic.ts';
import { startPostgres, type Postgres } from '../../scripts/services/postgres.ts';
import { bucketMs, type Change } from '../../services/alert/detect/detection.ts';
import { countsAt } from '../../services/alert/in-time.ts';
import { transitionId } from '../../services/alert/lifecycle/record.ts';
import { publishAlerts } from '../../services/alert/publish-alerts.ts';
import { runDetector } from '../../services/alert/run-detector.ts';
import { bucketStartOf, slicesOf } from '../../services/alert/slices.ts';
import { sightingOf } from '../../services/alert/sighting.ts';
import { createAlert } from '../../services/alert/stage.ts';
import {
  alertsRaised,
  insightsShared,
  recordsDropped,
  recordsRejected,
} from '../../services/topology.ts';
import { seeded } from '../support/adversary.ts';
import { monday, settings, ticketSaid, transitionsIn } from '../support/alert-world.ts';
import { receiversOf } from '../support/planner-records.ts';
import { simpleForm } from '../support/simple-detector.ts';

const kills = Number(process.env['SIGNPOST_KILLS'] ?? 4);
const buckets = 24 * kills;
const cities = ['Newark', 'Fremont', 'Hayward', 'Oakland'];

let directory: string;
let postgres: Postgres;
let log: EmbeddedLog;
const opened: Db[] = [];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-alert-kill-'));
  chmodSync(directory, 0o711);
  postgres = await startPostgres({ dir: join(directory, 'server') });
  log = await openEmbeddedLog({ directory: join(directory, 'log') });
  await log.ensureTopics([insightsShared, alertsRaised, recordsRejected, recordsDropped]);
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

let clockMs = monday;
const silent = pino({ level: 'silent' });

it(
  'whatever is stopped, no alert is lost and none is told twice',
  async () => {
    const random = seeded(11);
    const history = historyOf(random);
    const expected = expectedOf(history.flat());
    expect(expected.length).toBeGreaterThan(kills * 4);

    let copies = [begin(), begin()];
    let struck = 0;
    for (const [bucket, insights] of history.entries()) {
      await log.append(
        insights.map((insight) =>
          toOutgoing(insightsShared, insight, { timestamp: insight.signal.receivedAt }),
        ),
      );
      clockMs = monday + (bucket + 1) * bucketMs + settings.latenessMs + 3000;
      await pause(random() * 120);
      if (bucket % 24 === 12 && struck < kills) {
        struck += 1;
        await stopAtOnce();
        await pause(random() * 200);
        await postgres.start();
      }
      if (random() < 0.1) {
        const [old, ...others] = copies;
        await old!.end();
        copies = [...others, begin()];
      }
    }
    const evaluated = async () => {
      const row = await opened[0]!.query
        .selectFrom('signpost.detector')
        .select('evaluated_until')
        .executeTakeFirstOrThrow();
      return row.evaluated_until?.getTime();
    };
    await expect
      .poll(evaluated, { timeout: 120_000, interval: 200 })
      .toBe(monday + buckets * bucketMs);
    await expect
      .poll(async () => (await published()).length, { timeout: 60_000 })
      .toBe(expected.length);
    for (const copy of copies) await copy.end();

    const stored = await transitionsIn(opened[0]!);
    expect(stored.map(({ record }) => toldIn(record as Alert)).toSorted()).toEqual(
      expected.toSorted(),
    );
    const onTopic = await published();
    expect(onTopic.map(toldIn).toSorted()).toEqual(expected.toSorted());
    // Of each incident in the order of the store.
    for (const incident of new Set(stored.map((one) => one.incident))) {
      const ids = stored.filter((one) => one.incident === incident).map(({ id }) => id);
      const told = onTopic.filter(({ incidentId }) => incidentId === incident);
      expect(told.map(({ id }) => id)).toEqual(ids);
    }
    const deliveries = await opened[0]!.query
      .selectFrom('signpost.alert_deliveries')
      .select(['transition_id', 'target', 'repeat'])
      // Where this machine is slow, what fires is told again.
      .where('repeat', '=', 0)
      .execute();
    const ids = stored.map(({ id }) => id);
    expect(deliveries.map((one) => one.transition_id).toSorted()).toEqual(ids.toSorted());
    expect(struck).toBe(kills);
  },
  240_000 + kills * 10_000,
);

/** Insights by bucket: quiet, with bursts here and there, some of them late for their bucket. */
function historyOf(random: () => number): readonly (readonly Insight[])[] {
  return Array.from({ length: buckets }, (_, bucket) =>
    cities.flatMap((city) => {
      const rises = random() < 0.15 ? 5 + Math.floor(random() * 4) : Math.floor(random() * 3);
      const theme = random() < 0.3 ? 'price' : 'outage';
      return Array.from({ length: rises }, (_each, i) => {
        const at = monday + bucket * bucketMs + Math.floor(random() * bucketMs);
        const isLate = random() < 0.05;
        const receivedAt = isLate ? at + bucketMs + settings.latenessMs + 1 : at + 20_000;
        return ticketSaid({ id: `${city}-${bucket}-${i}`, city, theme, at, receivedAt });
      });
    }),
  );
}

/** As `pg_ctl stop -m immediate`: no checkpoint, no goodbye; the next start recovers. */
async function stopAtOnce(): Promise<void> {
  process.kill(postgres.node.pid!, 'SIGQUIT');
  await expect.poll(() => postgres.node.state, { timeout: 10_000 }).toBe('stopped');
}

/** What tells one transition from another, and whether it was counted once. */
function toldIn({ id, customers }: Pick<Alert, 'id' | 'customers'>): string {
  return `${id} ${customers}`;
}

/** The transitions of an undisturbed run: the detector over what is in time by its own words. */
function expectedOf(insights: readonly Insight[]): readonly string[] {
  const { create, options } = simpleForm();
  const detector = create(options);
  const sightings = insights
    .map((insight) => sightingOf(insight, receiversOf(insight))!)
    .filter(({ at, receivedAt }) => {
      const end = (Math.floor(at / bucketMs) + 1) * bucketMs;
      return receivedAt <= end + settings.latenessMs;
    });
  const counted = sightings.map((each) => ({ ...each, countsAt: countsAt(each, settings) }));
  const first = Math.min(...sightings.map(({ at }) => at));
  const from = bucketStartOf(first);
  const changes = [...slicesOf(counted, from, monday + buckets * bucketMs)].flatMap((slice) =>
    detector.step(slice),
  );
  return changes.flatMap((change) => idOf(change));
}

function idOf({ kind, at, incident }: Change): readonly string[] {
  const again = incident.reopened > 0 ? 'reopened' : 'firing';
  const told = {
    began: { state: 'firing', reason: 'began' },
    widened: { state: again, reason: 'widened' },
    reopened: { state: 'reopened', reason: 'rose-again' },
    resolved: { state: 'resolved', reason: 'counts-are-usual' },
    'went-on': undefined,
  } as const;
  const one = told[kind];
  if (one === undefined) return [];
  const id = transitionId(incident.id, { ...one, by: null }, at);
  return [toldIn({ id, customers: incident.customers })];
}

/** A copy of the service on a connection of its own. */
function begin(): { readonly end: () => Promise<void> } {
  const db = connect();
  const stop = new AbortController();
  const { signal } = stop;
  const telemetry = createTelemetry(() => 0);
  const metrics = telemetry.alerts();
  const clock = () => performance.now();
  const stage = createAlert({ store: createProjectionStore(db), receiversOf, lateness: settings });
  // Each publisher is a process of its own; what one leaves when it is ended is free at once.
  const mine = randomUUID();
  const work = Promise.all([
    runStage(
      stage,
      {
        log,
        logger: silent,
        metrics: telemetry.stage('alert'),
        rejected: recordsRejected,
        dropped: recordsDropped,
        sleep: shortly,
        maxRecords: 20,
      },
      signal,
    ),
    runDetector({
      db,
      log: withoutStagesBefore(log),
      form: simpleForm(),
      config: settings,
      targetsOf: () => ['noc'],
      metrics,
      now: () => clockMs,
      clock,
      logger: silent,
      sleep: shortly,
      signal,
    }),
    publishAlerts({ db, log, holder: mine, clock, logger: silent, sleep: shortly, signal }),
  ]);
  work.catch(() => undefined);
  return {
    async end() {
      stop.abort();
      await work;
    },
  };
}

/** Here what is accepted is in insights.shared.v1 at once. */
function withoutStagesBefore({ topics, committed }: Pick<Log, 'topics' | 'committed'>) {
  return {
    topics: async () => (await topics()).filter(({ name }) => name === insightsShared.name),
    committed,
  };
}

async function published() {
  const all = [];
  const topic = (await log.topics()).find(({ name }) => name === alertsRaised.name)!;
  for (const { partition, start, end } of topic.partitions) {
    for (let at = start; at < end;) {
      const { records, nextOffset } = await log.read(alertsRaised.name, partition, at);
      for (const { value } of records) all.push(alertsRaised.codec.decode(value!));
      at = nextOffset;
    }
  }
  return all;
}

async function shortly(ms: number, signal: AbortSignal): Promise<void> {
  await pause(Math.min(ms, 40), undefined, { signal }).catch(() => undefined);
}
