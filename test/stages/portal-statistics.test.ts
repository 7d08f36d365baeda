// Figures of planners against published values, and the parts of a score by hand.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createScore, weeksOf, type Evidence } from '../../services/portal/queries/score.ts';
import { suppressedParts, toldOf } from '../../services/portal/queries/figures.ts';
import { hiddenBeside } from '../../services/portal/queries/hidden-rows.ts';
import type { CountMeasure } from '../../services/portal/queries/tally.ts';
import { createDistinct, createSamples } from '../../services/portal/queries/growing.ts';
import { betaShare } from '#core/statistics/beta.ts';
import { gammaQuantile, gammaShare } from '#core/statistics/gamma.ts';
import {
  poissonInterval,
  poissonQuantile,
  ratePerThousand,
  rateRatio,
  shareOf,
} from '../../services/portal/statistics/intervals.ts';
import { meanInterval, studentEnd, type Spread } from '../../services/portal/statistics/means.ts';

describe('intervals of means', () => {
  const csat = { least: 1, most: 5 };
  const spreadOf = (answers: readonly number[]): Spread => ({
    count: answers.length,
    sum: answers.reduce((sum, each) => sum + each, 0),
    squares: answers.reduce((sum, each) => sum + each ** 2, 0),
  });

  // Tables of Student's t, two-sided 5 %.
  it.each([
    [1, 12.7062],
    [2, 4.3027],
    [5, 2.5706],
    [30, 2.0423],
    [100, 1.984],
    [10_000, 1.9602],
  ])('rest on a t that of %i degrees ends at %f', (degrees, end) => {
    expect(studentEnd(degrees)).toBeCloseTo(end, 4);
  });

  it('are those of the answers and one at either end of the scale', () => {
    // Of 4, 5, 5, 3, 4, 1 and 5: a mean of 27 ÷ 7, a variance of 15 ÷ 7, and t of 6 degrees.
    const { low, high } = meanInterval(spreadOf([4, 5, 5, 3, 4]), csat)!;
    expect(low).toBeCloseTo(27 / 7 - 2.446_912 * Math.sqrt(15 / 7 / 7), 5);
    expect(high).toBe(5);
    expect(meanInterval(spreadOf([]), csat)).toBeNull();
  });

  it('are the whole scale for one answer, and never a point for a few alike', () => {
    expect(meanInterval(spreadOf([5]), csat)).toEqual({ low: 1, high: 5 });
    expect(meanInterval(spreadOf([5, 5, 5]), csat)!.low).toBeLessThan(3);
    expect(meanInterval(spreadOf(Array.from({ length: 1000 }, () => 5)), csat)!.low).toBeCloseTo(
      4.988,
      3,
    );
  });

  it('lie within the scale, with the mean in them', () => {
    const answers = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(answers, (given) => {
        const spread = spreadOf(given);
        const { low, high } = meanInterval(spread, csat)!;
        const mean = spread.sum / spread.count;
        expect(low).toBeGreaterThanOrEqual(1);
        expect(high).toBeLessThanOrEqual(5);
        expect(low).toBeLessThanOrEqual(mean);
        expect(high).toBeGreaterThanOrEqual(mean);
      }),
    );
  });

  // Of Student's t alone the lopsided ones hold it in 10 to 80 of 100 cases.
  it.each([
    ['even', [0.2, 0.2, 0.2, 0.2, 0.2]],
    ['good', [0.02, 0.03, 0.1, 0.25, 0.6]],
    ['all but always the best', [0.01, 0.01, 0.01, 0.02, 0.95]],
    ['the best or the worst', [0.03, 0, 0, 0, 0.97]],
    ['all but always the middle', [0, 0.1, 0.8, 0.1, 0]],
  ] as const)(
    'hold the true mean in 94 of 100 cases and more, where answers are %s',
    (_, shares) => {
      const random = prand(7);
      const truth = shares.reduce<number>((sum, share, at) => sum + share * (at + 1), 0);
      const answer = (): number => {
        let left = random();
        return (
          1 +
          Math.max(
            0,
            shares.findIndex((share) => (left -= share) < 0),
          )
        );
      };
      for (const count of [2, 3, 5, 10, 30, 100, 400]) {
        let held = 0;
        for (let run = 0; run < 3000; run += 1) {
          const { low, high } = meanInterval(
            spreadOf(Array.from({ length: count }, answer)),
            csat,
          )!;
          if (low <= truth && truth <= high) held += 1;
        }
        // Three standard deviations of 3,000 runs are a hundredth.
        expect(held / 3000, `of ${count} answers`).toBeGreaterThan(0.93);
      }
    },
  );
});

