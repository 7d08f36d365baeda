// Silences and maintenance windows written and ended, for whoever lets people do so. The lifecycle of alerts looks at
// the rows and does the rest.
import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { SilenceRow, StoredPath } from '../store/alert-tables.ts';
import type { Db } from '../store/postgres.ts';

export interface NewSilence {
  readonly kind: 'silence' | 'maintenance';
  /** A place and all that lies in it; null for everywhere. */
  readonly place: { readonly level: string; readonly path: StoredPath } | null;
  /** Null for all. */
  readonly themes: readonly string[] | null;
  readonly product: string | null;
  /** Milliseconds since the epoch; `until` is the first moment after it. */
  readonly from: number;
  readonly until: number;
  readonly comment: string;
  readonly by: string;
  readonly at: number;
}

/**
 * The same said twice is one.
 * @throws SignpostError as `Db` does
 */
export async function addSilence(db: Db, silence: NewSilence): Promise<Selectable<SilenceRow>> {
  const { kind, place, themes, product, from, until, comment, by, at } = silence;
  const id = idOf(silence);
  await db.query
    .insertInto('signpost.silences')
    .values({
      id,
      kind,
      level: place?.level ?? null,
      path: place === null ? null : JSON.stringify(place.path),
      themes: themes === null ? null : [...themes],
      product,
      from_at: new Date(from),
      until_at: new Date(until),
      comment,
      created_by: by,
      created_at: new Date(at),
      ended_at: null,
      ended_by: null,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  return db.query
    .selectFrom('signpost.silences')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
}

/**
 * Ends it now; one that is over stays as it is. Undefined where there is none.
 * @param at milliseconds since the epoch
 */
export async function endSilence(
  db: Db,
  id: string,
  by: string,
  at: number,
): Promise<Selectable<SilenceRow> | undefined> {
  const now = new Date(at);
  await db.query
    .updateTable('signpost.silences')
    .set({ ended_at: now, ended_by: by })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .where('until_at', '>', now)
    .execute();
  return db.query
    .selectFrom('signpost.silences')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
}

/** 96 bits of SHA-256, of all but when it was written. */
function idOf({ at: _at, ...said }: NewSilence): string {
  return createHash('sha256').update(JSON.stringify(said)).digest('base64url').slice(0, 16);
}
