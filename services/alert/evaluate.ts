// Evaluates the next slices: counts, incidents, transitions, deliveries and how far it is, in one transaction.
import { sql, type Transaction } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import { lockKeys } from '#core/store/retention.ts';
import type { Tables } from '#core/store/tables.ts';
import { sliceMs, type Change, type Detector } from './detect/detection.ts';
import {
  digestOf,
  firstBucket,
  foldUntil,
  readStand,
  type DetectorForm,
  type DetectorStand,
  type Folded,
} from './detector-state.ts';
import { readStanding, saveCounts, type IncidentCounts } from './incident-rows.ts';
import { readSightings } from './sighting-rows.ts';
import { readSilences } from './silence-rows.ts';
import { bucketStartOf, slicesOf } from './slices.ts';
import { lockAlerts, writeCounts, writeHappening, type WriteContext } from './write-step.ts';

export interface Evaluation {
  /** End of the last slice evaluated; null before the first. */
  readonly evaluatedUntil: number | null;
  readonly silentSources: readonly string[];
  readonly seriesTested: number;
}

export type Evaluated =
  /** Slices were evaluated; there may be more. */
  | ({ readonly kind: 'went-on' } & Evaluation)
  | ({ readonly kind: 'up-to-date' } & Evaluation)
  /** Another copy is at it. */
  | { readonly kind: 'standby' }
  | { readonly kind: 'stopped' };

export interface EvaluatorParts {
  readonly db: Db;
  readonly form: DetectorForm;
  readonly context: Omit<WriteContext, 'silences' | 'now'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Monotonic, milliseconds. */
  readonly clock: () => number;
}

export interface Evaluator {
  /**
   * Evaluates the next slices that end at `until` or before, as many as take a moment.
   * @param from start of the first bucket where none was evaluated yet
   */
  next(until: number, from: number | null, signal: AbortSignal): Promise<Evaluated>;
}

type Tx = Transaction<Tables>;

/** The database is held meanwhile, and others wait. */
const shareMs = { most: 400, least: 100 };
/** A day. */
const mostSlices = 86_400_000 / sliceMs;
const mostCharted = 96;
const snapshotEvery = { eventMs: 6 * 3_600_000, ms: 20_000 };

