// Alerts as a reader may see them, page by page.
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import { QuestionRefused } from '../api/queries.ts';
import { asReader } from '../queries/as-reader.ts';
import { gazetteerOf } from '../queries/known-gazetteer.ts';
import { cursorSays, readCursor, writeCursor, type Position } from '../queries/pages.ts';
import { answered, rangeOf } from '../queries/range.ts';
import { unseenNames } from '../queries/unseen-names.ts';
import type { Condition } from '../queries/where.ts';
import type { Reader } from '../reader.ts';
import { rightsOf } from './actions.ts';
import { alertOf, pathOfKey, type Incident } from './alert-rows.ts';
import type { AlertRow, AlertsAnswer } from './answers.ts';
import { detectorState, firstCounted } from './detector-state.ts';
import type { AlertOrder, AlertsQuestion } from './questions.ts';

export interface AlertOptions {
  /** As the detector has it. */
  readonly warmUpDays: number;
}

/**
 * Those that went on at some time of the range.
 * @throws QuestionRefused for a made-up cursor or place; SignpostError as `Db` does
 */
export async function listAlerts(
  db: Db,
  reader: Reader,
  question: AlertsQuestion,
  now: Date,
  options: AlertOptions,
): Promise<AlertsAnswer> {
  const position = readCursor(question);
  const first = await firstCounted(db);
  return asReader(db, reader, async (reading) => {
    const range = position?.range ?? (await rangeOf(reading, question, now));
    const { limit, order } = question;
    const conditions = [
      sql<boolean>`i.started_at < ${range.to} AND COALESCE(i.resolved_at, 'infinity') >= ${range.from}`,
      ...conditionsOf(question),
      ...(position === undefined ? [] : [isAfter(order, position.after)]),
    ];
    const direction = order.startsWith('-') ? sql`DESC` : sql`ASC`;
    const { rows } = await sql<Incident>`
      SELECT i.* FROM signpost.incidents i WHERE ${sql.join(conditions, sql` AND `)}
      ORDER BY ${columnOf(order)} ${direction}, i.id ${direction} LIMIT ${limit + 1}`.execute(
      reading.tx,
    );
    const { homonyms } = await gazetteerOf(reading);
    const alerts = rows.slice(0, limit).map((row) => alertOf(row, homonyms));
    const last = alerts.at(-1);
    return {
      range: answered(range),
      alerts,
      next:
        rows.length > limit && last !== undefined
          ? writeCursor(question, { range, after: [valueOf(order, last), last.id] })
          : null,
      detector: await detectorState(reading, first, options),
      may: rightsOf(reader),
      notices: await unseenNames(reading, { theme: question.theme }),
    };
  });
}

function conditionsOf({ state, theme, department, place }: AlertsQuestion): Condition[] {
  return [
    ...(state ? [sql<boolean>`i.state = ANY (${state}::text[])`] : []),
    ...(theme ? [sql<boolean>`i.themes && ${theme}::text[]`] : []),
    ...(department ? [sql<boolean>`i.departments && ${department}::text[]`] : []),
    ...(place === undefined ? [] : [concerns(place)]),
  ];
}

const parts = ['country', 'region', 'city', 'area', 'postcode', 'site'] as const;

/** An outage of a street is news in its city, one of the state is news in the street. */
function concerns(key: string): Condition {
  const place = pathOfKey(key);
  if (place === null) {
    throw new QuestionRefused(
      'place',
      'must be the key of a country, region, city, area, postcode or site, like region:US/California',
    );
  }
  const named = parts.flatMap((part) => {
    const name = place.path[part];
    return name === null ? [] : [{ part, name }];
  });
  const inPlace = named.map(
    ({ part, name }) => sql`i.path->>${sql.lit(part)} IS NOT DISTINCT FROM ${name}`,
  );
  const isKnown = named.map(({ part, name }) => sql`p.${sql.ref(part)} = ${name}`);
  const isAround = parts.map(
    (part) =>
      sql`(i.path->>${sql.lit(part)} IS NULL OR i.path->>${sql.lit(part)} = p.${sql.ref(part)})`,
  );
  return sql`((${sql.join(inPlace, sql` AND `)}) OR i.level = 'everywhere' OR EXISTS (
    SELECT FROM (SELECT country, region, city, area, postcode, site FROM signpost.places
      UNION ALL SELECT country, region, city, area, postcode, NULL FROM signpost.gazetteer) AS p
    WHERE ${sql.join(isKnown, sql` AND `)} AND ${sql.join(isAround, sql` AND `)}))`;
}

function columnOf(order: AlertOrder): RawBuilder<unknown> {
  if (order === '-customers') return sql`i.customers`;
  return order === '-affected' ? sql`i.affected` : sql`i.started_at`;
}

function valueOf(order: AlertOrder, { startedAt, customers, affected }: AlertRow): number {
  if (order === '-customers') return customers;
  return order === '-affected' ? affected.value : Date.parse(startedAt);
}

function isAfter(order: AlertOrder, [value, id]: Position['after']): Condition {
  const at =
    order === '-customers' || order === '-affected'
      ? sql`${value}::double precision`
      : sql`${new Date(value ?? Number.NaN)}`;
  if (value === null) {
    throw new QuestionRefused('cursor', cursorSays);
  }
  const than = order.startsWith('-') ? sql`<` : sql`>`;
  return sql`(${columnOf(order)}, i.id) ${than} (${at}, ${id})`;
}
