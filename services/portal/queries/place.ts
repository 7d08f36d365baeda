// One place: what is counted there, week by week and theme by theme, how it stands among its like, what was said last.
import { sql } from 'kysely';
import type { Stream } from '#core/store/fact-columns.ts';
import type { Db } from '#core/store/postgres.ts';
import type { PlaceAnswer, RankedPlace, WaveAnswer } from '../api/answers.ts';
import type { PlaceQuestion } from '../api/questions.ts';
import type { Reader } from '../reader.ts';
import { ratePerThousand } from '../statistics/intervals.ts';
import { asReader, type Reading } from './as-reader.ts';
import { describePlace } from './describe-place.ts';
import { figuresOf, suppressedParts } from './figures.ts';
import { createGrouping, type Grouping } from './groups.ts';
import { newestInsights } from './insights.ts';
import { gazetteerOf, type Gazetteer } from './known-gazetteer.ts';
import { knownPlaces } from './known-places.ts';
import { labelNames } from './label-names.ts';
import { atPlace, keyOf, parseKey, shortened, type PlaceKey } from './place-keys.ts';
import { answered, rangeOf, weekMs, type Range } from './range.ts';
import { rankPlaces } from './rank.ts';
import { rowFilterOf } from './row-filter.ts';
import { readSegments } from './segments.ts';
import { createTally, type Tally } from './tally.ts';
import { unseenNames } from './unseen-names.ts';
import { waveAnswers } from './waves.ts';
import { conditionsOf, liesAt, type Narrowing } from './where.ts';

const mostVerbatims = 8;
const streams: readonly Stream[] = ['said', 'resolved', 'reopened'];

/**
 * @param asked key of the place, `area:Harbour North`
 * @returns null for what is no key, and for a place that neither the gazetteer nor anything the reader sees names
 * @throws SignpostError as `Db` does
 */
export function place(
  store: Db,
  reader: Reader,
  asked: string,
  question: PlaceQuestion,
  now: Date,
): Promise<PlaceAnswer | null> {
  const given = parseKey(asked);
  if (given === null) return Promise.resolve(null);
  return asReader(store, reader, async (reading) => {
    const gazetteer = await gazetteerOf(reading);
    const parsed = shortened(given, gazetteer.homonyms);
    const key = keyOf(parsed.level, parsed.parts);
    const isListed = gazetteer.place(parsed.level, key) !== undefined;
    if (!isListed && !(await isNamed(reading, parsed))) return null;
    const range = await rangeOf(reading, question, now);
    const { from: _from, to: _to, ...filters } = question;
    const counted = await countAt(reading, range, parsed, filters);
    const named = atPlace(parsed);
    const described = describePlace(parsed.level, key, named, gazetteer);
    const { subscribers } = described;
    const { suppressBelow } = reading;
    const { severityOf } = counted;
    const verbatims = await newestInsights(
      reading,
      range,
      [
        ...conditionsOf(filters),
        liesAt(parsed),
        sql`EXISTS (
        SELECT FROM signpost.words w WHERE w.entity = s.entity AND w.text <> '')`,
      ],
      mostVerbatims,
    );
    return {
      range: answered(range),
      place: described,
      figures: figuresOf(counted.all.of(0), counted.all.timesOf(0), {
        suppressBelow,
        subscribers,
        severityOf,
      }),
      ranked: await standing(reading, range, parsed, key, filters),
      trend: trendOf(counted, range, suppressBelow, subscribers),
      themes: themesOf(counted, suppressBelow),
      verbatims: verbatims.map(({ insight }) => insight),
      waves: await wavesAt(reading, range, parsed, filters, gazetteer, now),
      notices: await unseenNames(reading, filters),
    };
  });
}

