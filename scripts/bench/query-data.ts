// Bench: two years of made-up signals in the store, written by SQL, for questions about them.
import { sql } from 'kysely';
import type { Db } from '../../services/core/store/postgres.ts';

export const areas = 5000;
export const themes = 20;
/** The end of the two years. */
export const endsAt = new Date('2026-11-28T00:00:00Z');
const days = 730;

/**
 * Areas as many as there are in a large country, a few with most of the signals (Zipf's law with exponent 1); tickets
 * mostly, of some days until they are resolved; half of the customers speak more than once; ten waves, four of them finished. The same every time.
 */
export async function loadSignals(db: Db, signals: number): Promise<void> {
  await db.query.transaction().execute(async (tx) => {
    await sql`SELECT setseed(0.5)`.execute(tx);
    await sql`
      INSERT INTO signpost.labels (kind, name)
      SELECT 'theme', 'theme ' || n FROM generate_series(1, ${themes}) n
      UNION ALL SELECT 'technology', unnest(ARRAY['fibre', 'cable', 'DSL', '4G', '5G'])
      UNION ALL SELECT 'severity', unnest(ARRAY['unknown', 'minor', 'major', 'critical'])
      UNION ALL SELECT 'source', 'crm' UNION ALL SELECT 'model', 'bench'`.execute(tx);
    await sql`
      INSERT INTO signpost.departments (bit, name)
      VALUES (0, 'operations'), (1, 'marketing'), (2, 'planning'), (3, 'care')`.execute(tx);
    await sql`
      INSERT INTO signpost.gazetteer (row, country, region, city, area, postcode, lat, lon, subscribers)
      SELECT n, 'US', 'Region ' || n / 500, 'City ' || n / 50, 'Area ' || n, (10000 + n)::text,
        30 + n / 100 * 0.3, -120 + n % 100 * 0.4, 2000 + n * 37 % 20000
      FROM generate_series(0, ${areas - 1}) n`.execute(tx);
    await sql`
      INSERT INTO signpost.waves (wave, area, technology, planned_on, finished_on)
      SELECT 'Wave ' || n / 50, 'Area ' || n * 7, '5G', '2026-01-01'::date + n, CASE WHEN n < 200 THEN '2026-02-01'::date + n END
      FROM generate_series(0, 499) n`.execute(tx);
    await sql`INSERT INTO signpost.gazetteer_read (digest, read_at) VALUES ('bench', now())`.execute(
      tx,
    );
    await sql`
      INSERT INTO signpost.places (country, region, city, area, postcode)
      SELECT country, region, city, area, postcode FROM signpost.gazetteer ORDER BY row`.execute(
      tx,
    );
    await sql`INSERT INTO signpost.places (country) VALUES (NULL)`.execute(tx);
    await sql`
      WITH label AS (SELECT kind, array_agg(id ORDER BY id) AS ids FROM signpost.labels GROUP BY kind),
        place AS (SELECT array_agg(id ORDER BY id) AS ids FROM signpost.places),
        made AS (
          SELECT n, floor(power(${areas}::float, random()))::int AS area, floor(${themes} * power(random(), 2))::int AS theme,
            random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5, random() AS r6,
            date_trunc('milliseconds', ${endsAt}::timestamptz - random() * ${days} * interval '1 day') AS at
          FROM generate_series(1, ${signals}::int) n)
      INSERT INTO signpost.signals (entity, id, source, source_id, kind, revision, at, occurred_at, received_at, reopened_at,
        resolved_at, is_open, is_exact, place, h3, technology, theme, departments, customer, severity, sentiment, urgency,
        churn, scale, score, model)
      SELECT md5(n::text)::uuid, 'insight-' || n, source.ids[1], n::text,
        CASE WHEN r1 < 0.85 THEN 0 WHEN r1 < 0.95 THEN 1 ELSE 2 END, 0, at, at, at + interval '1 minute',
        CASE WHEN r1 < 0.05 THEN at + r2 * interval '5 days' END,
        CASE WHEN r1 < 0.75 THEN date_trunc('milliseconds', at + (0.01 + r3 * r3 * 10) * interval '1 day') END,
        r1 >= 0.75 AND r1 < 0.85, true,
        place.ids[CASE WHEN r6 < 0.03 THEN ${areas + 1} ELSE area END],
        -- Resolution 9 in base cell 20, digits by area: near enough to real cells for their number to matter.
        CASE WHEN r6 >= 0.03 THEN ((1::bigint << 59) | (9::bigint << 52) | (20::bigint << 45) | (((area / 7 % 7)::bigint) << 42)
          | (((area / 49 % 7)::bigint) << 39) | (((area % 7)::bigint) << 36) | (((area / 343 % 7)::bigint) << 33)
          | (((area / 2401 % 7)::bigint) << 30) | 262143) END,
        technology.ids[1 + floor(r2 * 5)::int], theme.ids[1 + theme],
        CASE WHEN r4 < 0.05 THEN 0 WHEN r4 < 0.5 THEN 1 WHEN r4 < 0.6 THEN 5 WHEN r4 < 0.7 THEN 4 WHEN r4 < 0.8 THEN 2
          WHEN r4 < 0.9 THEN 9 WHEN r4 < 0.97 THEN 7 ELSE 15 END,
        CASE WHEN r5 < 0.95 THEN md5('customer ' || floor(r3 * ${signals}::int / 2))::uuid END,
        severity.ids[1 + floor(r5 * 4)::int], floor(r4 * 3)::int - 1, 1, r2 * r5,
        CASE WHEN r1 >= 0.95 THEN floor(r2 * 3)::int END, CASE WHEN r1 >= 0.95 THEN 1 + floor(r3 * 5) END, model.ids[1]
      FROM made, place, label theme, label technology, label severity, label source, label model
      WHERE theme.kind = 'theme' AND technology.kind = 'technology' AND severity.kind = 'severity' AND source.kind = 'source'
        AND model.kind = 'model'`.execute(tx);
  });
  for (const table of ['signals', 'places', 'labels', 'gazetteer'] as const) {
    await sql`VACUUM ANALYZE ${sql.table(`signpost.${table}`)}`.execute(db.query);
  }
}
