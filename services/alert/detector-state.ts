// The detector in memory, folded from the sightings of the store: from its last snapshot, or from the first sighting on.
import { createHash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import type { Tables } from '#core/store/tables.ts';
import type { Detector, DetectorOptions } from './detect/detection.ts';
import { readSightings } from './sighting-rows.ts';
import { bucketStartOf, slicesOf } from './slices.ts';

/** How a detector is made; see services/alert/detect/detector.ts. */
export interface DetectorForm {
  readonly create: (options: DetectorOptions) => Detector;
  /** @throws when the bytes are of another form */
  readonly restore: (options: DetectorOptions, bytes: Uint8Array) => Detector;
  readonly options: DetectorOptions;
  /** Of the detector: by another one the past is judged anew, as by other options. */
  readonly release: number;
}

/** A detector and the end of the last slice it was given. */
export interface Folded {
  readonly detector: Detector;
  readonly until: number;
}

/** What the one row of signpost.detector says; times are milliseconds since the epoch. */
export interface DetectorStand {
  readonly evaluatedUntil: number | null;
  readonly snapshotUntil: number | null;
  /** Digest of the options, and of the detector's release, that it was evaluated with. */
  readonly options: string | null;
}

const dayMs = 86_400_000;

export function digestOf({ options, release }: DetectorForm): string {
  const entries = Object.entries(options).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const identity = JSON.stringify([release, entries]);
  return createHash('sha256').update(identity).digest('hex').slice(0, 32);
}

export async function readStand(
  queries: Kysely<Tables>,
  locked: 'locked' | 'as-it-is' = 'as-it-is',
): Promise<DetectorStand> {
  const { rows } = await sql<{
    evaluated: number | null;
    snapshot: number | null;
    options: string | null;
  }>`
    SELECT date_part('epoch', evaluated_until) * 1000 AS evaluated,
      date_part('epoch', snapshot_until) * 1000 AS snapshot, options
    FROM signpost.detector ${locked === 'locked' ? sql`FOR UPDATE` : sql``}`.execute(queries);
  const { evaluated, snapshot, options } = rows[0]!;
  return { evaluatedUntil: evaluated, snapshotUntil: snapshot, options };
}

/** Start of the bucket of the first sighting that counts; null when there is none. */
export async function firstBucket(queries: Kysely<Tables>): Promise<number | null> {
  const { rows } = await sql<{ at: number | null }>`
    SELECT date_part('epoch', min(counts_at)) * 1000 AS at FROM signpost.sightings WHERE NOT is_late`.execute(
    queries,
  );
  const at = rows[0]?.at ?? null;
  return at === null ? null : bucketStartOf(at);
}

/**
 * The detector as it was when `until` was evaluated, or before anything was: then it begins there, at the start of a
 * bucket. What it says meanwhile was said before.
 * @param known one that was folded so far already
 */
export async function foldUntil(
  queries: Kysely<Tables>,
  form: DetectorForm,
  until: number,
  known: Folded | undefined,
  signal: AbortSignal,
): Promise<Folded | undefined> {
  const begun =
    known !== undefined && known.until <= until ? known : await begin(queries, form, until);
  let at = begun.until;
  while (at < until) {
    if (signal.aborted) return undefined;
    const to = Math.min(until, at + dayMs);
    const sightings = await readSightings(queries, at, to);
    for (const slice of slicesOf(sightings, at, to)) begun.detector.step(slice);
    at = to;
    // Others of this thread get their turn.
    await breathe();
  }
  return { detector: begun.detector, until };
}

async function begin(queries: Kysely<Tables>, form: DetectorForm, until: number): Promise<Folded> {
  const row = await queries
    .selectFrom('signpost.detector')
    .select(['snapshot', 'snapshot_until', 'options', 'evaluated_until'])
    .executeTakeFirstOrThrow();
  const at = row.snapshot_until?.getTime();
  const isOfThese = row.options === digestOf(form);
  if (row.snapshot !== null && at !== undefined && at <= until && isOfThese) {
    const detector = restored(form, row.snapshot);
    if (detector !== undefined) return { detector, until: at };
  }
  const detector = form.create(form.options);
  if (row.evaluated_until === null) return { detector, until };
  const first = (await firstBucket(queries)) ?? until;
  // A detector begins with a whole bucket, wherever in one the last evaluation ended.
  return { detector, until: bucketStartOf(Math.min(first, until)) };
}

/** Of another release, say: then it is folded anew. */
function restored(form: DetectorForm, bytes: Uint8Array): Detector | undefined {
  try {
    return form.restore(form.options, bytes);
  } catch {
    return undefined;
  }
}