/** Mulberry32 (T. Ettinger): the same numbers from 0 to 1 in every run. */
function prand(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('exact intervals', () => {
  // K. Ulm, "A simple method to calculate the confidence interval of a standardized mortality ratio", Am. J.
  // Epidemiology 131 (1990), and tables of Garwood's.
  it.each([
    [0, 0, 3.689],
    [1, 0.0253, 5.572],
    [2, 0.2422, 7.225],
    [5, 1.623, 11.668],
    [10, 4.795, 18.39],
    [20, 12.217, 30.888],
    [100, 81.364, 121.627],
  ])('of a count of %i reach from %f to %f', (count, low, high) => {
    expect(poissonInterval(count).low).toBeCloseTo(low, 3);
    expect(poissonInterval(count).high).toBeCloseTo(high, 2);
  });

  it('leave a fortieth on each side, for counts of any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200_000 }), (count) => {
        const { low, high } = poissonInterval(count);
        // At the low end, as many or more have the probability 0.025; at the high end, as many or less.
        expect(gammaShare(count, low)).toBeCloseTo(0.025, 7);
        expect(1 - gammaShare(count + 1, high)).toBeCloseTo(0.025, 7);
      }),
      { numRuns: 300 },
    );
  });

  it('rest on the gamma distribution of the tables of chi-square', () => {
    expect(2 * gammaQuantile(0.95, 0.5)).toBeCloseTo(3.841_459, 6);
    expect(2 * gammaQuantile(0.975, 5)).toBeCloseTo(20.483_177, 6);
    expect(2 * gammaQuantile(0.025, 50)).toBeCloseTo(74.221_927, 6);
  });

  // R's help of binom.test (Mendel's peas) and standard tables.
  it.each([
    [682, 925, 0.707_668_3, 0.765_406_6],
    [1, 10, 0.002_528_579, 0.445_016_1],
    [0, 20, 0, 0.168_433_5],
    [5, 5, 0.478_176_2, 1],
  ])('of %i of %i reach from %f to %f', (count, all, low, high) => {
    const share = shareOf(count, all)!;
    expect(share.low).toBeCloseTo(low, 6);
    expect(share.high).toBeCloseTo(high, 6);
  });

  it('of a share leave a fortieth on each side', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 5000 }),
        (k, rest) => {
          const { low, high } = shareOf(k, k + rest)!;
          expect(betaShare(low, k, rest + 1)).toBeCloseTo(0.025, 7);
          expect(betaShare(high, k + 1, rest)).toBeCloseTo(0.975, 7);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of the ratio of two rates are those of R’s help of poisson.test', () => {
    const ratio = rateRatio(
      { count: 11, time: 800 },
      { count: 6 + 8 + 7, time: 1083 + 1050 + 878 },
    )!;
    expect(ratio.value).toBeCloseTo(1.971_488, 6);
    expect(ratio.low).toBeCloseTo(0.858_426_4, 5);
    expect(ratio.high).toBeCloseTo(4.277_265_9, 5);
  });

  it('are none where there is nothing to be a share of, a rate of, or a ratio to', () => {
    expect(shareOf(0, 0)).toBeNull();
    expect(ratePerThousand(7, null)).toBeNull();
    expect(ratePerThousand(7, 0)).toBeNull();
    expect(rateRatio({ count: 3, time: 1 }, { count: 0, time: 1 })).toBeNull();
  });

  it('of a rate are those of its count', () => {
    const rate = ratePerThousand(10, 4000)!;
    expect(rate.value).toBe(2.5);
    expect(rate.low).toBeCloseTo(4.795 / 4, 3);
    expect(rate.high).toBeCloseTo(18.39 / 4, 2);
  });
});

