// The two runs that everything is measured on: long quiet weeks, and weeks with outages. Both begin with quiet weeks to
// learn from, and in both a source dies now and then.
import { createRandom } from '../../../services/gateway/synthetic/random.ts';
import { alertConfig } from '../../../services/alert/config.ts';
import { bucketMs, sliceMs, type DetectorSlice } from '../../../services/alert/detect/detection.ts';
import { countsAt, type Lateness } from '../../../services/alert/in-time.ts';
import { slicesOf } from '../../../services/alert/slices.ts';
import type { Sighting } from '../../../services/alert/sighting.ts';
import { logUniform, pick } from './draws.ts';
import { beginsAt, dayMs, hourMs, weekMs } from './ordinary.ts';
import { planOutages, type Truth } from './outages.ts';
import { streamOf, type StreamBucket } from './stream.ts';
import { sourceNames, type DeadTime } from './voices.ts';
import { createWorld, largeCountry, smallCountry, type World } from './world.ts';

export const weekBuckets = weekMs / bucketMs;
export const slicesPerBucket = bucketMs / sliceMs;
export const hourSlices = hourMs / sliceMs;
/** How long after a bucket's end what was said in it may come. */
export const latenessMs = 5 * 60_000;

export interface RunOptions {
  readonly seed: number;
  readonly warmUpWeeks: number;
  /** Weeks that count, after the warm-up. */
  readonly weeks: number;
  readonly outages: number;
  readonly country: 'large' | 'small';
}

export interface Run {
  readonly name: 'quiet' | 'outages';
  readonly world: World;
  readonly truths: readonly Truth[];
  readonly deadTimes: readonly DeadTime[];
  readonly warmUpBuckets: number;
  readonly buckets: number;
  /** From the beginning. */
  readonly stream: () => Iterable<StreamBucket>;
}

/** The same country in both, on other days. */
export function createRuns({ seed, warmUpWeeks, weeks, outages, country }: RunOptions): {
  quiet: Run;
  withOutages: Run;
} {
  const world = createWorld(country === 'small' ? smallCountry : largeCountry, seed);
  const warmUpBuckets = warmUpWeeks * weekBuckets;
  const buckets = (warmUpWeeks + weeks) * weekBuckets;
  const to = beginsAt + buckets * bucketMs;
  const from = beginsAt + warmUpBuckets * bucketMs;
  const truths = planOutages(world, {
    outages,
    drifts: Math.round(outages / 40),
    from,
    to: to - dayMs,
    seed,
  });
  const run = (name: Run['name'], runSeed: number, own: readonly Truth[]): Run => {
    const deadTimes = planDeadTimes(runSeed, from, to);
    const plan = { world, seed: runSeed, buckets, truths: own, deadTimes };
    return {
      name,
      world,
      truths: own,
      deadTimes,
      warmUpBuckets,
      buckets,
      stream: () => streamOf(plan),
    };
  };
  return { quiet: run('quiet', seed * 2, []), withOutages: run('outages', seed * 2 + 1, truths) };
}

/** About one in ten days, of two hours to three days. */
function planDeadTimes(seed: number, from: number, to: number): DeadTime[] {
  const random = createRandom(seed, 0x6465_6164, 5);
  const dead: DeadTime[] = [];
  for (let at = from; ;) {
    at = Math.round(at + (4 + 12 * random.float()) * dayMs);
    const source = sourceNames[pick(random, [0.5, 0.3, 0.2])]!;
    const end = Math.round(at + logUniform(random, 2 * hourMs, 3 * dayMs));
    if (end > to) return dead;
    dead.push({ source, from: at, to: end });
    at = end;
  }
}

const { latenessMsBySource } = alertConfig.parse({});
/** As it is configured by default. */
const lateness: Lateness = { latenessMs, latenessMsBySource };

/** A bucket as the detector is given it. */
export function slicesIn(bucket: StreamBucket): DetectorSlice[] {
  const counted = inTime(bucket).map((each) => ({ ...each, countsAt: countsAt(each, lateness) }));
  return [...slicesOf(counted, bucket.start, bucket.start + bucketMs)];
}

/** Those that came within the allowed lateness. */
function inTime({ start, sightings }: StreamBucket): Sighting[] {
  const latest = start + bucketMs + latenessMs;
  return sightings.filter(({ receivedAt }) => receivedAt <= latest);
}
