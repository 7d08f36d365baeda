// Before and after a finished wave: which days are compared, and what the comparison says. Pure.
import type { WaveAnswer } from '../api/answers.ts';
import type { Ends } from '../statistics/intervals.ts';
import type { Wave } from './wave-plan.ts';
import { dayMs } from './range.ts';

export type Effect = NonNullable<WaveAnswer['effect']>;

/** Moments in milliseconds since the epoch. The days of work are in neither window. */
export interface Windows {
  readonly beforeFrom: number;
  /** End of the days before: the start of the day on which the area was finished. */
  readonly beforeTo: number;
  readonly afterFrom: number;
  readonly afterTo: number;
}

/** What is known: whole days from `from` to `to`, starts of days in milliseconds. */
export interface KnownDays {
  readonly from: number;
  readonly to: number;
}

/** Whole weeks, so that each day of the week is in both windows equally often; 12 are the most within 90 days. */
const weekDays = 7;
const mostWeeks = 12;

/** Days before and days after that are compared; 0 when there is not a week of either yet. */
export function comparedDays(wave: Wave, known: KnownDays): number {
  const finished = wave.areas.map(({ finishedOn }) => startOf(finishedOn!));
  const after = known.to - (Math.max(...finished) + dayMs);
  const before = Math.min(...finished) - known.from;
  const weeks = Math.floor(Math.min(after, before) / (weekDays * dayMs));
  return Math.max(0, Math.min(mostWeeks, weeks)) * weekDays;
}

/** @param finishedOn the day, `2026-11-29` */
export function windowsAround(finishedOn: string, days: number): Windows {
  const beforeTo = startOf(finishedOn);
  const afterFrom = beforeTo + dayMs;
  const length = days * dayMs;
  return { beforeFrom: beforeTo - length, beforeTo, afterFrom, afterTo: afterFrom + length };
}

/** The day by which half of the areas were finished: other areas, which have no such day, are compared around it. */
export function middleDay(wave: Wave): string {
  const days = wave.areas.map(({ finishedOn }) => finishedOn!).toSorted();
  return days[Math.floor((days.length - 1) / 2)]!;
}

/**
 * Fewer or more, where the whole interval is on one side of 1 and apart from that of all other areas: what happened
 * everywhere, the wave did not do.
 */
export function verdictOf(
  ratio: Ends | null,
  elsewhere: Ends | null,
): 'fewer' | 'more' | 'no-clear-change' {
  if (ratio === null) return 'no-clear-change';
  if (ratio.high < Math.min(1, elsewhere?.low ?? 1)) return 'fewer';
  if (ratio.low > Math.max(1, elsewhere?.high ?? 1)) return 'more';
  return 'no-clear-change';
}

/** Start of a day (UTC) in milliseconds since the epoch. */
export function startOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}