describe('the 99 % quantile of a Poisson distribution', () => {
  it.each([
    [0.5, 3],
    [1, 4],
    [5, 11],
    [10, 18],
    [100, 124],
  ])('of mean %f is %i', (mean, quantile) => {
    expect(poissonQuantile(mean)).toBe(quantile);
  });
});

describe('persistent demand', () => {
  it('is the middle week, and what is above it is bursts', () => {
    // Above 4: 26 of 46; 99 % of weeks with 4 expected have at most 9.
    expect(weeksOf([4, 4, 4, 30, 4])).toEqual({
      whole: 5,
      median: 4,
      burstShare: 26 / 46,
      spikes: 1,
    });
    expect(weeksOf([2, 4])).toEqual({ whole: 2, median: 3, burstShare: 1 / 6, spikes: 0 });
  });

  it('is nothing where most weeks have none, and one ticket is no spike', () => {
    expect(weeksOf([0, 0, 1])).toEqual({ whole: 3, median: 0, burstShare: 1, spikes: 0 });
    // All tickets in the cut weeks at the ends: nothing is known of what lasts.
    expect(weeksOf([0, 0])).toBeNull();
    expect(weeksOf([])).toBeNull();
  });
});

describe('rows of a total', () => {
  const group = {
    place: undefined,
    theme: undefined,
    technology: undefined,
    kind: undefined,
    department: undefined,
    start: undefined,
  };
  const openedOf = (opened: readonly number[]) => ({
    count: (slot: number, measure: string) => (measure === 'opened' ? opened[slot]! : 0),
    of: () => ({ severities: new Map<number, number>() }) as never,
  });
  const hiddenIn = (groups: readonly object[], opened: readonly number[], below = 5) => {
    const isHidden = hiddenBeside(
      groups.map((own) => ({ ...group, ...own })),
      openedOf(opened),
      below,
    );
    return opened.flatMap((_, slot) => (isHidden(slot, 'opened') ? [slot] : []));
  };

  it('hide the next smallest beside a single small one', () => {
    const weeks = [0, 1, 2, 3].map((start) => ({ start }));
    expect(hiddenIn(weeks, [9, 3, 20, 7])).toEqual([1, 3]);
    expect(hiddenIn(weeks, [9, 3, 20, 4])).toEqual([1, 3]);
    expect(hiddenIn([{ start: 3 }, { start: 1 }, { start: 2 }], [9, 9, 3])).toEqual([1, 2]);
    expect(hiddenIn(weeks, [9, 6, 20, 7])).toEqual([]);
    expect(hiddenIn(weeks, [9, 3, 20, 7], 0)).toEqual([]);
  });

  it('hide, of answers on a scale, what intervals would tell of, beside answers that are told', () => {
    const counts: Partial<Record<string, readonly number[]>> = {
      surveyAnswers: [10, 9, 20],
      npsAnswers: [2, 9, 20],
    };
    const isHidden = hiddenBeside(
      [0, 1, 2].map((start) => ({ ...group, start })),
      { ...openedOf([]), count: (slot, measure) => counts[measure]?.[slot] ?? 0 },
      5,
    );
    expect([0, 1, 2].map((slot) => isHidden(slot, 'npsAnswers'))).toEqual([true, true, false]);
    expect([0, 1, 2].some((slot) => isHidden(slot, 'surveyAnswers'))).toBe(false);
  });

  it('hide tickets resolved and still open together, for either is what the other leaves of those opened', () => {
    const counts: Partial<Record<string, readonly number[]>> = {
      opened: [30, 40, 50, 60],
      resolved: [28, 20, 25, 30],
      stillOpen: [2, 20, 25, 30],
    };
    const isHidden = hiddenBeside(
      [0, 1, 2, 3].map((start) => ({ ...group, start })),
      { ...openedOf([]), count: (slot, measure) => counts[measure]?.[slot] ?? 0 },
      5,
    );
    const hidden = (figure: Parameters<typeof isHidden>[1]) =>
      [0, 1, 2, 3].filter((slot) => isHidden(slot, figure));
    expect(hidden('opened')).toEqual([]);
    expect(hidden('stillOpen')).toEqual([0, 1]);
    expect(hidden('resolved')).toEqual(hidden('stillOpen'));
  });

  it('hide those still open where few of the opened ended otherwise, and one beside them', () => {
    const counts: Partial<Record<string, readonly number[]>> = {
      opened: [10, 20],
      stillOpen: [8, 0],
    };
    const isHidden = hiddenBeside(
      [0, 1].map((start) => ({ ...group, start })),
      { ...openedOf([]), count: (slot, measure) => counts[measure]?.[slot] ?? 0 },
      5,
    );
    expect([0, 1].map((slot) => isHidden(slot, 'stillOpen'))).toEqual([true, true]);
  });

  it('hide one along each dimension that sums to a total, which departments do not', () => {
    const square = [
      { place: 1, start: 0 },
      { place: 1, start: 1 },
      { place: 2, start: 0 },
      { place: 2, start: 1 },
    ];
    expect(hiddenIn(square, [3, 20, 30, 40])).toEqual([0, 1, 2, 3]);
    const departments = [{ department: 0 }, { department: 1 }];
    expect(hiddenIn(departments, [3, 20])).toEqual([0]);
  });
});

