// Insights as they stand, the newest first: found by words, department, theme, place and time.
import { sql } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import { kindNumbers, scaleNumbers, urgencyNumbers } from '#core/store/tables.ts';
import type { InsightAnswer, InsightsAnswer } from '../api/answers.ts';
import type { InsightsQuestion } from '../api/questions.ts';
import { QuestionRefused } from '../api/queries.ts';
import type { Reader } from '../reader.ts';
import { asReader, type Reading } from './as-reader.ts';
import { cursorSays, readCursor, writeCursor } from './pages.ts';
import { answered, rangeOf, type Range } from './range.ts';
import { unseenNames } from './unseen-names.ts';
import { matching, type Condition } from './where.ts';

/**
 * What nobody may read any more is found by all but its words.
 * @throws QuestionRefused for a made-up cursor; SignpostError as `Db` does
 */
export function insights(
  store: Db,
  reader: Reader,
  question: InsightsQuestion,
  now: Date,
): Promise<InsightsAnswer> {
  const position = readCursor(question);
  return asReader(store, reader, async (reading) => {
    const range = position?.range ?? (await rangeOf(reading, question, now));
    const { limit, q } = question;
    const conditions = [matching(question)];
    if (q !== undefined) {
      conditions.push(sql`s.entity IN (
        SELECT signpost.entities_with_words(websearch_to_tsquery('simple', ${q})))`);
    }
    if (position !== undefined) conditions.push(isAfter(position.after));
    const found = await newestInsights(reading, range, conditions, limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      range: answered(range),
      insights: page.map(({ insight }) => insight),
      next:
        found.length > limit && last !== undefined
          ? writeCursor(question, { range, after: [last.atMicros, last.insight.thing] })
          : null,
      notices: await unseenNames(reading, question),
    };
  });
}

/** After a row in the order of `newestInsights`. */
function isAfter([atMicros, thing]: readonly [number | null, string]): Condition {
  if (atMicros === null || !/^[0-9a-f-]{36}$/.test(thing)) {
    throw new QuestionRefused('cursor', cursorSays);
  }
  // By whole microseconds, as the database keeps them: a page never begins within one.
  return sql`(s.at, s.entity) < ('epoch'::timestamptz + ${String(atMicros)}::bigint * interval '1 microsecond', ${thing}::uuid)`;
}

export interface FoundInsight {
  readonly insight: InsightAnswer;
  readonly atMicros: number;
}

/** Those that meet all conditions on `signpost.signals s`, the newest first. */
export async function newestInsights(
  reading: Reading,
  { from, to }: Range,
  conditions: readonly Condition[],
  limit: number,
): Promise<readonly FoundInsight[]> {
  const { rows } = await sql<Row>`
    SELECT f.*, w.text, w.language, w.relevances, p.country, p.region, p.city, p.area, p.postcode, p.site,
      source.name AS source, theme.name AS theme, technology.name AS technology, model.name AS model
    FROM (
      SELECT s.entity, s.id, s.source AS source_id, s.kind, s.at,
        (extract(epoch FROM s.at) * 1000000)::bigint::text AS micros, s.received_at, s.is_open, s.is_exact, s.place,
        to_hex(s.h3) AS h3, s.technology AS technology_id, s.theme AS theme_id, s.departments::text AS departments,
        s.sentiment, s.urgency, s.churn, s.scale, s.score, s.model AS model_id
      FROM signpost.signals s
      WHERE s.at >= ${from} AND s.at < ${to} AND ${sql.join([...conditions], sql` AND `)}
      ORDER BY s.at DESC, s.entity DESC LIMIT ${limit}) AS f
    LEFT JOIN signpost.words w ON w.entity = f.entity
    JOIN signpost.places p ON p.id = f.place
    JOIN signpost.labels source ON source.id = f.source_id
    JOIN signpost.labels theme ON theme.id = f.theme_id
    JOIN signpost.labels technology ON technology.id = f.technology_id
    JOIN signpost.labels model ON model.id = f.model_id
    ORDER BY f.at DESC, f.entity DESC`.execute(reading.tx);
  return rows.map((row) => ({ insight: insightOf(row, reading), atMicros: Number(row.micros) }));
}

interface Row {
  readonly entity: string;
  readonly id: string;
  readonly kind: number;
  readonly at: Date;
  readonly micros: string;
  readonly received_at: Date;
  readonly is_open: boolean;
  readonly is_exact: boolean;
  readonly h3: string | null;
  readonly departments: string;
  readonly sentiment: number;
  readonly urgency: number;
  readonly churn: number;
  readonly scale: number | null;
  readonly score: number | null;
  readonly text: string | null;
  readonly language: string | null;
  readonly relevances: readonly Relevance[] | null;
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly area: string | null;
  readonly postcode: string | null;
  readonly site: string | null;
  readonly source: string;
  readonly theme: string;
  readonly technology: string;
  readonly model: string;
}

/** As `writeWords` of the aggregate stage keeps them. */
interface Relevance {
  readonly department: string;
  readonly relevance: number;
  readonly evidence: readonly {
    readonly text: string;
    readonly start: number | null;
    readonly end: number | null;
    readonly weight: number;
  }[];
}

function insightOf(row: Row, reading: Reading): InsightAnswer {
  const { country, region, city, area, postcode, site, h3 } = row;
  return {
    id: row.id,
    thing: row.entity,
    kind: nameOf(kindNumbers, row.kind),
    source: row.source,
    at: row.at.toISOString(),
    isExact: row.is_exact,
    receivedAt: row.received_at.toISOString(),
    text: row.text,
    language: row.language,
    theme: row.theme,
    sentiment: row.sentiment,
    urgency: nameOf(urgencyNumbers, row.urgency),
    churnRisk: row.churn,
    technology: row.technology,
    place: { country, region, city, area, postcode, site, h3 },
    isOpen: row.kind === kindNumbers.ticket ? row.is_open : null,
    score:
      row.scale === null || row.score === null
        ? null
        : { scale: nameOf(scaleNumbers, row.scale), value: row.score },
    departments: departmentsOf(row, reading),
    model: row.model,
  };
}

/** Of the reader's departments alone: what others are told of it is not this reader's. */
function departmentsOf(
  { departments, relevances }: Row,
  reading: Reading,
): InsightAnswer['departments'] {
  const bits = BigInt(departments);
  const own = [...reading.departments].map(([bit, name]) => ({
    name,
    received: ((bits >> BigInt(bit)) & 1n) === 1n,
  }));
  const receiving = new Set(own.filter(({ received }) => received).map(({ name }) => name));
  if (relevances === null) {
    return [...receiving].map((department) => ({
      department,
      relevance: null,
      received: true,
      evidence: [],
    }));
  }
  const seen = new Set(own.map(({ name }) => name));
  return relevances
    .filter(({ department }) => reading.seesAll || seen.has(department))
    .map(({ department, relevance, evidence }) => ({
      department,
      relevance,
      received: receiving.has(department),
      evidence: evidence.map(({ text, start, end, weight }) => ({ text, start, end, weight })),
    }));
}

function nameOf<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
  number: number,
): Name {
  return (Object.keys(numbers) as Name[]).find((name) => numbers[name] === number)!;
}
