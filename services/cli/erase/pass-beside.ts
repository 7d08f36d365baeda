// Tables that a replay of the archive left behind when it was cut off: those it was filling, and those it had replaced. They
// hold words that no statement about live tables finds, and are dropped once nobody fills them.
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { SignpostError } from '#core/errors.ts';
import { schemas } from '#core/store/beside/beside-queries.ts';
import { dropReplaced } from '#core/store/beside/swap-tables.ts';
import type { Db } from '#core/store/postgres.ts';
import { takeLease } from '../archive/replay/lease.ts';

/** `held`: a replay is at work on them, and another pass is to look again. */
export type Leftover = 'none' | 'dropped' | 'held';

/**
 * A replay that was cut off begins anew when it is asked for again.
 * @throws SignpostError as `Db` does; `store-refused` where this role may not drop them
 */
export async function dropLeftover(db: Db): Promise<Leftover> {
  const { rows } = await sql`
    SELECT 1 FROM pg_namespace WHERE nspname IN (${schemas.beside}, ${schemas.replaced})`.execute(
    db.query,
  );
  if (rows.length === 0) return 'none';
  try {
    // Of a data directory too: what a killed process held is let go of in seconds.
    const lease = await takeLease(db, randomUUID(), { isAlone: false });
    try {
      await dropReplaced(db);
    } finally {
      await lease.release();
    }
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'replay-under-way') return 'held';
    throw error;
  }
  return 'dropped';
}
