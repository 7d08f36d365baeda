// Packs weeks in which facts changed, so that broad questions about them are quick. Nothing but speed depends on it: until
// a week is packed anew, the days that changed are read from the facts.
import { sql } from 'kysely';
import { SignpostError } from '#core/errors.ts';
import { packColumns, streamNumbers, type Stream } from '#core/store/fact-columns.ts';
import type { Db } from '#core/store/postgres.ts';
import { readFacts } from '#core/store/read-facts.ts';

export interface Packing {
  /** Weeks that were packed. */
  readonly weeks: number;
}

const streams = Object.keys(streamNumbers) as Stream[];
const weekMs = 7 * 86_400_000;

/**
 * Packs each week that has marks of changes, the newest first, each in a transaction of its own. Several may run at a
 * time, and while facts are written: then they wait for each other, and writers for nobody.
 * @throws SignpostError as `Db` does; `store-refused` where the role does not see all facts
 */
export async function packChangedWeeks(db: Db, signal?: AbortSignal): Promise<Packing> {
  const { rows } = await sql<{ week: string }>`
    SELECT DISTINCT date_trunc('week', day)::date AS week FROM signpost.changed_days ORDER BY week DESC`.execute(
    db.query,
  );
  let weeks = 0;
  for (const { week } of rows) {
    if (signal?.aborted) break;
    await packWeek(db, week);
    weeks += 1;
  }
  return { weeks };
}

/**
 * Why this is right whatever happens meanwhile: facts and marks are read as of one moment. A change that was committed
 * before it is in the pack, and its mark is deleted; one committed later is not in the pack, but its mark, which came in
 * the same transaction, cannot be among those seen and deleted here, and stands.
 * @param week its Monday, `2026-11-23`
 */
export async function packWeek(db: Db, week: string): Promise<void> {
  await db.query
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      // Before anything is read: the snapshot is taken after the wait for whoever packs at the moment.
      await sql`LOCK TABLE signpost.packed_weeks IN SHARE ROW EXCLUSIVE MODE`.execute(tx);
      await refuseHalfASight(tx, db.where);
      await tx.deleteFrom('signpost.packed_weeks').where('week', '=', week).execute();
      const from = Date.parse(week);
      for (const stream of streams) {
        const facts = await readFacts(tx, stream, { from, to: from + weekMs });
        for (const { departments, columns } of facts) {
          await tx
            .insertInto('signpost.packed_weeks')
            .values({
              week,
              stream: streamNumbers[stream],
              departments: String(departments),
              count: columns.count,
              columns: packColumns(columns),
            })
            .execute();
        }
      }
      await sql`
        DELETE FROM signpost.changed_days WHERE day >= ${week}::date AND day < ${week}::date + 7`.execute(
        tx,
      );
    });
}

/** A role that row-level rules bind would pack what it sees as if it were all. */
async function refuseHalfASight(tx: Parameters<typeof readFacts>[0], where: string): Promise<void> {
  const { rows } = await sql<{ bound: boolean }>`
    SELECT row_security_active('signpost.signals') AS bound`.execute(tx);
  if (rows[0]?.bound !== true) return;
  throw new SignpostError(
    'store-refused',
    `Row-level rules of the database ${where} keep facts from the role that packs weeks`,
    { hint: 'Run aggregate as the owner of the schema signpost, or as a role with BYPASSRLS.' },
  );
}
