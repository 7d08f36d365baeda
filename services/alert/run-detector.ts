// Evaluates counts as time goes on: a slice once everything said in it is counted, and what lies behind as
// fast as it can. Any number of copies may run, of which one works at a time.
import { sql } from 'kysely';
import type { AlertMetrics } from '#core/alert-metrics.ts';
import { keepTrying, type KeepTrying } from '#core/keep-trying.ts';
import type { LogReader } from '#core/log/port.ts';
import { incidentStates } from '#core/store/alert-tables.ts';
import type { Db } from '#core/store/postgres.ts';
import { beginBarrier } from './barrier.ts';
import type { AlertConfig } from './config.ts';
import { readStand, type DetectorForm } from './detector-state.ts';
import { beginning, createEvaluator, type Evaluated } from './evaluate.ts';
import { sliceStartOf } from './slices.ts';
import { applySilences, planRepeats, type TickContext } from './tick.ts';

export interface RunDetector extends KeepTrying {
  readonly db: Db;
  readonly log: Pick<LogReader, 'topics' | 'committed'>;
  readonly form: DetectorForm;
  readonly config: AlertConfig;
  readonly targetsOf: TickContext['targetsOf'];
  readonly metrics: AlertMetrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Monotonic, milliseconds. */
  readonly clock: () => number;
}

/** What is accepted in the last moment of what is allowed may take so long to be in the log. */
const settleMs = 2_000;
const tickMs = 5_000;
const lookMs = 250;
/** Stages that do not go on for so long are not waited for: an alert without them is better than none. */
const patienceMs = 15 * 60_000;
/** History that comes in is waited for before the first evaluation, until none has come for so long. */
const historyQuietMs = 30_000;
const historyPatienceMs = 3_600_000;
const dayMs = 86_400_000;

/** Works until `signal` aborts. What fails outside is logged and tried again; bugs are thrown. */
export async function runDetector(options: RunDetector): Promise<void> {
  await keepTrying(createWork(options), options);
}

/** @returns a function that does what is due, and tells in how many milliseconds to ask again */
function createWork(options: RunDetector): () => Promise<number> {
  const { db, config, form, now, clock, metrics, signal } = options;
  const { reportingShare: share, falseAlarmsPerWeek: budgetPerWeek, repeatHours } = config;
  const context = { share, budgetPerWeek, targetsOf: options.targetsOf };
  const evaluator = createEvaluator({ db, form, context, now, clock });
  const waiting = createWaiting(options);
  const lateness = config.latenessMs + settleMs;
  let tickedAt = -Infinity;
  let historySince: number | undefined;

  async function tick(): Promise<void> {
    if (clock() - tickedAt < tickMs) return;
    tickedAt = clock();
    await applySilences(db, context, now());
    await planRepeats(db, repeatHours * 3_600_000, now());
    metrics.standing(await countStanding(db));
    metrics.evaluated((await readStand(db.query)).evaluatedUntil, now());
  }

  return async () => {
    await tick();
    const until = Math.min(now(), config.judgeUntil ?? Infinity);
    const due = sliceStartOf(until - lateness);
    const stand = await readStand(db.query);
    const from = stand.evaluatedUntil ?? (await beginning(db, now() - config.keepDays * dayMs));
    if (from === null || from >= due) return tickMs;
    if (stand.evaluatedUntil === null) {
      historySince ??= clock();
      const mayWait = clock() - historySince < historyPatienceMs;
      if (mayWait && (await isHistoryComing(db, now()))) return tickMs;
    }
    if (!(await waiting(due + lateness))) return lookMs;
    const done = await evaluator.next(due, from, signal);
    tell(done, metrics, now());
    if (done.kind === 'went-on') return 0;
    return tickMs;
  };
}

function tell(done: Evaluated, metrics: AlertMetrics, now: number): void {
  if (done.kind !== 'went-on') return;
  metrics.evaluated(done.evaluatedUntil, now);
  metrics.watched(done.seriesTested, done.silentSources.length);
}

/** @returns a function that tells whether all that was accepted before a moment is counted, or not worth waiting for */
function createWaiting({ log, clock, logger, metrics, now }: RunDetector) {
  let passedAt = -Infinity;
  let look: ReturnType<typeof beginBarrier> | undefined;
  let begunAt = 0;
  let position = '';
  let movedAt = 0;
  return async (moment: number): Promise<boolean> => {
    if (moment <= passedAt) return true;
    if (look === undefined) {
      look = beginBarrier(log);
      begunAt = now();
      movedAt = clock();
    }
    const passage = await look();
    if (passage.position !== position) movedAt = clock();
    position = passage.position;
    const isGivenUp = !passage.isThrough && clock() - movedAt > patienceMs;
    if (!passage.isThrough && !isGivenUp) return false;
    if (isGivenUp) {
      metrics.impatient();
      logger.warn(
        { position },
        `Stages before the counts have not gone on for ${patienceMs / 60_000} minutes; alerts are made of what is counted`,
      );
    }
    look = undefined;
    passedAt = begunAt;
    return moment <= passedAt;
  };
}

/** Whether what was said more than a day before it was received still comes in. */
async function isHistoryComing(db: Db, now: number): Promise<boolean> {
  const { rows } = await sql<{ coming: boolean }>`
    SELECT EXISTS (
      SELECT FROM signpost.sightings
      WHERE received_at > ${new Date(now - historyQuietMs)} AND received_at - at > interval '1 day'
    ) AS coming`.execute(db.query);
  return rows[0]?.coming === true;
}

async function countStanding(db: Db): Promise<Readonly<Record<string, number>>> {
  const { rows } = await sql<{ state: string; count: number }>`
    SELECT state, count(*)::int AS count FROM signpost.incidents WHERE state <> 'resolved' GROUP BY state`.execute(
    db.query,
  );
  const none = incidentStates.filter((state) => state !== 'resolved').map((state) => [state, 0]);
  const counted = rows.map(({ state, count }) => [state, count]);
  return Object.fromEntries([...none, ...counted]) as Record<string, number>;
}
