// A span of time as a condition of a statement.
import { sql, type RawBuilder } from 'kysely';
import type { Span } from './plan.ts';

/** @param column with the name of its table, `s.at` */
export function spanOf(column: string, { from, to }: Span): RawBuilder<boolean> {
  const at = sql.ref(column);
  const since = from === null ? sql<boolean>`true` : sql<boolean>`${at} >= ${new Date(from)}`;
  return to === null ? since : sql<boolean>`${since} AND ${at} < ${new Date(to)}`;
}
