// What is older than wished is forgotten: sightings and incidents after `alert.keepDays`, and the words of incidents as
// soon as the words they were taken from.
import { sql } from 'kysely';
import type { Logger } from '#core/logger.ts';
import type { Db } from '#core/store/postgres.ts';
import { inSteps, lockKeys, startRetention, type Retention } from '#core/store/retention.ts';

export interface ForgetSightingsOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly keepDays: number;
  /** Days that words are kept. */
  readonly wordsDays: number;
  readonly everyMs?: number;
  readonly logger?: Logger | undefined;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const stepRows = 1000;

/** Looks at once and then every hour; of several copies one forgets at a time. */
export function startForgettingSightings(db: Db, options: ForgetSightingsOptions): Retention {
  return startRetention(db, (signal) => forget(db, options, signal), {
    everyMs: options.everyMs ?? hourMs,
    later: 'Old alerts are forgotten later',
    logger: options.logger,
  });
}

async function forget(
  db: Db,
  { now, keepDays, wordsDays }: ForgetSightingsOptions,
  signal: AbortSignal,
): Promise<void> {
  const kept = new Date(now() - keepDays * dayMs);
  const worded = new Date(now() - wordsDays * dayMs);
  const steps = [
    sql`DELETE FROM signpost.sightings WHERE id = ANY (ARRAY (
      SELECT id FROM signpost.sightings WHERE at < ${kept} ORDER BY at LIMIT ${sql.lit(stepRows)}))`,
    sql`UPDATE signpost.incidents SET words = '{}' WHERE id = ANY (ARRAY (
      SELECT id FROM signpost.incidents WHERE updated_at < ${worded} AND words <> '{}' LIMIT ${sql.lit(stepRows)}))`,
    sql`UPDATE signpost.transitions SET record = jsonb_set(record, '{words}', '[]') WHERE seq = ANY (ARRAY (
      SELECT seq FROM signpost.transitions WHERE written_at < ${worded} AND record->'words' <> '[]'
      LIMIT ${sql.lit(stepRows)}))`,
    sql`DELETE FROM signpost.incidents WHERE id = ANY (ARRAY (
      SELECT id FROM signpost.incidents WHERE state = 'resolved' AND resolved_at < ${kept} AND updated_at < ${kept}
      LIMIT ${sql.lit(stepRows)}))`,
    sql`DELETE FROM signpost.silences WHERE until_at < ${kept}`,
  ];
  for (const step of steps) {
    await inSteps(db, lockKeys.alertRetention, signal, async (tx) => {
      const { numAffectedRows } = await step.execute(tx);
      return (numAffectedRows ?? 0n) >= BigInt(stepRows);
    });
  }
}
