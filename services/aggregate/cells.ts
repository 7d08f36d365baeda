// The cells of tickets.aggregated.v1, computed of the facts: what docs/decisions/0013-planners-store.md counts when.
import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { TicketAggregate } from '#schemas/ticket-aggregate.ts';
import { kindNumbers, scaleNumbers, type Tables } from '#core/store/tables.ts';
import { unnested, type Column } from '#core/store/unnest.ts';
import type { ChangedCell } from './changed-cells.ts';

/** With the names of its theme and technology. */
export interface NamedCell extends ChangedCell {
  readonly themeName: string;
  readonly technologyName: string;
}

const hourMs = 3_600_000;
const all = -1;

/**
 * All hours and departments of each of `cells` that hold anything, and, all zeros, those that facts have left: a reader
 * who keeps the last record of each cell never keeps what is gone.
 * @param updatedAt milliseconds since the epoch
 */
export async function computeCells(
  cells: readonly NamedCell[],
  tx: Transaction<Tables>,
  updatedAt: number,
): Promise<readonly TicketAggregate[]> {
  const departments = new Map([[all, 'all']]);
  const stored = await tx.selectFrom('signpost.departments').select(['bit', 'name']).execute();
  for (const { bit, name } of stored) departments.set(bit, name);
  const bucketOf = (cell: NamedCell, department: number, hour: number | null) => ({
    area: cell.area ?? 'unknown',
    theme: cell.themeName,
    technology: cell.technologyName,
    department: departments.get(department)!,
    bucket: hour === null ? ('day' as const) : ('hour' as const),
    bucketStart: Date.parse(cell.day) + (hour ?? 0) * hourMs,
    updatedAt,
  });

  const counted = new Set<string>();
  const aggregates = (await readCounts(cells, tx)).map(
    ({ n, department, hour, ...figures }): TicketAggregate => {
      counted.add(`${n}/${department}/${hour}`);
      return { ...bucketOf(cells[n]!, department, hour), ...figures };
    },
  );
  for (const [n, cell] of cells.entries()) {
    for (const department of departments.keys()) {
      const isLeft =
        department === all || (cell.leftDepartments & (1n << BigInt(department))) !== 0n;
      if (!isLeft) continue;
      for (const hour of [null, ...hoursIn(cell.leftHours)]) {
        if (!counted.has(`${n}/${department}/${hour}`))
          aggregates.push({ ...bucketOf(cell, department, hour), ...nothing });
      }
    }
  }
  return aggregates;
}

type Figures = Omit<
  TicketAggregate,
  'area' | 'theme' | 'technology' | 'department' | 'bucket' | 'bucketStart' | 'updatedAt'
>;

const nothing: Figures = {
  opened: 0,
  reopened: 0,
  resolved: 0,
  stillOpen: 0,
  customers: 0,
  medianHoursToResolve: null,
  p90HoursToResolve: null,
  meanSentiment: null,
  severities: {},
  posts: 0,
  surveyAnswers: 0,
  meanCsat: null,
  nps: null,
};

function hoursIn(bits: number): readonly number[] {
  return Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => (bits & (1 << hour)) !== 0);
}

type Numbered = ChangedCell & { readonly n: number };

const columns: readonly Column<Numbered>[] = [
  { name: 'n', type: 'integer', of: ({ n }) => n },
  { name: 'area', type: 'text', of: ({ area }) => area },
  { name: 'theme', type: 'integer', of: ({ theme }) => theme },
  { name: 'technology', type: 'integer', of: ({ technology }) => technology },
  { name: 'day', type: 'date', of: ({ day }) => day },
];

interface CountsRow extends Figures {
  /** Index of the cell. */
  readonly n: number;
  /** Bit of the department, -1 for all. */
  readonly department: number;
  /** Null for the day. */
  readonly hour: number | null;
}

const isTicket = sql.raw(`stream = 'at' AND kind = ${kindNumbers.ticket}`);
const isScored = (scale: keyof typeof scaleNumbers): RawBuilder<unknown> =>
  sql.raw(
    `stream = 'at' AND kind = ${kindNumbers.survey} AND scale = ${scaleNumbers[scale]} AND score IS NOT NULL`,
  );

/**
 * Facts of the cells by one of their moments: those of a theme and day are read once by an index, for however many areas,
 * and never all there are: OFFSET 0 keeps the planner from that. An area may have any number of places.
 */
