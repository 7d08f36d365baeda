// What a server's autovacuum does, for a database without one, as PGlite is: deleted words leave its files, queues do not
// grow, and the planner of queries knows how large its tables are.
import { sql } from 'kysely';
import type { Logger } from '../logger.ts';
import type { Db } from './postgres.ts';
import { startRetention, type Retention } from './retention.ts';
import type { Tables } from './tables.ts';

/** Those whose rows are changed or deleted; one statement each, so that others get their turn in between. */
const tables: readonly (keyof Tables)[] = [
  'signpost.words',
  'signpost.signals',
  'signpost.changed_cells',
  'signpost.changed_days',
  'signpost.packed_weeks',
  'signpost.sightings',
  'signpost.detector',
  'signpost.incidents',
  'signpost.incident_counts',
  'signpost.transitions',
  'signpost.alert_deliveries',
];

const hourMs = 3_600_000;

/** Looks at once and then every hour. */
export function startVacuuming(
  db: Db,
  { everyMs = hourMs, logger }: { readonly everyMs?: number; readonly logger?: Logger } = {},
): Retention {
  return startRetention(db, (signal) => vacuum(db, signal), {
    everyMs,
    later: 'Tables are vacuumed later',
    logger,
  });
}

/** @throws SignpostError as `Db` does */
export async function vacuum(db: Db, signal?: AbortSignal): Promise<void> {
  for (const table of tables) {
    if (signal?.aborted) return;
    await sql`VACUUM (ANALYZE) ${sql.table(table)}`.execute(db.query);
  }
}
