// The made-up country that alerts are measured on: its truth is in the counts, and so is all that makes it hard.
import { describe, expect, it } from 'vitest';
import { bucketMs } from '../../services/alert/detect/detection.ts';
import type { Sighting } from '../../services/alert/sighting.ts';
import { beginsAt, dayMs, hourMs, weekMs } from '../../scripts/bench/alerts/ordinary.ts';
import {
  intensity,
  isOneBranch,
  planOutages,
  type Truth,
} from '../../scripts/bench/alerts/outages.ts';
import { streamOf, type StreamPlan } from '../../scripts/bench/alerts/stream.ts';
import { largeCountry, createWorld } from '../../scripts/bench/alerts/world.ts';

const world = createWorld(largeCountry, 1);
const twoWeeks: StreamPlan = { world, seed: 7, buckets: 2 * 672, truths: [], deadTimes: [] };

function sightingsOf(plan: StreamPlan): Sighting[] {
  return [...streamOf(plan)].flatMap(({ sightings }) => sightings);
}

const quiet = sightingsOf(twoWeeks);
const size = (of: readonly Sighting[], is: (sighting: Sighting) => boolean): number =>
  of.filter(is).length;
const localHour = ({ at }: Sighting): number => Math.floor((at % dayMs) / hourMs);
const weekday = ({ at }: Sighting): number => Math.floor((at - beginsAt) / dayMs) % 7;

describe('the made-up country', () => {
  it('has as many places of each level as were asked for, each with its share of the one above', () => {
    const { region, city, area, postcode, site } = world.at;
    expect([region, city, area, postcode, site].map(({ length }) => length)).toEqual([
      6, 60, 600, 3000, 1200,
    ]);
    for (const parent of [...region, ...city, ...area]) {
      const children = world.places.filter((each) => each.parent === parent.index);
      const shares = children.reduce((sum, { share }) => sum + share, 0);
      expect(children.length).toBeGreaterThan(1);
      expect(shares).toBeCloseTo(parent.share, 9);
    }
  });

  it('has a few cities with much of it', () => {
    const shares = world.at.city.map(({ share }) => share).toSorted((a, b) => b - a);
    expect(shares.slice(0, 6).reduce((sum, share) => sum + share, 0)).toBeGreaterThan(0.3);
    expect(shares.at(-1)).toBeLessThan(0.01);
  });
});

describe('ordinary days', () => {
  it('are the same for the same seed, and other ones for another', () => {
    const plan = { ...twoWeeks, buckets: 96 };
    expect(sightingsOf(plan)).toEqual(sightingsOf(plan));
    expect(sightingsOf({ ...plan, seed: 8 })).not.toEqual(sightingsOf(plan));
  });

  it('have a rhythm of hours and weekdays that differs by theme', () => {
    const billing = quiet.filter(({ theme }) => theme === 'billing-error');
    const slow = quiet.filter(({ theme }) => theme === 'slow-speed');
    const atNoon = (each: Sighting): boolean => localHour(each) === 12;
    const atNine = (each: Sighting): boolean => localHour(each) === 21;
    expect(size(billing, atNoon)).toBeGreaterThan(2 * size(billing, atNine));
    expect(size(slow, atNine)).toBeGreaterThan(1.5 * size(slow, atNoon));
    const onWednesdays = size(billing, (each) => weekday(each) === 2);
    expect(onWednesdays).toBeGreaterThan(3 * size(billing, (each) => weekday(each) === 6));
    expect(size(slow, (each) => weekday(each) === 6)).toBeGreaterThan(
      0.8 * size(slow, (each) => weekday(each) === 2),
    );
  });

  it('have holidays', () => {
    const onDay = (day: number): number =>
      size(
        quiet,
        ({ at, theme }) => theme === 'billing-error' && Math.floor((at - beginsAt) / dayMs) === day,
      );
    expect(onDay(1)).toBeLessThan(0.6 * onDay(8));
  });

  it('vary more than chance alone would', () => {
    const city = world.at.city.toSorted((one, other) => other.share - one.share)[0]!;
    const hours = Array.from({ length: 10 }, () => 0);
    const workdays = quiet.filter(
      (each) => weekday(each) < 5 && each.place.city === city.path.city,
    );
    for (const { at } of workdays) {
      const day = Math.floor((at - beginsAt) / dayMs);
      hours[day < 7 ? day : day - 2]! += 1;
    }
    const mean = hours.reduce((sum, count) => sum + count, 0) / hours.length;
    const variance = hours.reduce((sum, count) => sum + (count - mean) ** 2, 0) / 9;
    expect(variance).toBeGreaterThan(2 * mean);
  });

  it('have some that comes too late, and customers who say one thing ten times and more', () => {
    const late = quiet.filter(({ at, receivedAt }) => receivedAt - at > bucketMs + 5 * 60_000);
    expect(late.length / quiet.length).toBeGreaterThan(0.01);
    expect(late.length / quiet.length).toBeLessThan(0.05);
    const byCustomer = Map.groupBy(quiet, ({ customer, theme }) => `${customer} ${theme}`);
    expect([...byCustomer.values()].filter(({ length }) => length >= 10).length).toBeGreaterThan(4);
  });

  it('have nothing in time of a source that is dead', () => {
    const dead = { source: 'crm', from: beginsAt + dayMs, to: beginsAt + 2 * dayMs };
    const made = sightingsOf({ ...twoWeeks, buckets: 3 * 96, deadTimes: [dead] });
    const within = made.filter(({ at }) => at >= dead.from && at < dead.to);
    expect(size(within, ({ source }) => source === 'app')).toBeGreaterThan(100);
    expect(size(within, ({ source }) => source === 'crm')).toBeGreaterThan(100);
    expect(size(within, ({ source, receivedAt }) => source === 'crm' && receivedAt < dead.to)).toBe(
      0,
    );
  });
});

