// What people do with incidents: take them on, and keep planned or known trouble quiet. Each action is written with the
// transitions that follow from it.
import { randomUUID } from 'node:crypto';
import type { Db } from '#core/store/postgres.ts';
import { lockIncident } from './incident-rows.ts';
import { silenceIn, type StoredSilence } from './silence-rows.ts';
import type { PlaceLevel, SightingPlace } from './sighting.ts';
import { applySilences, type TickContext } from './tick.ts';
import { lockAlerts, writeHappening } from './write-step.ts';

export type Acknowledged = 'acknowledged' | 'already-acknowledged' | 'over' | 'unknown';

/** Who does it, when in milliseconds since the epoch, and what they say to it. */
export interface Doing {
  readonly by: string;
  readonly at: number;
  readonly comment?: string | undefined;
}

export async function acknowledge(
  db: Db,
  id: string,
  { by, at, comment }: Doing,
  context: TickContext,
): Promise<Acknowledged> {
  return db.query.transaction().execute(async (tx) => {
    await lockAlerts(tx);
    const stored = await lockIncident(tx, id);
    if (stored === undefined) return 'unknown';
    if (stored.state === 'resolved') return 'over';
    if (stored.state === 'acknowledged') return 'already-acknowledged';
    const whole = { ...context, silences: [], now: at };
    const happening = { kind: 'acknowledged', at, by } as const;
    await writeHappening(tx, stored, happening, { at, what: by, comment }, whole);
    return 'acknowledged';
  });
}

export interface NewSilence {
  readonly kind: 'silence' | 'maintenance';
  /** Place and all that lies in it; null for everywhere. */
  readonly place: { readonly level: PlaceLevel; readonly path: SightingPlace } | null;
  /** Null for all. */
  readonly themes: readonly string[] | null;
  readonly product: string | null;
  /** Milliseconds since the epoch; `until` is after `from`. */
  readonly from: number;
  readonly until: number;
  readonly comment: string;
  readonly by: string;
}

/** What it covers now is quiet when this returns. */
export async function addSilence(
  db: Db,
  silence: NewSilence,
  context: TickContext,
  now: number,
): Promise<StoredSilence> {
  const row = await db.query
    .insertInto('signpost.silences')
    .values({
      id: randomUUID().slice(0, 13),
      kind: silence.kind,
      level: silence.place?.level ?? null,
      path: silence.place === null ? null : JSON.stringify(silence.place.path),
      themes: silence.themes === null ? null : [...silence.themes],
      product: silence.product,
      from_at: new Date(silence.from),
      until_at: new Date(silence.until),
      comment: silence.comment,
      created_by: silence.by,
      created_at: new Date(now),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await applySilences(db, context, now);
  return silenceIn(row);
}

export type Ended = 'ended' | 'already-over' | 'unknown';

/** What it kept quiet and still stands is told when this returns. */
export async function endSilence(
  db: Db,
  id: string,
  { by, at }: { readonly by: string; readonly at: number },
  context: TickContext,
): Promise<Ended> {
  const { numUpdatedRows } = await db.query
    .updateTable('signpost.silences')
    .set({ ended_at: new Date(at), ended_by: by })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .where('until_at', '>', new Date(at))
    .executeTakeFirst();
  if (numUpdatedRows > 0n) {
    await applySilences(db, context, at);
    return 'ended';
  }
  const known = await db.query
    .selectFrom('signpost.silences')
    .select('id')
    .where('id', '=', id)
    .executeTakeFirst();
  return known === undefined ? 'unknown' : 'already-over';
}
