// Tickets that waves are measured by, counted as the reader may see them.
import { latLngToCell } from 'h3-js';
import { sql } from 'kysely';
import { rowResolution } from '#core/store/fact-columns.ts';
import type { GazetteerRow } from '#core/store/tables.ts';
import type { Filters } from '../api/questions.ts';
import type { Reading } from './as-reader.ts';
import { createSums } from './growing.ts';
import { createGrouping, type Grouping } from './groups.ts';
import { knownPlaces } from './known-places.ts';
import { dayMs, hourMs, type Range } from './range.ts';
import { rowFilterOf } from './row-filter.ts';
import { readSegments, type Segment } from './segments.ts';
import type { KnownDays, Windows } from './wave-effect.ts';
import { childrenOf } from './where.ts';

type Question = Partial<Filters>;

/** Tickets of the question by area, in small letters; under null those without one. */
export async function ticketsByArea(
  reading: Reading,
  question: Question,
  range: Range,
): Promise<ReadonlyMap<string | null, number>> {
  const tickets = createCounts();
  const grouping = await eachTicket(reading, question, range, () => (slot) => tickets.add(slot));
  const counts = new Map<string | null, number>();
  for (const slot of grouping.groups.keys()) {
    const area = areaOf(grouping, slot);
    counts.set(area, (counts.get(area) ?? 0) + tickets.get(slot));
  }
  return counts;
}

/**
 * Subscribers by area in small letters, by the gazetteer's lines in the places that the question asks for; areas it says
 * none of are not there. No site is in the gazetteer, so a question for one has no subscribers.
 */
export async function subscribersByArea(
  { tx }: Reading,
  question: Question,
): Promise<ReadonlyMap<string, number>> {
  const lines = await tx.selectFrom('signpost.gazetteer').selectAll().execute();
  const counts = new Map<string, number>();
  for (const line of lines) {
    const { area, subscribers } = line;
    if (subscribers === null || !liesIn(line, question)) continue;
    const key = area.toLowerCase();
    counts.set(key, (counts.get(key) ?? 0) + subscribers);
  }
  return counts;
}

const gazetteerParts = ['country', 'region', 'city', 'area', 'postcode'] as const;

function liesIn(line: GazetteerRow, { site, h3, ...question }: Question): boolean {
  if (site !== undefined) return false;
  const isNamed = gazetteerParts.every((part) => {
    const name = line[part]?.toLowerCase();
    return question[part]?.some((each) => each.toLowerCase() === name) ?? true;
  });
  if (!isNamed || h3 === undefined) return isNamed;
  if (line.lat === null || line.lon === null) return false;
  const own = BigInt(`0x${latLngToCell(line.lat, line.lon, rowResolution)}`);
  return h3.map((cell) => childrenOf(cell)).some(({ first, last }) => own >= first && own <= last);
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

/** A wave and the windows it is compared by. */
export interface Windowed {
  /** By area, in small letters. */
  readonly areas: ReadonlyMap<string, Windows>;
  /** Of all other areas. */
  readonly elsewhere: Windows;
}

export interface BeforeAndAfter {
  readonly before: number;
  readonly after: number;
}

export interface Compared {
  readonly own: BeforeAndAfter;
  /** In other areas; tickets without an area may be of the wave's, and are neither. */
  readonly elsewhere: BeforeAndAfter;
}

/** Tickets before and after, for each of the waves. */
export async function ticketsInWindows(
  reading: Reading,
  question: Question,
  waves: readonly Windowed[],
): Promise<readonly Compared[]> {
  if (waves.length === 0) return [];
  const range = spanOf(waves);
  const first = range.from.getTime() / dayMs;
  // By day, of all that have an area.
  const everywhere = createCounts();
  // Two for each wave, before and after: in its areas by their own days, and in its areas by everybody's.
  const [own, same] = [createCounts(), createCounts()];
  await eachTicket(reading, question, range, (grouping, { columns: { hour, baseHour } }) => {
    const known: (readonly (readonly [wave: number, windows: Windows])[])[] = [];
    const wavesAt = (slot: number) =>
      (known[slot] ??= waves.flatMap(({ areas }, wave) => {
        const windows = areas.get(areaOf(grouping, slot) ?? '');
        return windows === undefined ? [] : [[wave, windows] as const];
      }));
    return (slot, row) => {
      if (grouping.groups[slot]!.place === 0) return;
      const at = (baseHour + hour[row]!) * hourMs;
      everywhere.add(Math.floor(at / dayMs) - first);
      for (const [wave, windows] of wavesAt(slot)) {
        addTo(own, wave, windows, at);
        addTo(same, wave, waves[wave]!.elsewhere, at);
      }
    };
  });
  const between = (from: number, to: number): number => {
    let total = 0;
    for (let day = from; day < to; day += dayMs) total += everywhere.get(day / dayMs - first);
    return total;
  };
  return waves.map(({ elsewhere: { beforeFrom, beforeTo, afterFrom, afterTo } }, wave) => ({
    own: { before: own.get(2 * wave), after: own.get(2 * wave + 1) },
    elsewhere: {
      before: between(beforeFrom, beforeTo) - same.get(2 * wave),
      after: between(afterFrom, afterTo) - same.get(2 * wave + 1),
    },
  }));
}

function addTo(counts: Counts, wave: number, windows: Windows, at: number): void {
  if (at >= windows.beforeFrom && at < windows.beforeTo) counts.add(2 * wave);
  else if (at >= windows.afterFrom && at < windows.afterTo) counts.add(2 * wave + 1);
}

interface Counts {
  add(slot: number): void;
  get(slot: number): number;
}

function createCounts(): Counts {
  const sums = createSums();
  return {
    add(slot) {
      sums.of(slot + 1)[slot]! += 1;
    },
    get: (slot) => sums.get(slot),
  };
}

function spanOf(waves: readonly Windowed[]): Range {
  const all = waves.flatMap(({ areas, elsewhere }) => [...areas.values(), elsewhere]);
  const from = all.reduce((least, { beforeFrom }) => Math.min(least, beforeFrom), Infinity);
  const to = all.reduce((most, { afterTo }) => Math.max(most, afterTo), -Infinity);
  return { from: new Date(from), to: new Date(to) };
}

/** Goes through all tickets by area; `visitorOf` makes what looks at each, once for each segment. */
async function eachTicket(
  reading: Reading,
  question: Question,
  range: Range,
  visitorOf: (grouping: Grouping, segment: Segment) => (slot: number, row: number) => void,
): Promise<Grouping> {
  const tickets: Question = { ...question, kind: ['ticket'] };
  const places = knownPlaces(reading.db);
  const filter = await rowFilterOf(reading, tickets, places);
  const grouping = createGrouping({
    groupBy: ['area'],
    bucket: 'none',
    range,
    filter,
    places,
    departments: [],
  });
  for await (const segment of readSegments(reading, range, ['said'], tickets)) {
    await places.learn(reading.tx, [segment.columns]);
    const visit = visitorOf(grouping, segment);
    for (const slots of grouping.slotsOf(segment)) {
      for (let row = 0; row < slots.length; row += 1) if (slots[row]! >= 0) visit(slots[row]!, row);
    }
  }
  return grouping;
}

/** In small letters; null for none. */
function areaOf({ codes, groups }: Grouping, slot: number): string | null {
  return codes?.namedAs(groups[slot]?.place ?? 0)?.area?.toLowerCase() ?? null;
}

function startOfDay(moment: Date): number {
  return Math.floor(moment.getTime() / dayMs) * dayMs;
}
