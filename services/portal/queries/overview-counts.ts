// Five weeks of signals counted in one scan: by where they came from and went to, and by day for each theme and for each
// set of departments.
import { sql } from 'kysely';
import { kindNumbers } from '#core/store/tables.ts';
import type { Reading } from './as-reader.ts';
import { dayMs } from './range.ts';

export const weekDays = 7;
export const mostDaysBefore = 28;

export interface Span {
  /** Of the day (UTC) of the newest signal. */
  readonly dayStart: Date;
  /** End of that day, or now: exclusive end of the seven days. */
  readonly until: Date;
  /** Whole days before the seven of which there are signals, at most 28. */
  readonly daysBefore: number;
}

export interface Flow {
  readonly source: string;
  readonly kind: number;
  readonly departments: bigint;
  readonly isToday: boolean;
  readonly signals: number;
}

/** Of one day: 0 is the one that ends with the span, 7 and more are before the week. */
export interface Daily {
  readonly back: number;
  readonly count: number;
}

export interface Counts {
  /** Of the week. */
  readonly flows: readonly Flow[];
  /** Tickets by theme. */
  readonly themes: ReadonlyMap<string, readonly Daily[]>;
  /** Signals by the set of departments that received them. */
  readonly received: ReadonlyMap<bigint, readonly Daily[]>;
}

/** Null when the reader sees no signal; what claims to be of the future is none. */
export async function spanOf({ tx }: Reading, now: Date): Promise<Span | null> {
  const ends = await sql<{ first: Date | null; newest: Date | null }>`SELECT
    (SELECT at FROM signpost.signals WHERE at <= ${now} ORDER BY at LIMIT 1) AS first,
    (SELECT at FROM signpost.signals WHERE at <= ${now} ORDER BY at DESC LIMIT 1) AS newest`.execute(
    tx,
  );
  const { first = null, newest = null } = ends.rows[0] ?? {};
  if (first === null || newest === null) return null;
  const dayStart = Math.floor(newest.getTime() / dayMs) * dayMs;
  const until = Math.min(now.getTime(), dayStart + dayMs);
  const days = Math.floor((until - weekDays * dayMs - first.getTime()) / dayMs);
  return {
    dayStart: new Date(dayStart),
    until: new Date(until),
    daysBefore: Math.max(0, Math.min(mostDaysBefore, days)),
  };
}

interface Row {
  readonly source: string | null;
  readonly theme: string | null;
  readonly kind: number | null;
  readonly departments: string | null;
  readonly back: number | null;
  readonly is_today: boolean | null;
  readonly signals: number;
  readonly tickets: number;
}

export async function countsOf({ tx }: Reading, { dayStart, until }: Span): Promise<Counts> {
  const days = weekDays + mostDaysBefore;
  const edges = Array.from({ length: days }, (_, day) => until.getTime() - (days - day) * dayMs);
  const starts = edges.map((edge) => new Date(edge).toISOString());
  // Rows are counted once, by all that is asked; the three counts are made of these few sums.
  const { rows } = await sql<Row>`
    WITH told AS MATERIALIZED (
      SELECT s.source, s.theme, s.kind, s.departments, s.at >= ${dayStart} AS is_today,
        ${days}::int - width_bucket(s.at, ${starts}::timestamptz[]) AS back, count(*) AS signals
      FROM signpost.signals s WHERE s.at >= ${starts[0]}::timestamptz AND s.at < ${until}
      GROUP BY 1, 2, 3, 4, 5, 6)
    SELECT source.name AS source, theme.name AS theme, counted.* FROM (
      SELECT source AS source_id, theme AS theme_id, kind, departments, back, is_today, sum(signals)::int AS signals,
        COALESCE(sum(signals) FILTER (WHERE kind = ${kindNumbers.ticket}), 0)::int AS tickets
      FROM (SELECT *, back < ${weekDays}::int AS is_week FROM told) AS told
      GROUP BY GROUPING SETS ((source, kind, departments, is_today, is_week), (theme, back), (departments, back))
      HAVING grouping(source) = 1 OR is_week
    ) AS counted
    LEFT JOIN signpost.labels source ON source.id = source_id
    LEFT JOIN signpost.labels theme ON theme.id = theme_id`.execute(tx);
  const flows: Flow[] = [];
  const themes = new Map<string, Daily[]>();
  const received = new Map<bigint, Daily[]>();
  for (const { source, theme, kind, departments, back, is_today, signals, tickets } of rows) {
    if (source !== null && kind !== null && departments !== null) {
      flows.push({
        source,
        kind,
        departments: BigInt(departments),
        isToday: is_today === true,
        signals,
      });
    } else if (back !== null && theme !== null) {
      listIn(themes, theme).push({ back, count: tickets });
    } else if (back !== null && departments !== null) {
      listIn(received, BigInt(departments)).push({ back, count: signals });
    }
  }
  return { flows, themes, received };
}

/** When the newest words came in that the reader sees. */
export async function lastReceipt({ tx }: Reading): Promise<string | null> {
  const { rows } = await sql<{ at: Date }>`
    SELECT received_at AS at FROM signpost.words ORDER BY received_at DESC LIMIT 1`.execute(tx);
  return rows[0]?.at.toISOString() ?? null;
}

function listIn<K>(map: Map<K, Daily[]>, key: K): Daily[] {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made: Daily[] = [];
  map.set(key, made);
  return made;
}
