// One replay at a time changes a database: who does it says so there, again and again, and whoever does not any more has
// let go of it.
import { sql, type Kysely } from 'kysely';
import { SignpostError } from '#core/errors.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Tables } from '#core/store/tables.ts';

export interface Lease {
  /** Within a transaction: it is still held when that ends. @throws SignpostError `replay-taken-over` */
  check(tx: Kysely<Tables>): Promise<void>;
  release(): Promise<void>;
}

const leaseName = 'archive-replay';
export const leaseMs = 20_000;

/**
 * @param isAlone whether no other process can have this database open: then nobody else can be at it
 * @throws SignpostError `replay-under-way`
 */
export async function takeLease(
  db: Db,
  holder: string,
  { isAlone }: { readonly isAlone: boolean },
): Promise<Lease> {
  const until = sql`now() + make_interval(secs => ${leaseMs / 1000})`;
  const { rows } = await sql`
    INSERT INTO signpost.leases AS l (name, holder, until) VALUES (${leaseName}, ${holder}, ${until})
    ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
    WHERE ${isAlone} OR l.until < now() RETURNING 1`.execute(db.query);
  if (rows.length === 0) throw underWay(db.where);
  const renew = (): Promise<unknown> =>
    sql`UPDATE signpost.leases SET until = ${until} WHERE name = ${leaseName} AND holder = ${holder}`
      .execute(db.query)
      // Said by the next check where it is lost.
      .catch(() => undefined);
  const timer = setInterval(() => void renew(), leaseMs / 5);
  timer.unref();
  return {
    async check(tx) {
      const held = await sql`
        SELECT 1 FROM signpost.leases WHERE name = ${leaseName} AND holder = ${holder} FOR SHARE`.execute(
        tx,
      );
      if (held.rows.length === 0) throw takenOver(db.where);
    },
    async release() {
      clearInterval(timer);
      await sql`DELETE FROM signpost.leases WHERE name = ${leaseName} AND holder = ${holder}`
        .execute(db.query)
        .catch(() => undefined);
    },
  };
}

function underWay(where: string): SignpostError {
  return new SignpostError('replay-under-way', `Another replay is at work on ${where}`, {
    hint: `One at a time: wait for its end. If it was killed, this can begin ${leaseMs / 1000} seconds later.`,
  });
}

function takenOver(where: string): SignpostError {
  return new SignpostError(
    'replay-taken-over',
    `Another replay has taken ${where} over, since this one was not heard of for ${leaseMs / 1000} seconds`,
    { hint: 'Wait for its end, and run this again if it is still wanted.' },
  );
}