/** What fails leaves nothing behind: the detector is folded again then, to what the store says. */
export function createEvaluator(parts: EvaluatorParts): Evaluator {
  const { db, form, now, clock } = parts;
  const options = digestOf(form);
  let folded: Folded | undefined;
  let portion = 4;
  let snapshotAt = -Infinity;

  async function evaluate(
    tx: Tx,
    stand: DetectorStand,
    { detector, until: at }: Folded,
    to: number,
  ): Promise<Evaluated> {
    const context = { ...parts.context, now: now(), silences: await readSilences(tx, at) };
    if (stand.options !== null && stand.options !== options)
      await takeSettingsUp(tx, detector, at, context);
    const counts: IncidentCounts[] = [];
    const changes: Change[] = [];
    for (const slice of slicesOf(await readSightings(tx, at, to), at, to)) {
      const news = detector.step(slice);
      changes.push(...news);
      counts.push(...chartedAfter(news, detector));
    }
    for (const { kind, incident, at: when } of withoutRepetition(changes))
      await writeCounts(tx, kind, incident, when, context);
    await saveCounts(tx, counts);
    const snapshotUntil = stand.snapshotUntil ?? -Infinity;
    const isDue =
      to - snapshotUntil >= snapshotEvery.eventMs && clock() - snapshotAt >= snapshotEvery.ms;
    const snapshot = isDue ? { snapshot: detector.snapshot(), snapshot_until: new Date(to) } : {};
    if (isDue) snapshotAt = clock();
    const silentSources = detector.silentSources();
    const seriesTested = detector.seriesTested();
    await tx
      .updateTable('signpost.detector')
      .set({
        evaluated_until: new Date(to),
        options,
        series_tested: seriesTested,
        silent_sources: [...silentSources],
        ...snapshot,
      })
      .execute();
    return { kind: 'went-on', evaluatedUntil: to, silentSources, seriesTested };
  }

  /** One attempt, with the detector folded to where the store was a moment ago. */
  async function attempt(
    until: number,
    from: number | null,
  ): Promise<Evaluated | { readonly foldTo: number }> {
    return db.query.transaction().execute(async (tx) => {
      if (!(await takeLock(tx))) return { kind: 'standby' };
      await lockAlerts(tx);
      const stand = await readStand(tx, 'locked');
      const at = stand.evaluatedUntil ?? from;
      if (at === null || at >= until) {
        const silentSources = folded?.detector.silentSources() ?? [];
        const seriesTested = folded?.detector.seriesTested() ?? 0;
        const { evaluatedUntil } = stand;
        return { kind: 'up-to-date', evaluatedUntil, silentSources, seriesTested };
      }
      if (folded?.until !== at) return { foldTo: at };
      const to = Math.min(until, at + portion * sliceMs);
      return evaluate(tx, stand, folded, to);
    });
  }

  return {
    async next(until, from, signal) {
      for (;;) {
        const began = clock();
        try {
          const done = await attempt(until, from);
          if (!('foldTo' in done)) {
            if (done.kind === 'went-on' && folded !== undefined)
              folded = { detector: folded.detector, until: done.evaluatedUntil! };
            const tookMs = clock() - began;
            if (tookMs > shareMs.most) portion = Math.max(1, portion >> 1);
            else if (tookMs < shareMs.least) portion = Math.min(mostSlices, portion * 2);
            return done;
          }
          folded = await foldUntil(db.query, form, done.foldTo, folded, signal);
          if (folded === undefined) return { kind: 'stopped' };
        } catch (error) {
          folded = undefined;
          throw error;
        }
      }
    },
  };
}

/** Where the first evaluation begins: at the first sighting, but not before `keptFrom`; null when there is none. */
export async function beginning(db: Db, keptFrom: number): Promise<number | null> {
  const first = await firstBucket(db.query);
  return first === null ? null : Math.max(first, bucketStartOf(keptFrom));
}

async function takeLock(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    SELECT pg_try_advisory_xact_lock(${sql.lit(lockKeys.alertEvaluation)}) AS locked`.execute(tx);
  return rows[0]?.locked === true;
}

/** What a slice adds to charts: all there is of an incident that began or is about something else now. */
function chartedAfter(news: readonly Change[], detector: Detector): readonly IncidentCounts[] {
  const whole = new Set(
    news.filter(({ kind }) => kind !== 'went-on').map(({ incident }) => incident.id),
  );
  return detector
    .incidents()
    .filter(({ id, resolvedAt }) => resolvedAt === null || whole.has(id))
    .flatMap(({ id }) =>
      detector
        .counts(id, whole.has(id) ? mostCharted : 1)
        .map((counts) => ({ ...counts, incidentId: id })),
    );
}

/** Of the numbers of an incident that nobody need be told of, the last: of a day of slices at once the others are of no use. */
function withoutRepetition(changes: readonly Change[]): readonly Change[] {
  const last = new Map(changes.map((change, index) => [change.incident.id, index]));
  return changes.filter(
    ({ kind, incident }, index) => kind !== 'went-on' || last.get(incident.id) === index,
  );
}

/** By other settings, or another release, the past is judged anew, in silence: what stands by either is told of. */
async function takeSettingsUp(
  tx: Tx,
  detector: Detector,
  at: number,
  context: WriteContext,
): Promise<void> {
  const standing = new Map((await readStanding(tx)).map((one) => [one.incident.id, one]));
  for (const incident of detector.incidents()) {
    if (incident.resolvedAt !== null || standing.delete(incident.id)) continue;
    await writeCounts(tx, 'taken-up', incident, at, context);
  }
  for (const one of standing.values())
    await writeHappening(tx, one, { kind: 'let-go' }, { at, what: '' }, context);
}
