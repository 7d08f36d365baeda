// What BI tools read: names instead of numbers, no hashes, and row-level rules as for everyone else. See docs/bi-views.md.
import type { Migration } from '../migrate.ts';

const label = (column: string): string =>
  `JOIN signpost.labels ${column} ON ${column}.id = s.${column}`;

/** Tickets, posts and answers of a bucket; whoever may not see a row does not count it either. */
const aggregate = (name: string, bucket: string, condition: string): string =>
  `CREATE VIEW signpost_views.tickets_by_${bucket} WITH (security_invoker = true) AS
    SELECT moment AS ${bucket}, country, region, city, area, theme, technology,
      count(*) FILTER (WHERE event = 'opened') AS opened,
      count(*) FILTER (WHERE event = 'reopened') AS reopened,
      count(*) FILTER (WHERE event = 'resolved') AS resolved,
      count(*) FILTER (WHERE event = 'opened' AND is_open) AS still_open,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY hours_to_resolve) FILTER (WHERE event = 'resolved')
        AS median_hours_to_resolve,
      percentile_cont(0.9) WITHIN GROUP (ORDER BY hours_to_resolve) FILTER (WHERE event = 'resolved')
        AS p90_hours_to_resolve
    FROM (
      SELECT 'opened' AS event, ${name.replace('?', 'at')} AS moment, t.* FROM signpost_views.signals t
      WHERE kind = 'ticket'${condition}
      UNION ALL
      SELECT 'reopened', ${name.replace('?', 'reopened_at')}, t.* FROM signpost_views.signals t
      WHERE reopened_at IS NOT NULL${condition}
      UNION ALL
      SELECT 'resolved', ${name.replace('?', 'resolved_at')}, t.* FROM signpost_views.signals t
      WHERE resolved_at IS NOT NULL${condition}
    ) AS events
    GROUP BY moment, country, region, city, area, theme, technology`;

export const views: Migration = {
  name: 'views',
  statements: [
    // An administrator may have made it, and to ask for it needs a privilege even where it exists.
    `DO $$ BEGIN
      IF to_regnamespace('signpost_views') IS NULL THEN CREATE SCHEMA signpost_views; END IF;
    END $$`,
    `CREATE VIEW signpost_views.signals WITH (security_invoker = true) AS
      SELECT s.entity AS thing, s.id AS insight_id, source.name AS source,
        (ARRAY['ticket', 'post', 'survey'])[s.kind + 1] AS kind, s.at, s.is_exact, s.received_at, s.reopened_at,
        s.resolved_at, s.is_open,
        -- Of a ticket first heard of when it was resolved nobody knows how long that took.
        nullif(extract(epoch FROM s.resolved_at - s.at)::float8, 0) / 3600 AS hours_to_resolve,
        p.country, p.region, p.city, p.area, p.postcode, p.site, to_hex(s.h3) AS h3,
        technology.name AS technology, theme.name AS theme, severity.name AS severity, s.sentiment,
        (ARRAY['low', 'normal', 'high'])[s.urgency + 1] AS urgency, s.churn AS churn_risk,
        (ARRAY['nps', 'csat', 'ces'])[s.scale + 1] AS scale, s.score, model.name AS model,
        ARRAY(SELECT d.name FROM signpost.departments d WHERE (s.departments >> d.bit) & 1 = 1 ORDER BY d.name)
          AS departments
      FROM signpost.signals s
      JOIN signpost.places p ON p.id = s.place
      ${['source', 'technology', 'theme', 'severity', 'model'].map(label).join('\n      ')}`,
    aggregate("date_trunc('day', ?, 'UTC')", 'day', ''),
    // What is known to the day has no hour.
    aggregate("date_trunc('hour', ?, 'UTC')", 'hour', ' AND is_exact'),
    `CREATE VIEW signpost_views.gazetteer WITH (security_invoker = true) AS
      SELECT country, region, city, area, postcode, lat, lon, subscribers, technology FROM signpost.gazetteer`,
    `CREATE VIEW signpost_views.waves WITH (security_invoker = true) AS
      SELECT wave, area, technology, planned_on, finished_on FROM signpost.waves`,
    'GRANT USAGE ON SCHEMA signpost_views TO signpost_reader',
    'GRANT SELECT ON ALL TABLES IN SCHEMA signpost_views TO signpost_reader',
  ],
};
