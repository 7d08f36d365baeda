// Per-test levels, solved from the budget: the greatest level at which all tests of a week together are expected to give
// no more false alarms than the budget.
import { meanOf, spreadOf, type Baseline } from './baseline.ts';
import { driftLooksPerWeek, leastDriftMean } from './drift.ts';
import { tailsFrom } from './negative-binomial.ts';
import { hoursPerWeek } from './profile.ts';
import { windows } from './recent.ts';
import type { Series } from './series.ts';

const bucketsPerWeek = hoursPerWeek * 4;
/** Means and dispersions are told apart this finely, in steps to a factor of e. */
const steps = { mean: 8, spread: 4 };
/** Tails below this add nothing to any budget. */
const negligible = 1e-16;
/** However few series there are, what chance gives once in a thousand times is no news. */
const greatestLevel = 1e-3;
/** Series times hours that are looked at; beyond it hours are left out evenly. */
const enoughHours = 12_000;

/** Tests of one sort: what they attain at each level that counts, whole numbers, can attain. */
interface Tests {
  /** Of all tests that may begin an alarm in a week. */
  readonly many: number;
  /** Tails at the least number of customers, one more, and so on. */
  readonly tails: readonly number[];
  readonly least: number;
  readonly buckets: number;
}

export interface LevelOptions {
  readonly budgetPerWeek: number;
  readonly minCustomers: number;
  /** Whether a series is tested at all. */
  readonly isTested: (number: number) => boolean;
  /** The hour since the epoch from which on a week is looked at. */
  readonly hour: number;
}

/**
 * The level α at which Σ over tests of a week of P(begins an alarm) is the budget. A test attains the tail of the least
 * count whose tail is at most α. It begins an alarm, rather than going on with one, only if the last bucket holds one of
 * the c sightings, which of n buckets alike has a probability of at most c / n. Alarms of parents and children, and of
 * overlapping windows, are counted each: the sum is an upper bound of the expected number of incidents.
 */
export function solveLevel(baseline: Baseline, series: Series, options: LevelOptions): number {
  const tests = gather(baseline, series, options);
  const drifts = driftsTested(series, options) * driftLooksPerWeek;
  let low = Math.log(negligible);
  let high = Math.log(greatestLevel);
  for (let step = 0; step < 50; step += 1) {
    const middle = (low + high) / 2;
    const level = Math.exp(middle);
    if (expectedAlarms(tests, level) + drifts * level <= options.budgetPerWeek) low = middle;
    else high = middle;
  }
  return Math.exp(low);
}

function gather(
  baseline: Baseline,
  series: Series,
  { minCustomers, isTested, hour }: LevelOptions,
): readonly Tests[] {
  const tested = [];
  for (let number = 0; number < series.size; number += 1) if (isTested(number)) tested.push(number);
  const hours = Math.min(hoursPerWeek, Math.max(1, Math.round(enoughHours / (tested.length + 1))));
  const each = bucketsPerWeek / hours;
  const sorts = new Map<string, { many: number; mean: number; spread: number; buckets: number }>();
  for (const number of tested) {
    for (let at = 0; at < hours; at += 1) {
      // Series begin at different hours, so that few hours of many series are a fair sample.
      const of = hour + ((Math.floor((at * hoursPerWeek) / hours) + number * 37) % hoursPerWeek);
      for (const buckets of windows) {
        const mean = meanOf(baseline, series, number, of * 4 + 3, buckets);
        if (!(mean > 1e-9)) continue;
        const spread = spreadOf(baseline, series, number, of * 4 + 3, buckets);
        const m = Math.round(Math.log(mean) * steps.mean);
        const s = Math.round(Math.log(spread + 0.01) * steps.spread);
        const key = `${buckets}/${m}/${s}`;
        const known = sorts.get(key);
        if (known !== undefined) known.many += each;
        else
          sorts.set(key, {
            many: each,
            mean: Math.exp(m / steps.mean),
            spread: Math.max(0, Math.exp(s / steps.spread) - 0.01),
            buckets,
          });
      }
    }
  }
  return [...sorts.values()].map(({ many, mean, spread, buckets }) => {
    const least = Math.max(minCustomers, Math.ceil(mean));
    return { many, tails: tailsFrom(least, mean, spread, negligible), least, buckets };
  });
}

/** False alarms to be expected in a week at a level. */
function expectedAlarms(tests: readonly Tests[], level: number): number {
  let all = 0;
  for (const { many, tails, least, buckets } of tests) {
    const above = firstAtMost(tails, level);
    if (above === tails.length) continue;
    all += many * tails[above]! * Math.min(1, (least + above) / buckets);
  }
  return all;
}

/** Index of the first of decreasing values that is at most `level`. */
function firstAtMost(values: readonly number[], level: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! <= level) high = middle;
    else low = middle + 1;
  }
  return low;
}

function driftsTested({ size, columns }: Series, { isTested }: LevelOptions): number {
  let tested = 0;
  for (let number = 0; number < size; number += 1)
    if (columns.driftMean[number]! >= leastDriftMean && isTested(number)) tested += 1;
  return tested;
}
