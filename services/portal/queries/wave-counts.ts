// Tickets that waves are measured by, counted as the reader may see them.
import { sql } from 'kysely';
import { kindNumbers } from '#core/store/tables.ts';
import type { Filters } from '../api/questions.ts';
import type { Reading } from './as-reader.ts';
import { dayMs, type Range } from './range.ts';
import { matching } from './where.ts';
import type { KnownDays, Windows } from './wave-effect.ts';

type Question = Partial<Filters>;

/** Tickets of the question by area; under null those without one. */
export async function ticketsByArea(
  { tx }: Reading,
  question: Question,
  { from, to }: Range,
): Promise<ReadonlyMap<string | null, number>> {
  const { rows } = await sql<{ area: string | null; tickets: string }>`
    SELECT p.area, sum(tickets) AS tickets
    FROM (
      SELECT s.place, count(*) AS tickets FROM signpost.signals s
      WHERE s.kind = ${kindNumbers.ticket} AND s.at >= ${from} AND s.at < ${to}
        AND ${matching(question)}
      GROUP BY s.place
    ) counted
    JOIN signpost.places p ON p.id = counted.place
    GROUP BY p.area`.execute(tx);
  return new Map(rows.map(({ area, tickets }) => [area, Number(tickets)]));
}

/** Subscribers by area, by the gazetteer; areas it says none of are not there. */
export async function subscribersByArea({ tx }: Reading): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ area: string; subscribers: number }>`
    SELECT area, sum(subscribers) AS subscribers FROM signpost.gazetteer
    WHERE subscribers IS NOT NULL GROUP BY area`.execute(tx);
  return new Map(rows.map(({ area, subscribers }) => [area, subscribers]));
}

/** From the day after the first signal's to the day of the newest, which is not over; undefined without signals. */
export async function knownDays({ tx }: Reading, now: number): Promise<KnownDays | undefined> {
  const { rows } = await sql<{ first: Date | null; last: Date | null }>`
    SELECT
      (SELECT at FROM signpost.signals ORDER BY at LIMIT 1) AS first,
      (SELECT at FROM signpost.signals WHERE at <= ${new Date(now)} ORDER BY at DESC LIMIT 1) AS last`.execute(
    tx,
  );
  const { first, last } = rows[0] ?? {};
  if (!first || !last) return undefined;
  return { from: startOfDay(first) + dayMs, to: startOfDay(last) };
}

/** Tickets in an area in two windows, added up under `key`. */
export interface WindowedArea {
  readonly key: string;
  readonly area: string;
  readonly windows: Windows;
}

export interface BeforeAndAfter {
  readonly before: number;
  readonly after: number;
}

export async function ticketsInWindows(
  { tx }: Reading,
  question: Question,
  areas: readonly WindowedArea[],
): Promise<ReadonlyMap<string, BeforeAndAfter>> {
  if (areas.length === 0) return new Map();
  const asked = areas.map(({ key, area, windows }) => ({
    key,
    area,
    before_from: new Date(windows.beforeFrom),
    before_to: new Date(windows.beforeTo),
    after_from: new Date(windows.afterFrom),
    after_to: new Date(windows.afterTo),
  }));
  const { rows } = await sql<{ key: string; before: string; after: string }>`
    SELECT w.key, count(*) FILTER (WHERE s.at < w.before_to) AS before,
      count(*) FILTER (WHERE s.at >= w.after_from) AS after
    FROM jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) AS w (key text, area text,
      before_from timestamptz, before_to timestamptz, after_from timestamptz, after_to timestamptz)
    JOIN signpost.places p ON p.area = w.area
    JOIN signpost.signals s ON s.place = p.id AND s.at >= w.before_from AND s.at < w.after_to
      AND (s.at < w.before_to OR s.at >= w.after_from)
    WHERE s.kind = ${kindNumbers.ticket} AND ${matching(question)}
    GROUP BY w.key`.execute(tx);
  return new Map(
    rows.map(({ key, before, after }) => [key, { before: Number(before), after: Number(after) }]),
  );
}

/** Tickets of all places with an area by day (UTC, its start in milliseconds), `to` exclusive. */
export async function ticketsByDay(
  { tx }: Reading,
  question: Question,
  from: number,
  to: number,
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await sql<{ day: string; tickets: string }>`
    SELECT floor(extract(epoch FROM s.at) / 86400) AS day, count(*) AS tickets
    FROM signpost.signals s
    JOIN signpost.places placed ON placed.id = s.place AND placed.area IS NOT NULL
    WHERE s.kind = ${kindNumbers.ticket} AND s.at >= ${new Date(from)} AND s.at < ${new Date(to)}
      AND ${matching(question)}
    GROUP BY 1`.execute(tx);
  return new Map(rows.map(({ day, tickets }) => [Number(day) * dayMs, Number(tickets)]));
}

function startOfDay(moment: Date): number {
  return Math.floor(moment.getTime() / dayMs) * dayMs;
}
