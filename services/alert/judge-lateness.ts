// Which sightings are late, by what all of them say of when their sources were first heard of: where they are written in
// another order than that in which they came.
import { sql, type Kysely } from 'kysely';
import type { Tables } from '#core/store/tables.ts';
import { bucketMs } from './detect/detection.ts';
import type { Lateness } from './in-time.ts';

/** Of those that no evaluated bucket has. The same as `isInTime`, by statement. */
export async function judgeLateness(queries: Kysely<Tables>, lateness: Lateness): Promise<void> {
  const { latenessMs, latenessMsBySource } = lateness;
  await sql`
    UPDATE signpost.sightings s SET is_late = judged.is_late
    FROM (
      SELECT one.id, NOT (one.received_at <= due.at OR due.at < heard.first_received_at) AS is_late
      FROM signpost.sightings one
      JOIN signpost.labels source ON source.id = one.source
      JOIN signpost.sighting_sources heard ON heard.source = one.source
      CROSS JOIN LATERAL (
        SELECT to_timestamp((floor(date_part('epoch', one.at) * 1000 / ${bucketMs}::float8) + 1) * ${bucketMs}::float8 / 1000)
          + make_interval(secs => COALESCE(
            (${JSON.stringify(latenessMsBySource)}::jsonb ->> source.name)::float8, ${latenessMs}::float8) / 1000) AS at
      ) due
      WHERE one.counts_at >= COALESCE((SELECT evaluated_until FROM signpost.detector), '-infinity')
    ) judged
    WHERE judged.id = s.id AND judged.is_late <> s.is_late`.execute(queries);
}
