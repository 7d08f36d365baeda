// Log and database are lost, the archive is left: what it has comes back by command, killed again and again on the way. What
// planners count, alerts and what reconcile says are what they were, and what comes later fits in.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbeddedLog, type EmbeddedLog } from '#core/log/embedded/open.ts';
import { createLogger } from '#core/logger.ts';
import { runStage } from '#core/run-stage.ts';
import type { Stage } from '#core/stage.ts';
import { openPgliteThread } from '#core/store/open-pglite-thread.ts';
import { openPglite } from '#core/store/pglite.ts';
import type { Db } from '#core/store/postgres.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { beginning, createEvaluator } from '../../services/alert/evaluate.ts';
import { bucketMs } from '../../services/alert/detect/detection.ts';
import { publishNext } from '../../services/alert/publish-alerts.ts';
import { readConfig } from '../../services/cli/config.ts';
import { readDepartments } from '../../services/cli/departments.ts';
import { buildAggregate } from '../../services/cli/planners/aggregate-work.ts';
import { buildAlert, detectorForm } from '../../services/cli/planners/alert-work.ts';
import { storeDirectory } from '../../services/cli/store-place.ts';
import { insightsShared, recordsDropped, recordsRejected } from '../../services/topology.ts';
import { seeded } from '../support/adversary.ts';
import { endAll, run, start } from '../support/command.ts';
import { writeTickets } from '../support/ticket-lines.ts';

const SEED = Number(process.env['SIGNPOST_CHAOS_SEED'] ?? Date.now() % 1_000_000);
const source = 'chaos-tickets';

let directory: string;
let data: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-replay-'));
  data = join(directory, 'data');
  // Demanding little, so that a short past has incidents.
  writeFileSync(
    join(directory, 'signpost.yaml'),
    'threads: 1\nalert: { warmUpDays: 0.5, falseAlarmsPerWeek: 20, minCustomers: 3 }\n',
  );
});
afterEach(async () => {
  await endAll();
  rmSync(directory, { recursive: true, force: true });
});

test(
  `after log and database are lost all that was counted, told and accepted comes back from the archive (seed ${SEED})`,
  { timeout: 600_000 },
  async () => {
    const random = seeded(SEED);
    await imported(0, 1_200);
    await live();
    const told = await state();
    expect(told.facts.length).toBeGreaterThan(300);
    expect(told.sightings.length).toBeGreaterThan(100);
    expect(told.incidents.length).toBeGreaterThan(0);
    const books = await reconciled();
    expect(books.balanced).toBe(true);
    await command('archive', 'sync');

    rmSync(join(data, 'log'), { recursive: true });
    rmSync(storeDirectory(data), { recursive: true });
    for (const into of ['insights', 'aggregates', 'alerts'])
      await killedUntilDone(random, 'archive', 'replay', '--into', into, '--json');

    const back = await state();
    expect(back.facts).toEqual(told.facts);
    expect(back.byDay).toEqual(told.byDay);
    expect(back.sightings).toEqual(told.sightings);
    expect(back.incidents).toEqual(told.incidents);
    expect(back.transitions).toEqual(told.transitions);

    // Routed again, with what comes then.
    const more = await imported(1, 200);
    const after = await reconciled();
    expect(after.balanced).toBe(true);
    expect(after.restored).toBe(books.sources[source]!.accepted);
    const [before, now] = [books, after].map(({ sources }) => sources[source]!);
    expect(now!.accepted).toBe(before!.accepted + more);
    expect(now!.insights + now!.dropped + now!.rejected).toBe(now!.accepted);
    expect(now!.rejected).toBeGreaterThanOrEqual(before!.rejected);

    // It is archived beside what was archived before, and the live stages go on.
    await command('archive', 'sync');
    await live();
    const whole = await state();
    await killedUntilDone(random, 'archive', 'replay', '--into', 'aggregates', '--json');
    expect((await state()).facts).toEqual(whole.facts);
    expect(whole.facts.length).toBeGreaterThan(told.facts.length);
  },
);

