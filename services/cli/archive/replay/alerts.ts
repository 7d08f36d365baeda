// What alerts are made of and what became of them, built anew: sightings from what was archived, and incidents by the
// detector as it is configured, told to nobody. What was told before of incidents that are the same stands as it was told.
import { setTimeout as pause } from 'node:timers/promises';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Insight } from '#schemas/insight.ts';
import type { Input } from '#core/stage.ts';
import type { Tables } from '#core/store/tables.ts';
import type { AlertConfig } from '../../../alert/config.ts';
import { digestOf, readStand, type DetectorForm } from '../../../alert/detector-state.ts';
import { beginning, createEvaluator } from '../../../alert/evaluate.ts';
import { judgeLateness } from '../../../alert/judge-lateness.ts';
import { sliceStartOf } from '../../../alert/slices.ts';
import { eraseSightings, findSightings } from '../../../alert/erase-sightings.ts';
import { createAlert } from '../../../alert/stage.ts';
import { lockAlerts } from '../../../alert/write-step.ts';
import { insights } from '../../../archive/datasets.ts';
import type { FileAccess } from '../../../archive/read-file.ts';
import type { Erasure } from '../../../archive/erasures.ts';
import { customersOf } from '../../erase/customers-of.ts';
import { interrupted, isErased } from './load-rows.ts';
import { keepTold, keepToldOutside, lastTold, readTold } from './told.ts';
import type { Rebuild, RebuildContext } from './rebuild.ts';
import { spanOf } from './span.ts';

type Tx = Transaction<Tables>;

export interface AlertsOptions {
  readonly access: FileAccess;
  readonly receiversOf: (insight: Insight) => readonly string[];
  readonly config: AlertConfig;
  readonly form: DetectorForm;
  /** An insight as it may be kept: without what is erased. */
  readonly erased?: (insight: Insight) => Insight;
  /** As they are when all rows are there: some may have come meanwhile. */
  readonly erasures?: () => Promise<readonly Erasure[]>;
  /** Judges an insight anew; undefined where what was judged stands. */
  readonly judge?: ((insight: Insight) => Insight) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Whether nobody else works with the database. */
  readonly isAlone: boolean;
}

/** Writers lock the detector first, then what they write. */
const tables = [
  'detector',
  'sighting_sources',
  'sightings',
  'incidents',
  'incident_counts',
  'transitions',
  'alert_deliveries',
] as const;

/** Transitions made here are numbered from here on: below all that a publisher asks for, so they are told to nobody. */
const firstUntold = -1_000_000_000_000;
const dayMs = 86_400_000;

export function rebuildAlerts(options: AlertsOptions): Rebuild {
  const { receiversOf, config, judge, erased, erasures } = options;
  const stage = createAlert({
    store: noStore,
    receiversOf,
    lateness: config,
    ...(erased && { erased }),
  });
  const anew = (input: Input<Insight>): Input<Insight> =>
    judge === undefined || isErased(input) ? input : { ...input, record: judge(input.record) };
  let evaluator: ReturnType<typeof createEvaluator> | undefined;
  return {
    stage: 'alert',
    tables,
    datasets: [insights],
    async prepare(tx) {
      await sql`INSERT INTO signpost_replay.detector (made) SELECT made FROM signpost.detector`.execute(
        tx,
      );
      await sql`ALTER TABLE signpost_replay.transitions ALTER COLUMN seq SET MINVALUE ${sql.lit(firstUntold)}
        RESTART WITH ${sql.lit(firstUntold)}`.execute(tx);
    },
    apply: (batch, tx) => stage.apply(batch.map(anew), tx),
    async complete(context) {
      evaluator ??= createEvaluator({
        db: context.beside,
        form: options.form,
        context: {
          share: config.reportingShare,
          budgetPerWeek: config.falseAlarmsPerWeek,
          targetsOf: () => [],
        },
        now: options.now,
        clock: () => performance.now(),
      });
      // First of all: what the live detector had counted by then is here once the topic is read up to after it.
      const evaluated = (await readStand(context.db.query)).evaluatedUntil;
      await context.seam.catchUp();
      await context.db.query.transaction().execute((tx) => takeOver(tx, context, options));
      const customers = customersOf((await erasures?.()) ?? []);
      await eraseSightings(context.beside, await findSightings(context.beside, customers));
      await judgeLateness(context.beside.query, config);
      await takeLateness(context, options);
      await readTold(context, options.access);
      const until = evaluated ?? (await endOfArchived(context.beside.query, config));
      if (until !== null) await evaluateTo(until, evaluator, context, options);
    },
    beforeSwap: (tx, context) => settleTransitions(tx, context),
  };
}