describe('a score', () => {
  const evidence = (over: Partial<Evidence>): Evidence => ({
    tickets: 10,
    rate: { value: 2, low: 1, high: 3 },
    subscribers: 5000,
    weeks: { whole: 4, median: 2, burstShare: 0.25, spikes: 0 },
    churnRisk: 0.2,
    ...over,
  });

  it('is the sum of its terms, each a share of what the ranking has', () => {
    const best = evidence({});
    const half = evidence({
      rate: { value: 1, low: 0.5, high: 2 },
      subscribers: 2500,
      churnRisk: 0.1,
    });
    const termsOf = createScore([best, half]);
    expect(termsOf(best).map(({ name, points }) => [name, points])).toEqual([
      ['rate', 15],
      ['lowerEnd', 35],
      ['persistence', 15],
      ['churnRisk', 10],
      ['reach', 20],
    ]);
    expect(termsOf(half).map(({ share }) => share)).toEqual([0.5, 0.5, 0.75, 0.5, 0.5]);
  });

  it('is not made small for all by a single odd place', () => {
    const usual = Array.from({ length: 39 }, () => evidence({}));
    const odd = evidence({ rate: { value: 500, low: 3, high: 2000 } });
    const termsOf = createScore([...usual, odd]);
    expect(termsOf(usual[0]!)[0]).toMatchObject({ name: 'rate', share: 1, points: 15 });
    expect(termsOf(odd)[0]).toMatchObject({ share: 1 });
  });

  it('knows nothing of rate and reach where subscribers are unknown', () => {
    const unknown = evidence({ rate: null, subscribers: null });
    const terms = createScore([evidence({}), unknown])(unknown);
    expect(terms.filter(({ value }) => value === null).map(({ name }) => name)).toEqual([
      'rate',
      'lowerEnd',
      'reach',
    ]);
    expect(terms.reduce((sum, { points }) => sum + points, 0)).toBe(25);
  });

  it('goes by counts where no place has subscribers', () => {
    const one = evidence({ rate: null, subscribers: null, tickets: 10 });
    const other = evidence({ rate: null, subscribers: null, tickets: 5 });
    const termsOf = createScore([one, other]);
    expect(termsOf(other)[0]).toEqual({
      name: 'count',
      value: 5,
      share: 0.5,
      weight: 70,
      points: 35,
    });
  });
});