async function isNamed({ tx }: Reading, key: PlaceKey): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    SELECT EXISTS (SELECT FROM signpost.signals s WHERE ${liesAt(key)}) AS found`.execute(tx);
  return rows[0]?.found === true;
}

interface CountedPlace {
  readonly all: Tally;
  readonly weeks: Grouping;
  readonly byWeek: Tally;
  readonly themes: Grouping;
  readonly byTheme: Tally;
  readonly severityOf: (label: number) => string;
}

async function countAt(
  reading: Reading,
  range: Range,
  key: PlaceKey,
  filters: Narrowing,
): Promise<CountedPlace> {
  const places = knownPlaces(reading.db);
  const filter = await rowFilterOf(reading, filters, places, key);
  const parts = { range, filter, places, departments: [] };
  const everything = createGrouping({ ...parts, groupBy: [], bucket: 'none' });
  const weeks = createGrouping({ ...parts, groupBy: [], bucket: 'week' });
  const themes = createGrouping({ ...parts, groupBy: ['theme'], bucket: 'none' });
  const [all, byWeek, byTheme] = [everything, weeks, themes].map((one) => createTally(one)) as [
    Tally,
    Tally,
    Tally,
  ];
  for await (const segment of readSegments(reading, range, streams, filters, key)) {
    await places.learn(reading.tx, [segment.columns]);
    all.add(segment);
    byWeek.add(segment);
    byTheme.add(segment);
  }
  const { of: severityOf } = await labelNames(reading);
  return { all, weeks, byWeek, themes, byTheme, severityOf };
}

/** Every week that the range touches; the first and last may be cut by it. */
function trendOf(
  { weeks, byWeek }: CountedPlace,
  { from, to }: Range,
  suppressBelow: number,
  subscribers: number | null,
): PlaceAnswer['trend'] {
  const slots = new Map(weeks.groups.map(({ start }, slot) => [start!, slot]));
  // The Monday of 1970's first whole week is a start of one.
  const monday = Date.UTC(1970, 0, 5);
  const first = monday + Math.floor((from.getTime() - monday) / weekMs) * weekMs;
  const starts: number[] = [];
  for (let start = first; start < to.getTime(); start += weekMs) starts.push(start);
  const counts = starts.map((start) => {
    const slot = slots.get(start);
    return slot === undefined ? 0 : byWeek.count(slot, 'opened');
  });
  const told = suppressedParts(counts, suppressBelow);
  return starts.map((start, index) => {
    const tickets = told[index]!;
    return {
      start: new Date(start).toISOString().slice(0, 10),
      tickets,
      rate: tickets === null ? null : ratePerThousand(tickets, subscribers),
    };
  });
}

function themesOf(
  { themes, byTheme, all, severityOf: nameOf }: CountedPlace,
  suppressBelow: number,
): PlaceAnswer['themes'] {
  const total = all.count(0, 'opened');
  // By number, so that of equals the same one is suppressed as among aggregates.
  const counts = themes.groups
    .map(({ theme }, slot) => ({ theme: theme!, tickets: byTheme.count(slot, 'opened') }))
    .toSorted((one, other) => one.theme - other.theme);
  const told = suppressedParts(
    counts.map(({ tickets }) => tickets),
    suppressBelow,
  );
  return counts
    .map(({ theme }, index) => ({
      theme: nameOf(theme),
      tickets: told[index]!,
      share: told[index] === null || total === 0 ? null : told[index]! / total,
    }))
    .toSorted(
      (one, other) =>
        (other.tickets ?? -1) - (one.tickets ?? -1) || (one.theme < other.theme ? -1 : 1),
    );
}

/** Its row in the ranking of all places of its level by the same filters; null where it has no ticket. */
async function standing(
  reading: Reading,
  range: Range,
  { level }: PlaceKey,
  key: string,
  filters: Narrowing,
): Promise<RankedPlace | null> {
  if (filters.kind !== undefined && !filters.kind.includes('ticket')) return null;
  const ranking = await rankPlaces(reading, range, level, filters);
  const { page } = ranking.page('score', Infinity, undefined);
  const at = page.findIndex((each) => each.key === key);
  return at < 0 ? null : ranking.describe(page[at]!.slot, at + 1);
}

/** Waves with an area that is the place or lies in it, by the gazetteer. */
async function wavesAt(
  reading: Reading,
  range: Range,
  key: PlaceKey,
  filters: Narrowing,
  gazetteer: Gazetteer,
  now: Date,
): Promise<WaveAnswer[]> {
  // A plan names areas by their name alone.
  if (key.level === 'area') return waveAnswers(reading, filters, range, now, key.parts.at(-1)!);
  const areas = new Set(gazetteer.areasAt(key));
  if (areas.size === 0) return [];
  const all = await waveAnswers(reading, filters, range, now);
  return all.filter((wave) => wave.areas.some((area) => areas.has(area)));
}