function factsBy(stream: 'at' | 'reopened_at' | 'resolved_at'): RawBuilder<unknown> {
  const moment = sql.ref(`f.${stream}`);
  return sql`
    SELECT c.n, ${sql.lit(stream)}::text AS stream, s.moment, s.at, s.kind, s.is_exact, s.is_open,
      s.departments, s.customer, s.severity, s.sentiment, s.scale, s.score
    FROM (SELECT DISTINCT theme, start FROM cells) slot
    CROSS JOIN LATERAL (
      SELECT f.*, ${moment} AS moment FROM signpost.signals f
      WHERE f.theme = slot.theme AND ${moment} >= slot.start AND ${moment} < slot.start + interval '1 day'
      OFFSET 0
    ) s
    JOIN signpost.places p ON p.id = s.place
    JOIN cells c ON c.theme = slot.theme AND c.start = slot.start AND c.technology = s.technology
      AND COALESCE(c.area, '') = COALESCE(p.area, '')`;
}

async function readCounts(
  cells: readonly NamedCell[],
  tx: Transaction<Tables>,
): Promise<readonly CountsRow[]> {
  if (cells.length === 0) return [];
  const numbered = cells.map((cell, n) => ({ ...cell, n }));
  const { rows } = await sql<CountsRow>`
    WITH cells AS MATERIALIZED (
      SELECT *, day::timestamp AT TIME ZONE 'UTC' AS start FROM ${unnested(columns, numbered)} AS given
    ), facts AS (
      ${factsBy('at')} UNION ALL ${factsBy('reopened_at')} UNION ALL ${factsBy('resolved_at')}
    ), counted AS (
      SELECT facts.*, d.department, b.hour,
        nullif(extract(epoch FROM moment - at)::float8, 0) / 3600 AS hours_to_resolve
      FROM facts
      CROSS JOIN LATERAL (
        SELECT ${sql.lit(all)} AS department
        UNION ALL
        SELECT bit FROM signpost.departments WHERE facts.departments & (1::bigint << bit) <> 0
      ) d
      CROSS JOIN LATERAL (
        SELECT NULL::int AS hour
        UNION ALL
        SELECT extract(hour FROM moment AT TIME ZONE 'UTC')::int WHERE is_exact
      ) b
    ), severe AS (
      SELECT n, department, hour, jsonb_object_agg(l.name, tickets) AS severities FROM (
        SELECT n, department, hour, severity, count(*)::int AS tickets FROM counted WHERE ${isTicket}
        GROUP BY n, department, hour, severity
      ) by_severity JOIN signpost.labels l ON l.id = severity
      GROUP BY n, department, hour
    ), counts AS (
      SELECT n, department, hour,
        count(*) FILTER (WHERE ${isTicket})::int AS opened,
        count(*) FILTER (WHERE stream = 'reopened_at')::int AS reopened,
        count(*) FILTER (WHERE stream = 'resolved_at')::int AS resolved,
        count(*) FILTER (WHERE ${isTicket} AND is_open)::int AS "stillOpen",
        (count(DISTINCT customer) FILTER (WHERE stream = 'at'))::int AS customers,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY hours_to_resolve)
          FILTER (WHERE stream = 'resolved_at') AS "medianHoursToResolve",
        percentile_cont(0.9) WITHIN GROUP (ORDER BY hours_to_resolve)
          FILTER (WHERE stream = 'resolved_at') AS "p90HoursToResolve",
        (avg(sentiment) FILTER (WHERE stream = 'at'))::float8 AS "meanSentiment",
        count(*) FILTER (WHERE stream = 'at' AND kind = ${sql.lit(kindNumbers.post)})::int AS posts,
        count(*) FILTER (WHERE stream = 'at' AND kind = ${sql.lit(kindNumbers.survey)})::int AS "surveyAnswers",
        avg(score) FILTER (WHERE ${isScored('csat')}) AS "meanCsat",
        (100.0 * avg(CASE WHEN score >= 9 THEN 1 WHEN score <= 6 THEN -1 ELSE 0 END)
          FILTER (WHERE ${isScored('nps')}))::float8 AS nps
      FROM counted GROUP BY n, department, hour
    )
    SELECT counts.*, COALESCE(severities, '{}') AS severities FROM counts
    LEFT JOIN severe ON severe.n = counts.n AND severe.department = counts.department
      AND severe.hour IS NOT DISTINCT FROM counts.hour
    ORDER BY counts.n, counts.department, counts.hour NULLS FIRST`.execute(tx);
  return rows;
}
