// Two rivals that many companies run: a threshold of each series that never changes, and a z-score on the same hour of
// past weeks. Both look at the last hour, as often as the detector does, and at no fewer customers than the detector.
import { hourSlices } from '../runs.ts';
import type { Alarm } from './alarms.ts';
import { customersIn, type CountLog, type SeriesLog } from './count-log.ts';

const weekSlices = 168 * hourSlices;
/** Of the z-score. */
const weeksBack = 6;

export interface SimpleOptions {
  readonly warmUpSlices: number;
  readonly minCustomers: number;
  /** Lower scores are of no interest. */
  readonly leastScore: number;
}

/** Score: deviations, of its hours in the warm-up, above its mean then. */
export function fixedThresholdAlarms(log: CountLog, options: SimpleOptions): Alarm[] {
  return scan(log, options, (series) => {
    const hours: number[] = [];
    for (let from = 0; from < options.warmUpSlices; from += hourSlices)
      hours.push(customersIn(series, from, from + hourSlices));
    const { mean, deviation } = moments(hours);
    return (customers) => (customers - mean) / deviation;
  });
}

/** Score: deviations, of the same hour of the last six weeks, above their mean. */
export function zScoreAlarms(log: CountLog, options: SimpleOptions): Alarm[] {
  return scan(log, options, (series) => (customers, slice) => {
    const hours: number[] = [];
    for (let back = 1; back <= weeksBack; back += 1) {
      const end = slice + 1 - back * weekSlices;
      if (end >= hourSlices) hours.push(customersIn(series, end - hourSlices, end));
    }
    const { mean, deviation } = moments(hours);
    return (customers - mean) / deviation;
  });
}

/** Six hours tell a deviation badly, and quiet ones none: it is that of a Poisson at least, and 1 at least. */
function moments(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const variance = squares / Math.max(1, values.length - 1);
  return { mean, deviation: Math.sqrt(Math.max(variance, mean, 1)) };
}

type Score = (customers: number, slice: number) => number;

function scan(
  log: CountLog,
  { warmUpSlices, minCustomers, leastScore }: SimpleOptions,
  scorer: (series: SeriesLog) => Score,
): Alarm[] {
  const alarms: Alarm[] = [];
  for (let series = 0; series < log.seriesCount; series += 1) {
    const own = log.series(series);
    let score: Score | undefined;
    let from = 0;
    let customers = 0;
    for (const [at, slice] of own.slices.entries()) {
      customers += own.counts[at]!;
      for (; own.slices[from]! <= slice - hourSlices; from += 1) customers -= own.counts[from]!;
      if (customers < minCustomers || slice < warmUpSlices / 2) continue;
      score ??= scorer(own);
      const scored = score(customers, slice);
      if (scored >= leastScore) alarms.push({ slice, series, score: scored, window: hourSlices });
    }
  }
  return alarms;
}
