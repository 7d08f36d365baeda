// What the counts of an outage give away to somebody who knows the true ordinary rates, the place and the themes, and
// looks nowhere else: a yardstick. It is no bound: whoever looks at each part of a place may see chance there first.
import { bucketMs, sliceMs } from '../../../services/alert/detect/detection.ts';
import { upperTail } from '../../../services/alert/detect/negative-binomial.ts';
import type { PlaceLevel } from '../../../services/alert/sighting.ts';
import { graceMs } from './judge.ts';
import { ordinaryRate, products, productShares, themes } from './ordinary.ts';
import type { Truth } from './outages.ts';
import { latenessMs, slicesPerBucket } from './runs.ts';
import type { World } from './world.ts';

/** Customers of an outage that came in time, of each slice from the first of the bucket that it began in. */
export type Seen = readonly number[];

/** What a budget of 1 a week allows each test of the small country, as the detector solves it. */
const level = 2.6e-7;
const windows = [1, 4, 16, 96].map((buckets) => buckets * slicesPerBucket);
/** Variance beyond a Poisson's, over the squared mean, as the ordinary days are made. */
const dispersion: Record<PlaceLevel, number> = {
  country: 0.012,
  region: 0.03,
  city: 0.15,
  area: 0.2,
  postcode: 0.5,
  site: 0.5,
};

/** Milliseconds from its start until its counts say so; undefined when they never do. */
export function bestDelayMs(
  world: World,
  truth: Truth,
  seen: Seen,
  minCustomers: number,
): number | undefined {
  const first = Math.floor(truth.startedAt / bucketMs) * slicesPerBucket;
  const end = Math.ceil((truth.endedAt + graceMs) / sliceMs);
  const means = new Map<number, number>();
  const meanOf = (slice: number): number => {
    const known = means.get(slice) ?? ordinaryMean(world, truth, slice * sliceMs) / slicesPerBucket;
    means.set(slice, known);
    return known;
  };
  for (let slice = first; slice < end; slice += 1) {
    for (const window of windows) {
      let [customers, mean] = [0, 0];
      for (let at = slice - window + 1; at <= slice; at += 1) {
        customers += seen[at - first] ?? 0;
        mean += meanOf(at);
      }
      if (customers < minCustomers) continue;
      if (upperTail(Math.round(customers + mean), mean, dispersion[truth.place.level]) <= level)
        return (slice + 1) * sliceMs + latenessMs - truth.startedAt;
    }
  }
  return undefined;
}

/** Most customers within four buckets. */
export function busiestHour(seen: Seen): number {
  let most = 0;
  for (let at = 0; at < seen.length; at += slicesPerBucket)
    most = Math.max(
      most,
      seen.slice(at, at + 4 * slicesPerBucket).reduce((sum, each) => sum + each, 0),
    );
  return most;
}

function ordinaryMean(
  world: World,
  { place, themes: names, product }: Truth,
  start: number,
): number {
  const share = product === null ? 1 : productShares[products.indexOf(product)]!;
  const parts = place.region === null ? world.at.region : [place];
  let mean = 0;
  for (const theme of themes)
    if (names.includes(theme.name))
      for (const part of parts) mean += ordinaryRate(theme, part, world.size.customersADay, start);
  return mean * share;
}
