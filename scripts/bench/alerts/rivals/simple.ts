// Two rivals that many companies run: a threshold of each series that never changes, and a z-score on the same hour of
// past weeks. Both look at the last hour, every 15 minutes, and at no fewer customers than the detector.
import type { Alarm } from './alarms.ts';
import { customersIn, type CountLog, type SeriesLog } from './count-log.ts';

const hourBuckets = 4;
const weekBuckets = 672;
/** Of the z-score. */
const weeksBack = 6;

export interface SimpleOptions {
  readonly warmUpBuckets: number;
  readonly minCustomers: number;
  /** Lower scores are of no interest. */
  readonly leastScore: number;
}

/** Score: deviations, of its hours in the warm-up, above its mean then. */
export function fixedThresholdAlarms(log: CountLog, options: SimpleOptions): Alarm[] {
  return scan(log, options, (series) => {
    const hours: number[] = [];
    for (let from = 0; from < options.warmUpBuckets; from += hourBuckets)
      hours.push(customersIn(series, from, from + hourBuckets));
    const { mean, deviation } = moments(hours);
    return (customers) => (customers - mean) / deviation;
  });
}

/** Score: deviations, of the same hour of the last six weeks, above their mean. */
export function zScoreAlarms(log: CountLog, options: SimpleOptions): Alarm[] {
  return scan(log, options, (series) => (customers, bucket) => {
    const hours: number[] = [];
    for (let back = 1; back <= weeksBack; back += 1) {
      const end = bucket + 1 - back * weekBuckets;
      if (end >= hourBuckets) hours.push(customersIn(series, end - hourBuckets, end));
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

type Score = (customers: number, bucket: number) => number;

function scan(
  log: CountLog,
  { warmUpBuckets, minCustomers, leastScore }: SimpleOptions,
  scorer: (series: SeriesLog) => Score,
): Alarm[] {
  const alarms: Alarm[] = [];
  for (let series = 0; series < log.seriesCount; series += 1) {
    const own = log.series(series);
    let score: Score | undefined;
    let from = 0;
    let customers = 0;
    for (const [at, bucket] of own.buckets.entries()) {
      customers += own.counts[at]!;
      for (; own.buckets[from]! <= bucket - hourBuckets; from += 1) customers -= own.counts[from]!;
      if (customers < minCustomers || bucket < warmUpBuckets / 2) continue;
      score ??= scorer(own);
      const scored = score(customers, bucket);
      if (scored >= leastScore) alarms.push({ bucket, series, score: scored, window: hourBuckets });
    }
  }
  return alarms;
}
