// What alerts are compared with: counts as rivals see them, their scores, and how their alarms become incidents.
import { describe, expect, it } from 'vitest';
import { bucketMs, sliceMs } from '../../services/alert/detect/detection.ts';
import type { Sighting } from '../../services/alert/sighting.ts';
import { busiestHour, bestDelayMs } from '../../scripts/bench/alerts/best-case.ts';
import { beginsAt, themes } from '../../scripts/bench/alerts/ordinary.ts';
import type { Truth } from '../../scripts/bench/alerts/outages.ts';
import { groupAlarms, tune, type Alarm } from '../../scripts/bench/alerts/rivals/alarms.ts';
import {
  createCountLog,
  customersIn,
  seriesOfPlace,
} from '../../scripts/bench/alerts/rivals/count-log.ts';
import { fixedThresholdAlarms, zScoreAlarms } from '../../scripts/bench/alerts/rivals/simple.ts';
import { createWorld, type WorldPlace } from '../../scripts/bench/alerts/world.ts';

const world = createWorld(
  { regions: 2, cities: 4, areas: 8, postcodes: 16, postcodesWithSites: 4, customersADay: 5000 },
  1,
);
const [country] = world.places as [WorldPlace];
const [city, otherCity] = world.at.city as [WorldPlace, WorldPlace];
const area = world.at.area.find(({ parent }) => parent === city.index)!;

/** In slices. */
const hour = 3_600_000 / sliceMs;
const day = 24 * hour;
const week = 7 * day;

function sighting(slice: number, customer: number, place: WorldPlace, theme = 'outage'): Sighting {
  const at = beginsAt + slice * sliceMs;
  return {
    id: `${slice}-${customer}-${theme}`,
    at,
    receivedAt: at,
    source: 'crm',
    place: place.path,
    theme,
    product: null,
    customer: customer.toString(16).padStart(16, '0'),
    departments: [],
  };
}

const outageSeries = (place: WorldPlace): number =>
  place.index * seriesOfPlace + 1 + themes.findIndex(({ name }) => name === 'outage');
const allSeries = (place: WorldPlace): number => place.index * seriesOfPlace;

describe('the counts that rivals see', () => {
  it('have each customer once in 24 hours in a series, at its place and all above', () => {
    const writer = createCountLog(world);
    writer.take([sighting(0, 1, area), sighting(0, 1, area), sighting(0, 2, city)]);
    writer.take([sighting(1, 1, area), sighting(1, 1, area, 'price')]);
    for (let slice = 2; slice <= day; slice += 1) writer.take([]);
    writer.take([sighting(day + 1, 1, area)]);
    const log = writer.finish();
    const total = (series: number): number => customersIn(log.series(series), 0, day + 2);
    expect(total(outageSeries(area))).toBe(2);
    expect(total(outageSeries(city))).toBe(3);
    expect(total(outageSeries(country))).toBe(3);
    expect(total(allSeries(country))).toBe(3);
    expect(customersIn(log.series(outageSeries(city)), 1, day + 1)).toBe(0);
  });
});

describe('the simple rivals', () => {
  it('score what is more than it was, each by its own past', () => {
    const writer = createCountLog(world);
    let customer = 0;
    const many = (slice: number, count: number): Sighting[] =>
      Array.from({ length: count }, () => sighting(slice, (customer += 1), area));
    // Four weeks of two customers in the first hour of Mondays, then seven.
    for (let slice = 0; slice < 4 * week + hour; slice += 1)
      writer.take(many(slice, slice % week === hour - 1 ? (slice < 4 * week ? 2 : 7) : 0));
    const log = writer.finish();
    const options = { warmUpSlices: 4 * week, minCustomers: 3, leastScore: 3 };
    const own = (alarms: readonly Alarm[]) =>
      alarms.filter(({ series }) => series === outageSeries(area));
    // A Poisson of mean 2 has a deviation of 1.41; the mean of all hours is 0.01, with the least deviation of 1.
    expect(own(zScoreAlarms(log, options))).toEqual([
      {
        slice: 4 * week + hour - 1,
        series: outageSeries(area),
        score: 5 / Math.sqrt(2),
        window: hour,
      },
    ]);
    const [fixed] = own(fixedThresholdAlarms(log, options));
    expect(fixed!.score).toBeCloseTo(7 - 8 / 672, 6);
  });
});

describe('alarms', () => {
  const alarm = (slice: number, place: WorldPlace, score: number): Alarm => ({
    slice,
    series: outageSeries(place),
    score,
    window: hour,
  });

  it('of one branch and time are one incident, at the place that scores highest', () => {
    const incidents = groupAlarms(
      world,
      [alarm(10, country, 4), alarm(10, city, 9), alarm(11, area, 12), alarm(12, area, 5)],
      300_000,
    );
    expect(incidents).toHaveLength(1);
    expect(incidents[0]!.said.map(({ scope }) => scope.level)).toEqual(['city', 'area']);
    expect(incidents[0]!.detectedAt).toBe(beginsAt + 11 * sliceMs + 300_000);
  });

  it('of other places, or hours later, are others', () => {
    const incidents = groupAlarms(
      world,
      [alarm(10, city, 9), alarm(10, otherCity, 9), alarm(11 + 2 * hour, city, 9)],
      0,
    );
    expect(incidents).toHaveLength(3);
  });

  it('are tuned to the least score that brings no more than so many', () => {
    const alarms = [1, 2, 3, 4, 5].map((score) => alarm(100 * score, city, score));
    const above = (most: number): number => tune(most, alarms, ({ length }) => length);
    expect([above(0), above(2), above(4)]).toEqual([5, 3, 1]);
    expect(tune(1, [], ({ length }) => length)).toBe(0);
  });
});

describe('the best case', () => {
  const truth: Truth = {
    index: 0,
    kind: 'outage',
    startedAt: beginsAt + 40 * bucketMs,
    endedAt: beginsAt + 44 * bucketMs,
    place: area,
    themes: ['outage'],
    product: null,
    customersPerHour: 40,
    shape: 'step',
  };

  /** In the second slice of each bucket. */
  const inBuckets = (...counts: number[]): number[] =>
    counts.flatMap((count) =>
      Array.from({ length: bucketMs / sliceMs }, (_, at) => (at === 1 ? count : 0)),
    );

  it('is the first slice whose counts are beyond chance, and none for a handful', () => {
    // An eighth of 5,000 customers a day and a twelfth of them of this theme: half a customer a bucket.
    expect(bestDelayMs(world, truth, inBuckets(0, 30, 10), 3)).toBe(
      bucketMs + 2 * sliceMs + 300_000,
    );
    expect(bestDelayMs(world, truth, inBuckets(1, 1, 0, 1), 3)).toBeUndefined();
  });

  it('knows the busiest hour', () => {
    expect(busiestHour(inBuckets(1, 2, 0, 3, 4, 0, 0, 9))).toBe(13);
  });
});
