// Counts of an alert for its chart: those that were judged, and before them how it rose.
import { sql } from 'kysely';
import type { IncidentCountsRow } from '#core/store/alert-tables.ts';
import type { Reading } from '../queries/as-reader.ts';
import type { Incident } from './alert-rows.ts';
import type { AlertAnswer } from './answers.ts';

type Count = AlertAnswer['counts'][number];

const bucketMs = 15 * 60_000;
/** Shown of the time before it began. */
const before = 12 * bucketMs;
const mostBuckets = 96;

/**
 * In order. What was judged has its band; what lies before it was noticed is counted anew, for who sees every
 * department alone: the counts of some would look like a rise that was none.
 */
export async function countsOf(reading: Reading, incident: Incident): Promise<Count[]> {
  const { rows } = await sql<IncidentCountsRow>`
    SELECT start, customers, expected, low, high FROM signpost.incident_counts
    WHERE incident_id = ${incident.id} ORDER BY start`.execute(reading.tx);
  const judged = rows.map((row): Count => ({ ...row, start: row.start.toISOString() }));
  const [first] = rows;
  if (!reading.seesAll || first === undefined) return judged;
  return [...(await rise(reading, incident, first.start.getTime())), ...judged];
}

/** @param until start of the first bucket that was judged */
async function rise({ tx }: Reading, incident: Incident, until: number): Promise<Count[]> {
  const began = Math.floor(incident.started_at.getTime() / bucketMs) * bucketMs;
  const from = Math.max(began - before, until - mostBuckets * bucketMs);
  const { path, themes, product } = incident;
  const places = (['country', 'region', 'city', 'area', 'postcode', 'site'] as const).flatMap(
    (part) => (path[part] === null ? [] : [sql<boolean>`p.${sql.ref(part)} = ${path[part]}`]),
  );
  const { rows } = await sql<{ bucket: number; customers: number }>`
    SELECT floor(extract(epoch FROM s.counts_at) / ${bucketMs / 1000})::int AS bucket,
      count(DISTINCT COALESCE(s.customer, s.id))::int AS customers
    FROM signpost.sightings s
    JOIN signpost.places p ON p.id = s.place
    JOIN signpost.labels theme ON theme.id = s.theme
    LEFT JOIN signpost.labels product ON product.id = s.product
    WHERE s.counts_at >= ${new Date(from)} AND s.counts_at < ${new Date(until)} AND NOT s.is_late
      AND theme.name = ANY (${themes}::text[])
      AND ${product === null ? sql`true` : sql`product.name = ${product}`}
      AND ${sql.join([sql`true`, ...places], sql` AND `)}
    GROUP BY 1`.execute(tx);
  const counted = new Map(rows.map(({ bucket, customers }) => [bucket, customers]));
  const buckets = Math.max(0, Math.round((until - from) / bucketMs));
  return Array.from({ length: buckets }, (_, index) => {
    const start = from + index * bucketMs;
    const customers = counted.get(start / bucketMs) ?? 0;
    return {
      start: new Date(start).toISOString(),
      customers,
      expected: null,
      low: null,
      high: null,
    };
  });
}
