// The gamma distribution: what exact intervals of counts rest on. Pure.
import { bracketed } from './invert.ts';

/** Coefficients for g = 7, n = 9 (P. Godfrey, "A note on the computation of the convergent Lanczos gamma approximation", 2001). */
const lanczos = [
  0.999_999_999_999_809_93, 676.520_368_121_885_1, -1259.139_216_722_402_8, 771.323_428_777_653_13,
  -176.615_029_162_140_6, 12.507_343_278_686_905, -0.138_571_095_265_720_12,
  9.984_369_578_019_572e-6, 1.505_632_735_149_311_6e-7,
];

/** Natural logarithm of the gamma function of a positive number. */
export function logGamma(x: number): number {
  const shifted = x - 1;
  const t = shifted + 7.5;
  const sum = lanczos.reduce(
    (total, each, at) => total + (at === 0 ? each : each / (shifted + at)),
    0,
  );
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

const epsilon = 1e-15;
const smallest = 1e-300;

/**
 * The regularized lower incomplete gamma function P(a, x): the share of a gamma distribution of shape `a` that lies below
 * `x`. By the series below a + 1 (DLMF 8.7.1), above by the continued fraction (DLMF 8.9.2) with Lentz's method.
 */
export function gammaShare(a: number, x: number): number {
  if (x <= 0) return 0;
  return x < a + 1 ? seriesBelow(a, x) : 1 - fractionAbove(a, x);
}

/** 1 - P(a, x), also where that is so small that the difference would be lost. */
export function gammaTail(a: number, x: number): number {
  if (x <= 0) return 1;
  return x < a + 1 ? 1 - seriesBelow(a, x) : fractionAbove(a, x);
}

const frontOf = (a: number, x: number): number => Math.exp(a * Math.log(x) - x - logGamma(a));

function seriesBelow(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; term > sum * epsilon; n += 1) {
    term *= x / (a + n);
    sum += term;
  }
  return frontOf(a, x) * sum;
}

function fractionAbove(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / smallest;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; ; n += 1) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / nonZero(numerator * d + b);
    c = nonZero(b + numerator / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < epsilon || n > 1_000_000) return frontOf(a, x) * fraction;
  }
}

/** The `x` that a share of 0 to 1 of a gamma distribution of shape `a` (and scale 1) lies below. */
export function gammaQuantile(share: number, a: number): number {
  if (share <= 0) return 0;
  return bracketed({
    target: share,
    share: (x) => gammaShare(a, x),
    density: (x) => Math.exp((a - 1) * Math.log(x) - x - logGamma(a)),
    // Wilson and Hilferty 1931: the cube root is nearly normal.
    start: Math.max(a * (1 - 1 / (9 * a) + normalQuantile(share) / (3 * Math.sqrt(a))) ** 3, 1e-3),
    low: 0,
    high: Infinity,
  });
}

/** Nearly: P. Shore, "Simple approximations for the inverse cumulative function", 1982. Good to begin with, no more. */
function normalQuantile(share: number): number {
  const upper = Math.max(share, 1 - share);
  const size = 5.5556 * (1 - ((1 - upper) / upper) ** 0.1186);
  return share < 0.5 ? -size : size;
}

function nonZero(value: number): number {
  return Math.abs(value) < smallest ? smallest : value;
}
