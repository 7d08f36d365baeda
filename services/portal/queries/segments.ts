// Everything that a question is about, as columns: whole days that did not change since from packed weeks, all else from
// the facts. Which of the two it was makes no difference to the answer.
import { sql } from 'kysely';
import type { FactColumns, Stream } from '#core/store/fact-columns.ts';
import { readFacts, type Moments } from '#core/store/read-facts.ts';
import type { Reading } from './as-reader.ts';
import { readPacks } from './packs.ts';
import { dayMs, weekMs, type Range } from './range.ts';
import type { PlaceKey } from './place-keys.ts';
import { liesAt, matching, type Narrowing } from './where.ts';

export interface Segment {
  readonly stream: Stream;
  /** The set of departments that received all of it, as bits. */
  readonly departments: bigint;
  readonly columns: FactColumns;
  /** Days since the epoch that count, of those in the columns; null for all. */
  readonly days: ReadonlySet<number> | null;
}

/** A Monday. */
const firstMonday = Date.UTC(1970, 0, 5);
/** What facts are read at once, so that a long range of them needs no more memory than this. */
const longestRead = weekMs;

/**
 * @param at only what lies in this place
 * @param filters may leave out some of what they exclude, where that saves reading: rows must be checked all the same
 * @throws SignpostError as `Db` does; QuestionRefused as `matching`
 */
export async function* readSegments(
  reading: Reading,
  { from, to }: Range,
  streams: readonly Stream[],
  filters: Narrowing,
  at?: PlaceKey,
): AsyncGenerator<Segment> {
  const narrow = isNarrow(filters) || (at !== undefined && !isBroad(at));
  const range: Moments = { from: from.getTime(), to: to.getTime() };
  const unchanged = narrow ? new Set<number>() : await unchangedDays(reading, range);
  if (unchanged.size > 0) {
    const days = [...unchanged];
    const weeks = { from: mondayOf(days[0]!), to: mondayOf(days.at(-1)!) };
    for await (const pack of readPacks(reading, streams, weeks)) yield { ...pack, days: unchanged };
  }
  const condition =
    at === undefined ? matching(filters) : sql<boolean>`${matching(filters)} AND ${liesAt(at)}`;
  for (const moments of remaining(range, unchanged, narrow ? Infinity : longestRead)) {
    for (const stream of streams) {
      for (const facts of await readFacts(reading.tx, stream, moments, condition)) {
        yield { stream, days: null, ...facts };
      }
    }
  }
}

/** Few rows by an index, wherever they lie in time. */
function isNarrow({ area, postcode, site, h3 }: Narrowing): boolean {
  return [area, postcode, site, h3].some((each) => each !== undefined);
}

/** A place that may hold more than an index is good for. */
function isBroad({ level }: PlaceKey): boolean {
  return level === 'country' || level === 'region' || level === 'h3-4';
}

/** Whole days of the range, since the epoch, for which packed weeks hold; in order. */
async function unchangedDays({ tx }: Reading, { from, to }: Moments): Promise<Set<number>> {
  const [first, end] = [Math.ceil(from / dayMs), Math.floor(to / dayMs)];
  if (first >= end) return new Set();
  const { rows } = await sql<{ day: number }>`
    SELECT DISTINCT day - '1970-01-01'::date AS day FROM signpost.changed_days
    WHERE day >= '1970-01-01'::date + ${first}::int AND day < '1970-01-01'::date + ${end}::int`.execute(
    tx,
  );
  const changed = new Set(rows.map(({ day }) => day));
  const days = new Set<number>();
  for (let day = first; day < end; day += 1) if (!changed.has(day)) days.add(day);
  return days;
}

/** What of a range lies outside the days, in stretches no longer than `mostMs`. */
function remaining(
  { from, to }: Moments,
  days: ReadonlySet<number>,
  mostMs: number,
): readonly Moments[] {
  if (days.size === 0 && to - from <= mostMs) return [{ from, to }];
  const found: Moments[] = [];
  for (let start = from; start < to;) {
    const day = Math.floor(start / dayMs);
    const end = Math.min(to, (day + 1) * dayMs);
    const last = found.at(-1);
    if (!days.has(day) || start > day * dayMs) {
      if (last?.to === start && end - last.from <= mostMs)
        found[found.length - 1] = { from: last.from, to: end };
      else found.push({ from: start, to: end });
    }
    start = end;
  }
  return found;
}

function mondayOf(day: number): string {
  const at = day * dayMs;
  const monday = at - ((((at - firstMonday) % weekMs) + weekMs) % weekMs);
  return new Date(monday).toISOString().slice(0, 10);
}
