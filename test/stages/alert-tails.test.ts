// Tails of the negative binomial and gamma distributions, beside those of R 4 (pnbinom, dnbinom, ppois, pgamma).
import { assert, double, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gammaShare, gammaTail } from '#core/statistics/gamma.ts';
import {
  criticalCount,
  logProbability,
  tailsFrom,
  upperTail,
} from '../../services/alert/detect/negative-binomial.ts';

describe('the chance of a count or more', () => {
  it.each([
    [4, 0.02, 0.1, 1.118_691_813e-8],
    [12, 1.5, 0.2, 1.596_711_208_17e-5],
    [80, 40, 0.05, 1.363_986_808_72e-3],
    [300, 200, 0.02, 2.423_209_688_04e-3],
    [3, 5, 0.3, 0.735_928_622_177],
    [4, 0.05, 0, 2.502_139_473e-7],
    [60, 30, 0, 9.251_868_804_92e-7],
  ])('of %d, mean %d, dispersion %d is as R has it', (count, mean, dispersion, expected) => {
    expect(upperTail(count, mean, dispersion) / expected).toBeCloseTo(1, 8);
  });

  it.each([
    [0, 2, 0.1, 0.161_505_582_889_85],
    [55, 30, 0.25, 0.006_053_304_143_68],
  ])('exactly %d, mean %d, dispersion %d is as R has it', (count, mean, dispersion, expected) => {
    expect(Math.exp(logProbability(count, mean, dispersion)) / expected).toBeCloseTo(1, 8);
  });

  it('is that of all counts from it on, whatever the mean', () => {
    assert(
      property(
        integer({ min: 1, max: 60 }),
        double({ min: 0.01, max: 40, noNaN: true }),
        double({ min: 0, max: 2, noNaN: true }),
        (count, mean, dispersion) => {
          let below = 0;
          for (let at = 0; at < count; at += 1)
            below += Math.exp(logProbability(at, mean, dispersion));
          expect(upperTail(count, mean, dispersion)).toBeCloseTo(1 - below, 8);
        },
      ),
    );
  });

  it('is as exact where many counts hardly vary more than by chance', () => {
    let below = 0;
    for (let at = 0; at < 41; at += 1) below += Math.exp(logProbability(at, 21.9, 0));
    expect(upperTail(41, 21.9, 1.05e-10) / (1 - below)).toBeCloseTo(1, 6);
  });

  it('ends for a count beyond all measure', () => {
    expect(upperTail(4_000, 0.001, 0.05)).toBeLessThan(1e-300);
  });
});

describe('the least count at a level', () => {
  it('is the first whose chance is at most the level', () => {
    assert(
      property(
        double({ min: 0.001, max: 50, noNaN: true }),
        double({ min: 0, max: 1, noNaN: true }),
        double({ min: -12, max: -2, noNaN: true }),
        (mean, dispersion, exponent) => {
          const level = 10 ** exponent;
          const count = criticalCount(level, mean, dispersion, 4);
          expect(upperTail(count, mean, dispersion)).toBeLessThanOrEqual(level);
          expect(count === 4 || upperTail(count - 1, mean, dispersion) > level).toBe(true);
        },
      ),
    );
  });
});

it('tails one after the other are those asked for one by one', () => {
  const tails = tailsFrom(4, 1.5, 0.2, 1e-12);
  for (const [at, tail] of tails.entries())
    expect(tail / upperTail(4 + at, 1.5, 0.2)).toBeCloseTo(1, 6);
  expect(tails.at(-1)).toBeLessThan(1e-12);
});

describe('the tail of the gamma distribution', () => {
  it.each([
    [10, 30, 7.121_750_862_82e-6],
    [12, 5, 0.994_546_908_087],
    [100, 200, 1.843_893_649_71e-15],
  ])('of shape %d above %d is as R has it', (shape, above, expected) => {
    expect(gammaTail(shape, above) / expected).toBeCloseTo(1, 8);
    expect(gammaTail(shape, above) + gammaShare(shape, above)).toBeCloseTo(1, 12);
  });
});
