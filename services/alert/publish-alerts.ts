// Publishes transitions on alerts.raised.v1 in their order, each once: how far it came is written with them, in one
// transaction of the log.
import { sql } from 'kysely';
import type { Alert } from '#schemas/alert.ts';
import { keepTrying, type KeepTrying } from '#core/keep-trying.ts';
import type { Log } from '#core/log/port.ts';
import type { Db } from '#core/store/postgres.ts';
import { toOutgoing } from '#core/topic.ts';
import { alertsRaised } from '../topology.ts';

export interface PublishAlerts extends KeepTrying {
  readonly db: Db;
  readonly log: Pick<Log, 'append' | 'checkpoint'>;
  /**
   * This process; the same at its next start where there can be no other at a time. Two processes must not append at
   * once: what one has begun to append is in no checkpoint that the other reads.
   */
  readonly holder: string;
  /** Monotonic, milliseconds. */
  readonly clock: () => number;
}

const portion = 200;
const idleMs = 1000;
const standbyMs = 5000;
/** Far more than a log takes to append or to refuse: who held it before is done by then. */
const leaseMs = 120_000;
/** Who was stopped for so long after taking it does not append any more. */
const appendWithinMs = 30_000;
const leaseName = 'alerts.raised.v1';

/** Publishes until `signal` aborts. What fails outside is logged and tried again; bugs are thrown. */
export async function publishAlerts(options: PublishAlerts): Promise<void> {
  try {
    await keepTrying(async () => {
      const published = await publishNext(options);
      if (published === null) return standbyMs;
      return published < portion ? idleMs : 0;
    }, options);
  } finally {
    // Others need not wait for its end, where the database can still be told.
    await giveBack(options.db, options.holder).catch(() => undefined);
  }
}

/** @returns how many were published; null while another process publishes */
export async function publishNext({
  db,
  log,
  holder,
  clock,
}: Pick<PublishAlerts, 'db' | 'log' | 'holder' | 'clock'>): Promise<number | null> {
  const began = clock();
  if (!(await takeLease(db, holder))) return null;
  const { made } = await db.query
    .selectFrom('signpost.detector')
    .select('made')
    .executeTakeFirstOrThrow();
  // Of this database: in one that is made anew, numbers begin anew.
  const key = `alerts/${made}`;
  const after = (await log.checkpoint(key)) ?? '0';
  const rows = await db.query
    .selectFrom('signpost.transitions')
    .select(['seq', 'record', 'written_at'])
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(portion)
    .execute();
  const last = rows.at(-1);
  if (last === undefined) return 0;
  const records = rows.map(({ record, written_at: writtenAt }) =>
    toOutgoing(alertsRaised, record as Alert, { timestamp: writtenAt.getTime() }),
  );
  if (clock() - began > appendWithinMs) return null;
  await log.append(records, { checkpoints: { [key]: last.seq } });
  return rows.length;
}

/** By the clock of the database, which is one for all. */
async function takeLease(db: Db, holder: string): Promise<boolean> {
  const { rows } = await sql`
    INSERT INTO signpost.leases AS l (name, holder, until)
    VALUES (${leaseName}, ${holder}, now() + make_interval(secs => ${leaseMs / 1000}))
    ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
    WHERE l.holder = EXCLUDED.holder OR l.until < now()
    RETURNING 1`.execute(db.query);
  return rows.length > 0;
}

async function giveBack(db: Db, holder: string): Promise<void> {
  await sql`DELETE FROM signpost.leases WHERE name = ${leaseName} AND holder = ${holder}`.execute(
    db.query,
  );
}
