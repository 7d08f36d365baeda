// `GET /v1/area-status`: what customer service may tell a customer at a place. The same answer for everyone who asks: it
// holds no counts of tickets, no words of customers, and nothing of departments, risks or scores.
import { sql } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import { kindNumbers, scaleNumbers } from '#core/store/tables.ts';
import type { AreaStatusAnswer } from '../api/answers.ts';
import type { AreaStatusQuestion } from '../api/questions.ts';
import { usualSuppression, type Reader } from '../reader.ts';
import { asReader, type Reading } from './as-reader.ts';
import { dayMs, hourMs } from './range.ts';
import { statusPlace, type StatusPlace } from './status-place.ts';
import { nearestSeen } from './unseen-names.ts';
import { nowHours, problemOf, qualityOf, subjects, usualDays } from './status-rules.ts';

export interface AreaStatusOptions {
  /** Sources of surveys that ask how a call or the connection was: csat answers of others say nothing of coverage. */
  readonly coverageSurveys: readonly string[];
  readonly suppressBelow: number;
}

/** The mapping of surveys after calls that is shipped, and what readers are spared. */
const asUsual: AreaStatusOptions = {
  coverageSurveys: ['in-call-quality'],
  suppressBelow: usualSuppression,
};
/** Answers older than this say nothing of today. */
const surveyDays = 365;
/** Whoever asks, all signals count: what is told does not depend on who may see which. */
const everyone: Reader = {
  name: 'area-status',
  role: 'admin',
  departments: null,
  suppressBelow: 0,
  mayJudge: false,
};

/** Null when neither gazetteer nor signals know the place. */
export async function areaStatus(
  db: Db,
  question: AreaStatusQuestion,
  now: Date,
  options: AreaStatusOptions = asUsual,
): Promise<AreaStatusAnswer | null> {
  return asReader(db, everyone, async (reading) => {
    const found = await statusPlace(reading, question);
    if (found === null) return null;
    const asOf = await newestOf(reading, now);
    const answered = await surveyed(reading, found, asOf, options);
    if (!found.isKnown && answered.length === 0) return null;
    return {
      place: found.place,
      coverage: [
        ...found.technologies.map((technology) => ({
          technology,
          by: 'gazetteer' as const,
          quality: 'served' as const,
          answers: null,
        })),
        ...answered,
      ],
      problems: await problemsOf(reading, found, asOf, options.suppressBelow),
      planned: await plannedOf(reading, found, now),
    };
  });
}

/**
 * The area that was meant where there is none of that name: one that would be answered, and that the reader may know of.
 * The key of a place is taken for its name.
 */
export async function nearestArea(
  db: Db,
  reader: Reader,
  { area, country }: AreaStatusQuestion,
): Promise<string | null> {
  if (area === undefined) return null;
  return asReader(db, reader, async (reading) => {
    const meant = await nearestSeen(reading, 'area', area.replace(/^area:/, ''));
    if (meant === null) return null;
    return (await statusPlace(reading, { area: meant, country })) === null ? null : meant;
  });
}

/** The moment up to which the store knows anything; a store of history alone answers as of its end. */
async function newestOf({ tx }: Reading, now: Date): Promise<Date> {
  const { rows } = await sql<{ at: Date }>`
    SELECT at FROM signpost.signals WHERE at <= ${now} ORDER BY at DESC LIMIT 1`.execute(tx);
  return rows[0]?.at ?? now;
}

async function surveyed(
  { tx }: Reading,
  { isHere }: StatusPlace,
  asOf: Date,
  { coverageSurveys, suppressBelow }: AreaStatusOptions,
): Promise<AreaStatusAnswer['coverage']> {
  const { rows } = await sql<{ technology: string; answers: string; satisfied: string }>`
    SELECT t.name AS technology, count(*) AS answers, count(*) FILTER (WHERE s.score >= 4) AS satisfied
    FROM signpost.signals s
    JOIN signpost.labels t ON t.id = s.technology AND t.name <> 'unknown'
    WHERE s.kind = ${kindNumbers.survey} AND s.scale = ${scaleNumbers.csat} AND s.score IS NOT NULL
      AND s.source = ANY (ARRAY(
        SELECT id FROM signpost.labels WHERE kind = 'source' AND name = ANY (${coverageSurveys}::text[])))
      AND s.at > ${new Date(asOf.getTime() - surveyDays * dayMs)} AND s.at <= ${asOf} AND ${isHere}
    GROUP BY t.name ORDER BY t.name`.execute(tx);
  return rows.flatMap(({ technology, answers, satisfied }) => {
    const quality = qualityOf(Number(answers), Number(satisfied), suppressBelow);
    if (quality === null) return [];
    return [{ technology, by: 'call-quality-surveys', quality, answers: Number(answers) }];
  });
}

/** Customers count once, however many tickets they open; a ticket without one counts as a customer. */
async function problemsOf(
  { tx }: Reading,
  { isHere }: StatusPlace,
  asOf: Date,
  suppressBelow: number,
): Promise<AreaStatusAnswer['problems']> {
  const begins = new Date(asOf.getTime() - nowHours * hourMs);
  const usualFrom = new Date(begins.getTime() - usualDays * dayMs);
  const { rows } = await sql<{ theme: string; open: string; usual: string; since: Date | null }>`
    SELECT t.name AS theme,
      count(DISTINCT coalesce(s.customer, s.entity)) FILTER (WHERE s.at > ${begins} AND s.is_open) AS open,
      count(*) FILTER (WHERE s.at <= ${begins}) AS usual,
      min(s.at) FILTER (WHERE s.at > ${begins} AND s.is_open) AS since
    FROM signpost.signals s JOIN signpost.labels t ON t.id = s.theme
    WHERE s.kind = ${kindNumbers.ticket} AND s.at > ${usualFrom} AND s.at <= ${asOf}
      AND t.name = ANY (${Object.keys(subjects)}::text[]) AND ${isHere}
    GROUP BY t.name`.execute(tx);
  const knownDays = await knownDaysOf(tx, usualFrom, begins);
  const problems = rows.flatMap(({ theme, open, usual, since }) => {
    if (since === null) return [];
    const counts = { theme, open: Number(open), usual: Number(usual), knownDays, since };
    return problemOf(counts, suppressBelow) ?? [];
  });
  return problems.toSorted((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0));
}

/**
 * Days from the first ticket of all within the time: a store that is younger, or had only history before, knows nothing of
 * the days before it, and they must not count as quiet ones. Of all places, since a place may well be quiet.
 */
async function knownDaysOf(tx: Reading['tx'], from: Date, to: Date): Promise<number> {
  const { rows } = await sql<{ at: Date }>`
    SELECT at FROM signpost.signals
    WHERE kind = ${kindNumbers.ticket} AND at > ${from} AND at <= ${to} ORDER BY at LIMIT 1`.execute(
    tx,
  );
  const first = rows[0]?.at;
  return first === undefined ? 0 : (to.getTime() - first.getTime()) / dayMs;
}

/** What is still to come: of work whose day has passed nobody knows when it will be done. */
async function plannedOf(
  { tx }: Reading,
  { areas }: StatusPlace,
  now: Date,
): Promise<AreaStatusAnswer['planned']> {
  const { rows } = await sql<{ technology: string; from: string }>`
    SELECT technology, min(planned_on) AS "from" FROM signpost.waves
    WHERE lower(area) = ANY (${areas}::text[]) AND finished_on IS NULL
      AND planned_on >= ${now.toISOString().slice(0, 10)}::date
    GROUP BY technology ORDER BY 2, 1`.execute(tx);
  return rows;
}
