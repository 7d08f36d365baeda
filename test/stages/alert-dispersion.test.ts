// By how much counts vary more than by chance, and what that makes of a slow rise: measured on days that are made with a
// dispersion that is known.
import { describe, expect, it } from 'vitest';
import { gammaOfMeanOne, normal, poisson } from '../../scripts/bench/alerts/draws.ts';
import {
  createDispersions,
  dispersionOf,
  pool,
  takeBlocks,
} from '../../services/alert/detect/dispersion.ts';
import { driftTail, takeDrift, takeDriftOut } from '../../services/alert/detect/drift.ts';
import {
  createSeries,
  forEachSeries,
  locate,
  sortsPerLevel,
} from '../../services/alert/detect/series.ts';
import { createRandom } from '../../services/gateway/synthetic/random.ts';

describe('the dispersion of series that are quiet most days', () => {
  const dayShape = 3;
  /** Mean of all series. @param believed the mean that is taken for true, over the true one */
  function measure({ believed = 1, hourlyMean = 0.02 } = {}): number {
    const series = 1000;
    const { columns } = createSeries();
    const sort = 5 * sortsPerLevel + 1;
    columns.sort.fill(sort);
    const dispersions = createDispersions();
    const random = createRandom(7, 1, 1);
    const days = Float64Array.from({ length: series }, () => 1);
    for (let hour = 0; hour < 28 * 24; hour += 1) {
      for (let number = 0; number < series; number += 1) {
        if (hour % 24 === 0) days[number] = gammaOfMeanOne(random, dayShape);
        const count = poisson(random, hourlyMean * days[number]!);
        takeBlocks(dispersions, columns, number, { count, mean: hourlyMean * believed, hour });
      }
      pool(dispersions, hour);
    }
    let sum = 0;
    for (let number = 0; number < series; number += 1)
      sum += dispersionOf(dispersions, columns, number, 'day');
    return sum / series;
  }

  it('is told by all of them together', () => {
    expect(measure()).toBeGreaterThan(0.8 / dayShape);
    expect(measure()).toBeLessThan(1.2 / dayShape);
  });

  it.each([0.9, 1.1])(
    'is hardly another one where their mean is taken for %d of what it is',
    (believed) => {
      expect(measure({ believed })).toBeGreaterThan(0.1);
      expect(measure({ believed })).toBeLessThan(0.7);
    },
  );
});

describe('a series whose days differ, and are like the day before', () => {
  const mean = 60;
  const [deviation, memory] = [0.15, 0.5];
  /** Tails of its EWMA at the end of each day. */
  function tailsOf(rise: (day: number) => number, days: number): number[] {
    const many = 200;
    const series = createSeries();
    const { columns } = series;
    columns.learnt.fill(1e6);
    const dispersions = createDispersions();
    dispersions.day.spread.fill(deviation ** 2);
    const random = createRandom(9, 1, 1);
    const factors = new Float64Array(many);
    const tails: number[] = [];
    for (let hour = 0; hour < days * 24; hour += 1)
      for (let number = 0; number < many; number += 1) {
        if (hour % 24 === 0)
          factors[number] =
            memory * factors[number]! + deviation * Math.sqrt(1 - memory ** 2) * normal(random);
        const today = Math.exp(factors[number]!) * rise(Math.floor(hour / 24));
        columns.last4[number] = poisson(random, (mean / 24) * today);
        takeDrift(dispersions, columns, number, { mean: mean / 24, hour });
        if (hour % 24 === 23 && hour > 14 * 24) tails.push(driftTail(series, number));
      }
    return tails;
  }
  const shareBelow = (level: number, tails: readonly number[]): number =>
    tails.filter((tail) => tail <= level).length / tails.length;

  it('rises by chance no more often than its tail says', () => {
    const tails = tailsOf(() => 1, 60);
    expect(shareBelow(0.05, tails)).toBeGreaterThan(0.02);
    expect(shareBelow(0.05, tails)).toBeLessThan(0.07);
    expect(shareBelow(0.001, tails)).toBeLessThan(0.003);
  });

  it('is found where it rises by a half for a week', () => {
    const tails = tailsOf((day) => (day >= 20 ? 1.5 : 1), 27);
    expect(shareBelow(0.01, tails.slice(-200))).toBeGreaterThan(0.8);
  });
});

it('a place keeps what it has risen by itself, and of other themes, when an outage in it is over', () => {
  const series = createSeries();
  const place = { country: 'NL', region: null, area: null, postcode: null, site: null };
  const add = (theme: string, city: string | null): readonly number[] => {
    const located = locate(series, { theme, place: { ...place, city }, product: null }, 1);
    const numbers: number[] = [];
    forEachSeries(series, located, (number, of) => {
      if (of === 'theme') numbers.push(number);
    });
    return numbers;
  };
  const outages = add('outage', 'Northport');
  const [, country] = outages;
  const [, , city] = outages;
  const [, price] = add('price', null);
  const { columns } = series;
  const set = (number: number, drift: number, mean: number): void => {
    columns.drift[number] = drift;
    columns.driftMean[number] = mean;
  };
  set(country!, 190, 100);
  set(city!, 60, 10);
  set(price!, 150, 100);
  const incident = { node: columns.node[city!]!, themes: [columns.theme[city!]!] };
  takeDriftOut(series, incident);
  expect([country, city, price].map((number) => columns.drift[number!])).toEqual([140, 10, 150]);
  // What has not risen takes nothing out.
  set(city!, 5, 10);
  takeDriftOut(series, incident);
  expect([country, city].map((number) => columns.drift[number!])).toEqual([140, 5]);
});
