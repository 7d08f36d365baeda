// The question of /v1/aggregates, asked of the facts by plain SQL: what every answer must equal, and how long that takes.
import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Tables } from '../../services/core/store/tables.ts';
import type { AggregatesQuestion, Dimension } from '../../services/portal/api/questions.ts';

/** A row of the answer: the names of what it is grouped by, and figures; numbers as they come. */
export type PlainRow = Readonly<Record<string, string | number | null>>;

export interface PlainQuestion extends Pick<
  AggregatesQuestion,
  'groupBy' | 'bucket' | 'theme' | 'technology' | 'kind'
> {
  readonly from: Date;
  readonly to: Date;
  readonly area?: readonly string[] | undefined;
  readonly region?: readonly string[] | undefined;
  readonly department?: readonly string[] | undefined;
}

export async function aggregatesBySql(
  tx: Transaction<Tables>,
  question: PlainQuestion,
): Promise<readonly PlainRow[]> {
  const { groupBy = [], bucket, from, to } = question;
  const start =
    bucket === 'none' ? sql`NULL` : sql`date_trunc(${sql.lit(bucket)}, s.moment, 'UTC')`;
  const byDepartment = groupBy.includes('department');
  const columns = [
    sql`${start} AS start`,
    ...groupBy.map((dimension) => sql`${names[dimension]} AS ${sql.ref(`by_${dimension}`)}`),
  ];
  const keys = columns.map((_, at) => sql`${sql.lit(at + 1)}`);
  const within = (column: string): RawBuilder<boolean> =>
    sql`${sql.ref(column)} >= ${from} AND ${sql.ref(column)} < ${to}`;
  const { rows } = await sql<PlainRow>`
    SELECT ${sql.join(columns)},
      count(*) FILTER (WHERE s.event = 'said' AND s.kind = 0)::int AS opened,
      count(*) FILTER (WHERE s.event = 'reopened')::int AS reopened,
      count(*) FILTER (WHERE s.event = 'resolved')::int AS resolved,
      count(*) FILTER (WHERE s.event = 'said' AND s.is_open)::int AS "stillOpen",
      count(*) FILTER (WHERE s.event = 'said' AND s.kind = 1)::int AS posts,
      count(*) FILTER (WHERE s.event = 'said' AND s.kind = 2)::int AS "surveyAnswers",
      CASE WHEN count(s.customer) FILTER (WHERE s.event = 'said') > 0 OR count(*) FILTER (WHERE s.event = 'said') = 0
        THEN count(DISTINCT s.customer) FILTER (WHERE s.event = 'said')::int END AS customers,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY s.hours) FILTER (WHERE s.event = 'resolved') AS "medianHoursToResolve",
      percentile_cont(0.9) WITHIN GROUP (ORDER BY s.hours) FILTER (WHERE s.event = 'resolved') AS "p90HoursToResolve",
      avg(s.sentiment) FILTER (WHERE s.event = 'said')::float AS "meanSentiment",
      avg(s.score) FILTER (WHERE s.event = 'said' AND s.scale = 1)::float AS "meanCsat",
      avg(s.score) FILTER (WHERE s.event = 'said' AND s.scale = 2)::float AS "meanCes",
      (100 * avg((s.score >= 9)::int - (s.score <= 6)::int) FILTER (WHERE s.event = 'said' AND s.scale = 0))::float AS nps
    FROM (
      SELECT 'said' AS event, at AS moment, NULL::float AS hours, f.* FROM signpost.signals f WHERE ${within('at')}
      UNION ALL
      SELECT 'resolved', resolved_at, extract(epoch FROM resolved_at - at) / 3600, f.* FROM signpost.signals f
      WHERE ${within('resolved_at')}
      UNION ALL
      SELECT 'reopened', reopened_at, NULL, f.* FROM signpost.signals f WHERE ${within('reopened_at')}
    ) AS s
    JOIN signpost.places p ON p.id = s.place
    JOIN signpost.labels theme ON theme.id = s.theme
    JOIN signpost.labels technology ON technology.id = s.technology
    ${byDepartment ? sql`LEFT JOIN signpost.departments d ON (s.departments >> d.bit) & 1 = 1` : sql``}
    WHERE ${sql.join(filtersOf(question), sql` AND `)}
    GROUP BY ${sql.join(keys)}`.execute(tx);
  return rows;
}

const cell = (resolution: number): RawBuilder<unknown> =>
  sql`to_hex(signpost.h3_parent(s.h3, ${sql.lit(resolution)}))`;
/** A region of an unknown country is another one; its name is enough where there is but one country. */
const names: Readonly<Record<Dimension, RawBuilder<unknown>>> = {
  country: sql`p.country`,
  region: sql`p.region`,
  city: sql`p.city`,
  area: sql`p.area`,
  postcode: sql`p.postcode`,
  site: sql`p.site`,
  'h3-4': cell(4),
  'h3-6': cell(6),
  'h3-8': cell(8),
  theme: sql`theme.name`,
  technology: sql`technology.name`,
  department: sql`d.name`,
  kind: sql`(ARRAY['ticket', 'post', 'survey'])[s.kind + 1]`,
};

function filtersOf(question: PlainQuestion): readonly RawBuilder<boolean>[] {
  const { theme, technology, kind, area, region, department } = question;
  const one = (column: RawBuilder<unknown>, values: readonly string[] | undefined) =>
    values === undefined ? [] : [sql<boolean>`${column} = ANY (${values}::text[])`];
  return [
    sql<boolean>`true`,
    ...one(names.theme, theme),
    ...one(names.technology, technology),
    ...one(names.kind, kind),
    ...one(names.area, area),
    ...one(names.region, region),
    ...(department === undefined
      ? []
      : [
          sql<boolean>`EXISTS (SELECT FROM signpost.departments asked
            WHERE asked.name = ANY (${department}::text[]) AND (s.departments >> asked.bit) & 1 = 1)`,
        ]),
  ];
}