describe('outages', () => {
  const plan = { outages: 500, drifts: 10, from: beginsAt, to: beginsAt + 26 * weekMs, seed: 3 };
  const truths = planOutages(world, plan);

  it('are of all sizes, lengths, levels and shapes, within the time, as the seed says', () => {
    expect(truths).toHaveLength(510);
    expect(planOutages(world, plan)).toEqual(truths);
    expect(new Set(truths.map(({ place }) => place.level)).size).toBe(6);
    expect(new Set(truths.map(({ shape }) => shape)).size).toBe(3);
    const sizes = truths.map(({ customersPerHour }) => customersPerHour);
    expect(Math.min(...sizes)).toBeLessThan(3);
    expect(Math.max(...sizes)).toBeGreaterThan(100);
    for (const { startedAt, endedAt } of truths) {
      expect(startedAt).toBeGreaterThanOrEqual(plan.from);
      expect(endedAt).toBeLessThanOrEqual(plan.to);
    }
  });

  it('do not overlap at one branch of places', () => {
    const pairs = truths.flatMap((one, at) =>
      truths.slice(at + 1).map((other): [Truth, Truth] => [one, other]),
    );
    const overlapping = pairs.filter(([one, other]) => other.startedAt < one.endedAt);
    expect(overlapping.length).toBeGreaterThan(100);
    expect(overlapping.filter(([one, other]) => isOneBranch(one.place, other.place))).toEqual([]);
  });

  it('are refused where there is no room for them', () => {
    expect(() => planOutages(world, { ...plan, to: beginsAt + weekMs })).toThrow(/no room/);
  });

  it('lift the counts of their place and themes as their truth says, and change nothing else', () => {
    const startedAt = beginsAt + 3 * dayMs;
    const truth: Truth = {
      index: 0,
      kind: 'outage',
      startedAt,
      endedAt: startedAt + 10 * hourMs,
      place: world.at.area[5]!,
      themes: ['outage', 'tv-service'],
      product: 'fibre',
      customersPerHour: 30,
      shape: 'step',
    };
    const buckets = [...streamOf({ ...twoWeeks, buckets: 4 * 96, truths: [truth] })];
    const caused = buckets.flatMap(({ sightings, causedBy }) =>
      sightings.filter(({ id }) => causedBy.get(id) === 0),
    );
    // Poisson of mean 300.
    expect(caused.length).toBeGreaterThan(230);
    expect(caused.length).toBeLessThan(370);
    expect(new Set(caused.map(({ customer }) => customer)).size).toBe(caused.length);
    for (const { at, theme, product, place } of caused) {
      expect(at).toBeGreaterThanOrEqual(truth.startedAt);
      expect(at).toBeLessThan(truth.endedAt);
      expect(truth.themes).toContain(theme);
      expect(product).toBe('fibre');
      expect([truth.place.path.area, null]).toContain(place.area);
    }
    const key = ({ at, customer, theme }: Sighting): string => `${at} ${customer} ${theme}`;
    const without = new Set(sightingsOf({ ...twoWeeks, buckets: 4 * 96 }).map(key));
    const added = buckets
      .flatMap(({ sightings }) => sightings)
      .filter((each) => !without.has(key(each)));
    const customers = new Set(caused.map(({ customer }) => customer));
    expect(added.every(({ customer }) => customers.has(customer))).toBe(true);
    expect(buckets.flatMap(({ sightings }) => sightings).length - added.length).toBe(without.size);
  });

  it('have the shape that their truth says', () => {
    const truth: Truth = {
      ...truths[0]!,
      kind: 'outage',
      startedAt: 0,
      endedAt: 1000,
      customersPerHour: 10,
    };
    const over = (shape: Truth['shape']): number[] =>
      [0, 250, 500, 999, 1000].map((at) => Math.round(intensity({ ...truth, shape }, at)));
    expect(over('step')).toEqual([10, 10, 10, 10, 0]);
    expect(over('ramp')).toEqual([0, 5, 10, 10, 0]);
    expect(over('decay')).toEqual([10, 6, 3, 1, 0]);
  });
});
