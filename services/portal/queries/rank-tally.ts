// Tickets of each place for a ranking: how many, in which weeks, at which hours where the place is.
import { cellToLatLng } from 'h3-js';
import { cellAt, noCell, type FactColumns } from '#core/store/fact-columns.ts';
import { createSpreads, createSums } from './growing.ts';
import type { Grouping } from './groups.ts';
import type { Spread } from '../statistics/means.ts';
import type { Gazetteer } from './known-gazetteer.ts';
import { once, type KnownPlaces } from './known-places.ts';
import { keyAt } from './place-keys.ts';
import { hourMs, weekMs, type Range } from './range.ts';
import type { Segment } from './segments.ts';

export interface RankCounts {
  readonly tickets: number;
  /** Tickets of each whole week of the range, in order. */
  readonly weeks: Float64Array;
  /** Tickets whose hour is known, and those of them at busy hours. */
  readonly exact: number;
  readonly busy: number;
  readonly churnRisk: Spread;
}

export interface RankTally {
  add(segment: Segment): void;
  of(slot: number): RankCounts;
}

/** From 18:00 to 22:59 where the place is. */
const busyHours = { from: 18, to: 23 } as const;
const hoursPerDay = 24;
const hoursPerWeek = weekMs / hourMs;
/** 1970-01-01 was a Thursday: weeks begin three days earlier. */
const hoursBeforeMonday = 3 * hoursPerDay;

export function createRankTally(
  grouping: Grouping,
  range: Range,
  parts: { readonly places: KnownPlaces; readonly gazetteer: Gazetteer },
): RankTally {
  const [exact, busy, byWeek] = [createSums(), createSums(), createSums()];
  const churn = createSpreads();
  const first = Math.ceil((range.from.getTime() / hourMs + hoursBeforeMonday) / hoursPerWeek);
  const end = Math.floor((range.to.getTime() / hourMs + hoursBeforeMonday) / hoursPerWeek);
  const weeks = Math.max(0, end - first);
  const offsets = offsetsBySpot(parts.places, parts.gazetteer);

  return {
    add(segment) {
      const { columns } = segment;
      const { hour, spot, isExact, churn: risk, count, baseHour } = columns;
      for (const slots of grouping.slotsOf(segment)) {
        const size = grouping.groups.length;
        const [ofExact, ofBusy] = [exact.of(size), busy.of(size)];
        const addRisk = churn.adding(size);
        const ofWeeks = byWeek.of(size * weeks);
        const offsetOf = offsets(columns);
        for (let row = 0; row < count; row += 1) {
          const slot = slots[row]!;
          if (slot < 0) continue;
          addRisk(slot, risk[row]!);
          const at = baseHour + hour[row]!;
          const week = Math.floor((at + hoursBeforeMonday) / hoursPerWeek) - first;
          if (week >= 0 && week < weeks) ofWeeks[slot * weeks + week]! += 1;
          if (isExact[row] !== 1) continue;
          ofExact[slot]! += 1;
          const local = (at + offsetOf[spot[row]!]! + hoursPerDay) % hoursPerDay;
          if (local >= busyHours.from && local < busyHours.to) ofBusy[slot]! += 1;
        }
      }
    },
    of(slot) {
      const churnRisk = churn.get(slot);
      return {
        tickets: churnRisk.count,
        weeks: byWeek.of((slot + 1) * weeks).subarray(slot * weeks, (slot + 1) * weeks),
        exact: exact.get(slot),
        busy: busy.get(slot),
        churnRisk,
      };
    },
  };
}

const remembered = new WeakMap<Gazetteer, (columns: FactColumns) => Int32Array>();
/** Cells of this resolution are about 100 km wide: near enough for an hour. */
const coarse = 3;

/** Hours ahead of UTC where a spot is, by the sun: its longitude through 15. 0 where nobody knows where it is. */
function offsetsBySpot(
  places: KnownPlaces,
  gazetteer: Gazetteer,
): (columns: FactColumns) => Int32Array {
  const before = remembered.get(gazetteer);
  if (before !== undefined) return before;
  const byCell = new Map<string, number>();
  const ofCell = (code: number): number => {
    const cell = cellAt(code, coarse);
    let offset = byCell.get(cell);
    if (offset === undefined) {
      offset = Math.round(cellToLatLng(cell)[1] / 15);
      byCell.set(cell, offset);
    }
    return offset;
  };
  const byPlace: number[] = [];
  const ofPlace = (id: number): number => {
    const named = places.get(id)!;
    for (const level of ['area', 'postcode', 'city', 'region', 'country'] as const) {
      const key = keyAt(level, named, gazetteer.homonyms);
      const lon = key === null ? undefined : gazetteer.place(level, key)?.lon;
      if (lon !== undefined && lon !== null) return Math.round(lon / 15);
    }
    return 0;
  };
  const of = once(({ place, cell }) =>
    Int32Array.from(place, (id, spot) =>
      cell[spot] === noCell ? (byPlace[id] ??= ofPlace(id)) : ofCell(cell[spot]!),
    ),
  );
  remembered.set(gazetteer, of);
  return of;
}
