// `npm run bench -- alerts-speed`: how long the detector takes for a bucket of 15 minutes, with all looks at it, on one core, with many series.
import { alertConfig } from '../../services/alert/config.ts';
import { createDetector } from '../../services/alert/detect/detector.ts';
import { streamOf } from './alerts/stream.ts';
import { latenessMs, slicesIn, weekBuckets } from './alerts/runs.ts';
import { percentile } from './alerts/summary.ts';
import { largeCountry, createWorld } from './alerts/world.ts';

/** Weeks until it knows the wanted number of series; more than the most are not waited for. */
const mostWeeks = 12;
/** Then two days are measured, with a day's solving of levels in each. */
const measuredBuckets = 192;

/** Time of one bucket, once it tests `series` series at least; memory of the whole process. */
export function benchAlertsSpeed(series: number): object {
  const world = createWorld(largeCountry, 1);
  const buckets = mostWeeks * weekBuckets + measuredBuckets;
  const plan = { world, seed: 1, buckets, truths: [], deadTimes: [] };
  const { themeFamilies: families } = alertConfig.parse({});
  const options = { budgetPerWeek: 1, minCustomers: 3, warmUpDays: 7, latenessMs, families };
  const detector = createDetector(options);
  const times: number[] = [];
  let measured = 0;
  let before = 0;
  for (const bucket of streamOf(plan)) {
    const slices = slicesIn(bucket);
    const started = performance.now();
    for (const slice of slices) detector.step(slice);
    const took = performance.now() - started;
    if (measured === 0 && detector.seriesTested() < series) {
      before += 1;
      if (before % weekBuckets === 0)
        console.error(`${before / weekBuckets} weeks: ${detector.seriesTested()} series`);
      continue;
    }
    times.push(took);
    measured += 1;
    if (measured === measuredBuckets) break;
  }
  if (times.length === 0)
    throw new RangeError(
      `only ${detector.seriesTested()} series in ${mostWeeks} weeks; ask for fewer`,
    );
  const ms = (share: number): number => Math.round(percentile(times, share)! * 10) / 10;
  return {
    series: detector.seriesTested(),
    learnedDays: Math.round((before / 96) * 10) / 10,
    medianMs: ms(0.5),
    p99Ms: ms(0.99),
    mostMs: ms(1),
    residentMb: Math.round(process.memoryUsage.rss() / 1e6),
    snapshotMb: Math.round(detector.snapshot().byteLength / 1e5) / 10,
  };
}