describe('figures of one row', () => {
  const row = (counts: Partial<Record<CountMeasure, number>>) => {
    const told = (measure: CountMeasure) => toldOf((each) => counts[each] ?? 0, measure, 5);
    return [told('opened'), told('resolved'), told('stillOpen')];
  };

  it('tell tickets resolved and those still open both or neither', () => {
    expect(row({ opened: 20, resolved: 17, stillOpen: 3 })).toEqual([20, null, null]);
    expect(row({ opened: 20, resolved: 3, stillOpen: 17 })).toEqual([20, null, null]);
    expect(row({ opened: 20, resolved: 12, stillOpen: 17 })).toEqual([20, null, null]);
    expect(row({ opened: 20, resolved: 20, stillOpen: 0 })).toEqual([20, 20, 0]);
    expect(row({ opened: 20, resolved: 8, stillOpen: 12 })).toEqual([20, 8, 12]);
  });
});

describe('suppressed parts of a total', () => {
  it('are never one alone', () => {
    expect(suppressedParts([3, 20, 9, 0], 5)).toEqual([null, 20, null, 0]);
    expect(suppressedParts([3, 2, 9], 5)).toEqual([null, null, 9]);
    expect(suppressedParts([5, 9], 5)).toEqual([5, 9]);
    expect(suppressedParts([3, 9], 0)).toEqual([3, 9]);
    expect(suppressedParts([3, 0], 5)).toEqual([null, 0]);
  });
});

describe('numbers of slots', () => {
  it('have the quantiles that sorting gives those that are not 0', () => {
    const row = fc.tuple(fc.integer({ min: -1, max: 3 }), fc.integer({ min: 0, max: 50 }));
    fc.assert(
      fc.property(fc.array(row), fc.double({ min: 0, max: 1, noNaN: true }), (rows, share) => {
        const samples = createSamples();
        samples.add(
          Int32Array.from(rows, ([slot]) => slot),
          rows.map(([, value]) => value),
        );
        for (const slot of [0, 1, 2, 3]) {
          const own = rows
            .filter(([of, value]) => of === slot && value > 0)
            .map(([, value]) => value);
          expect(samples.count(slot)).toBe(own.length);
          const sorted = own.toSorted((a, b) => a - b);
          const at = share * (sorted.length - 1);
          const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
          const expected = own.length === 0 ? null : low + (high - low) * (at - Math.floor(at));
          expect(samples.quantile(slot, share)).toEqual(expected);
        }
      }),
    );
  });

  it('are counted once each, and none is no number', () => {
    const row = fc.tuple(
      fc.integer({ min: -1, max: 3 }),
      fc.constantFrom(0, 1, 2 ** 32 - 1),
      fc.integer({ min: 0, max: 9 }).map((low) => low * 64),
    );
    fc.assert(
      fc.property(fc.array(row), fc.array(row), (first, second) => {
        const distinct = createDistinct();
        for (const rows of [first, second]) {
          const column = (at: 0 | 1 | 2): number[] => rows.map((each) => each[at]);
          distinct.add(Int32Array.from(column(0)), column(1), column(2));
          distinct.count(0);
        }
        for (const slot of [0, 1, 2, 3]) {
          const own = [...first, ...second].filter(([of, a, b]) => of === slot && a + b > 0);
          expect(distinct.count(slot)).toBe(new Set(own.map(([, a, b]) => `${a} ${b}`)).size);
        }
      }),
    );
  });
});
