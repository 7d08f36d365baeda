// How the last seven days compare with those before, as a ratio with an interval that holds for tickets that come in
// clusters. Pure.
import type { Estimate } from '../api/answers.ts';
import { rateRatio } from '../statistics/intervals.ts';
import { weekDays, type Daily } from './overview-counts.ts';

/** Fewer days before, or fewer counts in both, say nothing that is worth an interval. */
const fewestDaysBefore = 7;
const fewestCounts = 5;

export interface Compared {
  readonly week: number;
  readonly before: number;
  /** Null where there is too little to compare. */
  readonly change: Estimate | null;
}

/** @param daysBefore days before the week that are compared with */
export function compare(daily: readonly Daily[], daysBefore: number): Compared {
  const days = Array.from({ length: daysBefore }, () => 0);
  let week = 0;
  for (const { back, count } of daily) {
    if (back < weekDays) week += count;
    else if (back - weekDays < daysBefore) days[back - weekDays]! += count;
  }
  const before = days.reduce((sum, count) => sum + count, 0);
  const isEnough = daysBefore >= fewestDaysBefore && week + before >= fewestCounts && before > 0;
  if (!isEnough) return { week, before, change: null };
  const spread = spreadOf(days);
  const change = rateRatio(
    { count: week / spread, time: weekDays },
    { count: before / spread, time: daysBefore },
  );
  return { week, before, change };
}

/**
 * Variance of daily counts over their mean, at least 1: how many counts come as one. Counts divided by it have the
 * variance of independent ones (quasi-Poisson: McCullagh and Nelder, Generalized Linear Models, 1989, section 6.2.3).
 * Weekdays that differ count as spread too, which makes the interval wider, never narrower.
 */
function spreadOf(days: readonly number[]): number {
  const mean = days.reduce((sum, count) => sum + count, 0) / days.length;
  if (mean === 0 || days.length < 2) return 1;
  const squares = days.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  return Math.max(1, squares / (days.length - 1) / mean);
}
