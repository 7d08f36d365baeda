// The made-up country's sightings, a bucket of 15 minutes at a time: ordinary days, and outages on top of them. Pure: the
// same seed gives the same sightings, and the ordinary ones are the same with outages and without.
import { createRandom, type Random } from '../../../services/gateway/synthetic/random.ts';
import { bucketMs } from '../../../services/alert/detect/detection.ts';
import type { Sighting } from '../../../services/alert/sighting.ts';
import { createDays, runningSums } from './days.ts';
import { logUniform, pickBySums, poisson } from './draws.ts';
import { beginsAt, dayMs, hourMs, ordinaryRate, themes } from './ordinary.ts';
import { intensity, type Truth } from './outages.ts';
import { draw, sighting, type DeadTime, type Saying, type Wish } from './voices.ts';
import type { World } from './world.ts';

export interface StreamPlan {
  readonly world: World;
  readonly seed: number;
  readonly buckets: number;
  readonly truths: readonly Truth[];
  readonly deadTimes: readonly DeadTime[];
}

export interface StreamBucket {
  readonly start: number;
  /** All that was said in it, also what came late; in order of time. */
  readonly sightings: readonly Sighting[];
  /** By id: of which truth a sighting is the first of its customer. */
  readonly causedBy: ReadonlyMap<string, number>;
}

/** A customer says it again within a day. */
const againShare = 0.12;
/** Loud customers a day, of 10 to 40 sightings each. */
const loudADay = 1;

export function* streamOf({
  world,
  seed,
  buckets,
  truths,
  deadTimes,
}: StreamPlan): Generator<StreamBucket> {
  const random = createRandom(seed, 0x7175_6965, 3);
  const days = createDays(world, createRandom(seed, 0x6461_7973, 4));
  const ofTruth = truths.map(({ index }) => createRandom(seed, 0x7472_7574, 1000 + index));
  const spoken = truths.map(() => new Set<string>());
  const waiting = new Map<number, Saying[]>();
  let count = 0;

  for (let at = 0; at < buckets; at += 1) {
    const start = beginsAt + at * bucketMs;
    const said: Saying[] = waiting.get(start) ?? [];
    waiting.delete(start);
    // What is said again within the same bucket tells nothing; it is said in the next.
    const wait = (again: Saying): void => {
      const later = Math.max(again.at, start + bucketMs);
      const bucket = later - (later % bucketMs);
      const there = waiting.get(bucket);
      if (there === undefined) waiting.set(bucket, [{ ...again, at: later }]);
      else there.push({ ...again, at: later });
    };
    days.turnTo(start);
    for (const [t, theme] of themes.entries()) {
      for (const city of world.at.city) {
        const customers = poisson(
          random,
          ordinaryRate(theme, city, world.size.customersADay, start) * days.factor(t, city),
        );
        for (let each = 0; each < customers; each += 1) {
          const postcode = pickBySums(random, days.sums(t), city.firstPostcode, city.endPostcode);
          const first = draw(random, world, {
            start,
            length: bucketMs,
            theme: theme.name,
            postcode,
          });
          said.push(first);
          if (random.chance(againShare)) wait({ ...first, at: first.at + random.float() * dayMs });
        }
      }
    }
    if (random.chance((loudADay * bucketMs) / dayMs)) shout(random, world, start, wait);
    for (const [index, truth] of truths.entries()) {
      if (truth.startedAt >= start + bucketMs || truth.endedAt <= start) continue;
      said.push(...suffer(ofTruth[index]!, world, truth, start, spoken[index]!, wait));
    }
    const causedBy = new Map<string, number>();
    const sightings = said
      .toSorted((one, other) => one.at - other.at)
      .map(({ truth, ...each }) => {
        const made = sighting(each, (count += 1), deadTimes);
        if (truth !== undefined) causedBy.set(made.id, truth);
        return made;
      });
    yield { start, sightings, causedBy };
  }
}

/** One customer says one thing again and again. */
function shout(random: Random, world: World, start: number, wait: (said: Saying) => void): void {
  const postcode = random.below(world.postcodes.length);
  const theme = themes[random.below(themes.length)]!.name;
  const first = draw(random, world, { start, length: bucketMs, theme, postcode });
  const length = logUniform(random, hourMs, 12 * hourMs);
  for (let left = 10 + random.below(31); left > 0; left -= 1)
    wait({ ...first, at: Math.floor(start + bucketMs + random.float() * length), delayMs: 5000 });
}

function suffer(
  random: Random,
  world: World,
  truth: Truth,
  start: number,
  spoken: Set<string>,
  wait: (said: Saying) => void,
): Saying[] {
  const from = Math.max(start, truth.startedAt);
  const length = Math.min(start + bucketMs, truth.endedAt) - from;
  const customers = poisson(random, (intensity(truth, from + length / 2) * length) / hourMs);
  const { firstPostcode, endPostcode } = truth.place;
  const sums = sharesOf(world);
  const said: Saying[] = [];
  for (let each = 0; each < customers; each += 1) {
    const theme = truth.themes[random.chance(0.5) ? 0 : random.below(truth.themes.length)]!;
    const postcode = pickBySums(random, sums, firstPostcode, endPostcode);
    const site = truth.place.level === 'site' ? truth.place : undefined;
    const wish: Wish = { start: from, length, theme, postcode, site, product: truth.product };
    let one = draw(random, world, wish);
    for (let attempt = 0; spoken.has(one.customer) && attempt < 50; attempt += 1)
      one = draw(random, world, wish);
    if (spoken.has(one.customer)) continue;
    spoken.add(one.customer);
    said.push({ ...one, truth: truth.index });
    const again = one.at + bucketMs + random.float() * 6 * hourMs;
    if (random.chance(0.15)) wait({ ...one, at: Math.floor(again) });
  }
  return said;
}

const sharesOfWorld = new WeakMap<World, Float64Array>();
function sharesOf(world: World): Float64Array {
  const known = sharesOfWorld.get(world);
  if (known !== undefined) return known;
  const sums = runningSums(world.postcodes, ({ share }) => share);
  sharesOfWorld.set(world, sums);
  return sums;
}