async function command(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(argsOf(args), { cwd: directory });
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Killed at random moments, later and later, until it comes to its end. */
async function killedUntilDone(random: () => number, ...args: string[]): Promise<void> {
  for (let kills = 0; kills < 3; kills += 1) {
    const running = start(argsOf(args), { cwd: directory });
    await Promise.race([pause(500 + (kills + 1) * 2_000 * random()), running.ended]);
    running.child.kill('SIGKILL');
    const { code } = await running.ended;
    if (code === 0) return;
  }
  await command(...args);
}

function argsOf(args: readonly string[]): string[] {
  return [...args, '--data', data, '--config', join(directory, 'signpost.yaml')];
}

interface Books {
  readonly balanced: boolean;
  readonly restored: number;
  readonly sources: Readonly<
    Record<string, { accepted: number; insights: number; dropped: number; rejected: number }>
  >;
}

async function reconciled(): Promise<Books> {
  const { stdout } = await run(argsOf(['reconcile', '--json']), { cwd: directory });
  return JSON.parse(stdout) as Books;
}

/** @returns records accepted */
async function imported(part: number, lines: number): Promise<number> {
  const { file, mapping } = writeTickets(directory, { source, part, lines });
  const printed = await command('import', 'tickets', file, '--mapping', mapping, '--json');
  return (JSON.parse(printed) as { accepted: number }).accepted;
}

/** What `up` does beside the pipeline, until all is counted and published. */
async function live(): Promise<void> {
  const config = readConfig(join(directory, 'signpost.yaml'), {});
  const log = await openEmbeddedLog({ directory: data });
  // In a thread, as `up` has it: held up for long, members of the log's groups are given up.
  const store = openPgliteThread(storeDirectory(data), Promise.resolve());
  await store.ready;
  const { db } = store;
  try {
    const departments = (): ReturnType<typeof readDepartments> => readDepartments(config.classify);
    const telemetry = createTelemetry(() => performance.now() / 1000);
    const parts = { db, config, departments, now: Date.now, metrics: telemetry.alerts() };
    await throughAll(log, db, [buildAggregate(parts), buildAlert(parts)]);
    const evaluator = createEvaluator({
      db,
      form: detectorForm(config.alert),
      context: { share: config.alert.reportingShare, budgetPerWeek: 20, targetsOf: () => [] },
      now: Date.now,
      clock: () => performance.now(),
    });
    const { rows } = await sql<{ until: number }>`
      SELECT date_part('epoch', max(at)) * 1000 AS until FROM signpost.sightings`.execute(db.query);
    const until = (Math.floor(rows[0]!.until / bucketMs) + 96) * bucketMs;
    const never = new AbortController().signal;
    while ((await evaluator.next(until, await beginning(db, 0), never)).kind === 'went-on');
    while ((await publishNext({ db, log, holder, clock: () => 0 })) !== 0);
  } finally {
    await store.close();
    await log.close();
  }
}

const holder = '00000000-0000-4000-8000-000000000001';

async function throughAll(
  log: EmbeddedLog,
  db: Db,
  stages: readonly Stage<never>[],
): Promise<void> {
  const stop = new AbortController();
  const running = stages.map((stage) =>
    runStage(
      stage,
      {
        log,
        logger: createLogger(stage.name, 'warn'),
        metrics: createTelemetry(() => performance.now() / 1000).stage(stage.name),
        rejected: recordsRejected,
        dropped: recordsDropped,
        sleep: async (ms, signal) => {
          await pause(ms, undefined, { signal }).catch(() => undefined);
        },
      },
      stop.signal,
    ),
  );
  const ends = (await log.topics()).find(({ name }) => name === insightsShared.name)!.partitions;
  await expect
    .poll(
      async () => {
        const at = await db.query.selectFrom('signpost.projections').selectAll().execute();
        return stages.flatMap(({ name }) =>
          ends.filter(
            ({ partition, end }) =>
              end > 0 &&
              !at.some(
                (one) =>
                  one.stage === name &&
                  one.topic === insightsShared.name &&
                  one.partition === partition &&
                  Number(one.next_offset) >= end,
              ),
          ),
        ).length;
      },
      { timeout: 200_000, interval: 200 },
    )
    .toBe(0);
  stop.abort();
  await Promise.all(running);
}

/** What is asked for, by names instead of numbers, which are another database's own. */
async function state() {
  const db = await openPglite(storeDirectory(data));
  try {
    const rows = async (text: string): Promise<readonly unknown[]> =>
      (await sql<{ row: unknown }>`${sql.raw(text)}`.execute(db.query)).rows.map(({ row }) => row);
    return {
      facts: await rows(`SELECT to_jsonb(s) AS row FROM signpost_views.signals s ORDER BY thing`),
      byDay: await rows(
        `SELECT to_jsonb(d) AS row FROM signpost_views.tickets_by_day d ORDER BY to_jsonb(d)::text`,
      ),
      sightings:
        await rows(`SELECT jsonb_build_array(id, at, counts_at, received_at, customer, is_late) AS row
        FROM signpost.sightings ORDER BY id`),
      incidents: await rows(
        `SELECT to_jsonb(i) - 'updated_at' - 'is_past' AS row FROM signpost.incidents i ORDER BY id`,
      ),
      transitions:
        await rows(`SELECT jsonb_build_array(id, incident_id, state, at, by, reason) AS row
        FROM signpost.transitions ORDER BY id`),
    };
  } finally {
    await db.close();
  }
}