const noStore = {
  acquire: () => Promise.reject(new Error('A replay keeps no offsets')),
  commit: () => Promise.reject(new Error('A replay keeps no offsets')),
};

/** Sightings outside of the span are the live ones, and older ones than are kept are not there. */
async function takeOver(
  tx: Tx,
  { plan: { span }, seam }: RebuildContext,
  { config, now }: AlertsOptions,
): Promise<void> {
  await sql`DELETE FROM signpost_replay.sightings WHERE at < ${new Date(now() - config.keepDays * dayMs)}`.execute(
    tx,
  );
  if (span.from === null && span.to === null) return;
  await seam.tookOver(tx);
  await sql`DELETE FROM signpost_replay.sightings n WHERE NOT (${spanOf('n.at', span)})`.execute(
    tx,
  );
  await sql`INSERT INTO signpost_replay.sightings SELECT o.* FROM signpost.sightings o
    WHERE NOT (${spanOf('o.at', span)}) ON CONFLICT DO NOTHING`.execute(tx);
  await sql`INSERT INTO signpost_replay.sighting_sources AS n SELECT * FROM signpost.sighting_sources
    ON CONFLICT (source) DO UPDATE
    SET first_received_at = LEAST(n.first_received_at, EXCLUDED.first_received_at)`.execute(tx);
}

/** What the live detector took for late is late, where it judged by the same options: it knew when what came. */
async function takeLateness({ db }: RebuildContext, { form }: AlertsOptions): Promise<void> {
  if ((await readStand(db.query)).options !== digestOf(form)) return;
  await sql`UPDATE signpost_replay.sightings n SET is_late = o.is_late FROM signpost.sightings o
    WHERE o.id = n.id AND o.is_late <> n.is_late`.execute(db.query);
}

/**
 * Where there is no live detector to go as far as: up to when all that was received was archived, or as far as the last
 * incident that was told of.
 */
async function endOfArchived(queries: Kysely<Tables>, config: AlertConfig): Promise<number | null> {
  const { rows } = await sql<{ at: number | null }>`
    SELECT date_part('epoch', max(received_at)) * 1000 AS at FROM signpost.sightings`.execute(
    queries,
  );
  const latest = Math.max(rows[0]?.at ?? -Infinity, (await lastTold(queries)) ?? -Infinity);
  return Number.isFinite(latest) ? sliceStartOf(latest - config.latenessMs) : null;
}

async function evaluateTo(
  until: number,
  evaluator: ReturnType<typeof createEvaluator>,
  { beside, signal }: RebuildContext,
  { config, now, isAlone }: AlertsOptions,
): Promise<void> {
  const from = await beginning(beside, now() - config.keepDays * dayMs);
  for (;;) {
    const began = performance.now();
    const done = await evaluator.next(until, from, signal);
    if (signal.aborted) throw interrupted();
    if (done.kind === 'up-to-date') return;
    if (!isAlone)
      await pause(performance.now() - began, undefined, { signal }).catch(() => undefined);
  }
}

/** @returns false where the live detector has gone on meanwhile: it is to be followed */
async function settleTransitions(tx: Tx, { plan: { span } }: RebuildContext): Promise<boolean> {
  await lockAlerts(tx);
  const { rows } = await sql<{ behind: boolean }>`
    SELECT COALESCE(o.evaluated_until > COALESCE(n.evaluated_until, '-infinity'), false) AS behind
    FROM (SELECT evaluated_until FROM signpost.detector FOR UPDATE) o, signpost_replay.detector n`.execute(
    tx,
  );
  if (rows[0]?.behind === true) return false;
  await keepToldOutside(tx, span);
  await keepTold(tx);
  await sql`
    INSERT INTO signpost_replay.alert_deliveries
    SELECT d.* FROM signpost.alert_deliveries d JOIN signpost_replay.transitions t ON t.id = d.transition_id
    ON CONFLICT DO NOTHING`.execute(tx);
  const { rows: next } = await sql<{ seq: string }>`
    SELECT (CASE WHEN is_called THEN last_value + 1 ELSE last_value END)::text AS seq
    FROM signpost.transitions_seq_seq`.execute(tx);
  await sql`ALTER TABLE signpost_replay.transitions ALTER COLUMN seq RESTART WITH ${sql.raw(next[0]!.seq)}
    SET MINVALUE 1`.execute(tx);
  return true;
}
