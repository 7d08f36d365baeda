// Silences and maintenance windows as rows of the store.
import type { Kysely, Selectable } from 'kysely';
import type { SilenceRow } from '#core/store/alert-tables.ts';
import type { Tables } from '#core/store/tables.ts';
import type { Silence } from './lifecycle/silences.ts';
import { isPlaceLevel, type PlaceLevel } from './sighting.ts';

export interface StoredSilence extends Silence {
  /** Null for everywhere. */
  readonly level: PlaceLevel | null;
  readonly createdBy: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Who ended it before its time. */
  readonly endedBy: string | null;
}

/** Those that had not ended by `from` (milliseconds since the epoch), the latest to end first. */
export async function readSilences(
  queries: Kysely<Tables>,
  from: number,
): Promise<readonly StoredSilence[]> {
  const rows = await queries
    .selectFrom('signpost.silences')
    .selectAll()
    .where('until_at', '>', new Date(from))
    .where((where) =>
      where.or([where('ended_at', 'is', null), where('ended_at', '>', new Date(from))]),
    )
    .orderBy('until_at', 'desc')
    .orderBy('id')
    .execute();
  return rows.map(silenceIn);
}

export function silenceIn(row: Selectable<SilenceRow>): StoredSilence {
  const until = Math.min(row.until_at.getTime(), row.ended_at?.getTime() ?? Infinity);
  return {
    id: row.id,
    kind: row.kind,
    level: row.level !== null && isPlaceLevel(row.level) ? row.level : null,
    path: row.path,
    themes: row.themes,
    product: row.product,
    from: row.from_at.getTime(),
    until,
    comment: row.comment,
    createdBy: row.created_by,
    createdAt: row.created_at.getTime(),
    endedBy: row.ended_by,
  };
}
