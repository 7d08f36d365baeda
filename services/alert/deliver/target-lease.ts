// One copy at a time tells a target: what is said again of what stands must not come after its end. It is kept while its
// holder lives, and free soon after a kill.
import { sql } from 'kysely';
import type { Db } from '#core/store/postgres.ts';

export interface TargetLease {
  /** Whether it is ours now, and for a while. */
  hold(): Promise<boolean>;
  /** Keeps it without being asked, until `release`. */
  keep(): void;
  release(): Promise<void>;
}

export const leaseMs = 15_000;

/** @param holder another for each copy */
export function createTargetLease(db: Db, target: string, holder: string): TargetLease {
  const name = `deliver/${target}`;
  let timer: NodeJS.Timeout | undefined;
  let heldAt = -Infinity;

  // By the clock of the database, which is one for all.
  const take = async (): Promise<boolean> => {
    const begun = performance.now();
    const { rows } = await sql`
      INSERT INTO signpost.leases AS l (name, holder, until)
      VALUES (${name}, ${holder}, now() + make_interval(secs => ${leaseMs / 1000}))
      ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
      WHERE l.holder = EXCLUDED.holder OR l.until < now()
      RETURNING 1`.execute(db.query);
    heldAt = rows.length > 0 ? begun : -Infinity;
    return rows.length > 0;
  };
  const hold = async (): Promise<boolean> =>
    performance.now() - heldAt < leaseMs / 2 || (await take());
  return {
    hold,
    keep() {
      // What fails is found out by whoever asks for it next.
      timer ??= setInterval(() => void take().catch(() => false), leaseMs / 3).unref();
    },
    async release() {
      clearInterval(timer);
      timer = undefined;
      await sql`DELETE FROM signpost.leases WHERE name = ${name} AND holder = ${holder}`.execute(
        db.query,
      );
    },
  };
}
