// What was written between two snapshots of the database, exactly, whatever commits in whatever order: a transaction is
// new when the later snapshot sees it and the earlier one did not. No transaction that stays open holds the others back.
import { sql, type RawBuilder } from 'kysely';
import type { Reading } from '../queries/as-reader.ts';
import { endOf, openIn, type Snapshot, type Step } from './position.ts';

/**
 * The database as it is, and whether a row was written since `seen`. The statement has one snapshot, the one it tells.
 */
export async function look(
  { tx }: Reading,
  seen: Snapshot | null,
): Promise<{ now: Snapshot; changed: boolean }> {
  const changed =
    seen === null
      ? sql`false`
      : sql`EXISTS (SELECT FROM signpost.signals s WHERE ${writtenSince(seen)})`;
  const { rows } = await sql<{ now: Snapshot; changed: boolean }>`
    SELECT pg_current_snapshot()::text AS now, ${changed} AS changed`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw new Error('The database gave no snapshot');
  return row;
}

/**
 * Of rows of `signpost.signals s`: new between the snapshots. To be asked later than `to` was taken: a row that
 * was written again since then is left out here and comes with the next step.
 */
export function newBetween(seen: Snapshot, to: Snapshot): RawBuilder<boolean> {
  return sql<boolean>`(${writtenSince(seen)}) AND pg_visible_in_snapshot(s.changed, ${to}::pg_snapshot)`;
}

/** The rows of a step in their order, after the one that was sent last. */
export function afterRow({ occurredAtMs, entity }: Step['after']): RawBuilder<boolean> {
  return sql<boolean>`(s.occurred_at, s.entity) > (to_timestamp(${occurredAtMs}::float8 / 1000), ${entity}::uuid)`;
}

/** Both ways of being new are ranges of the index of `changed`. */
function writtenSince(seen: Snapshot): RawBuilder<boolean> {
  const later = sql<boolean>`s.changed >= ${endOf(seen).toString()}::xid8`;
  const open = openIn(seen);
  if (open.length === 0) return later;
  return sql<boolean>`${later} OR s.changed = ANY(${`{${open.join(',')}}`}::xid8[])`;
}
