// The beta distribution: what exact intervals of shares rest on. Pure.
import { logGamma } from './gamma.ts';
import { bracketed } from './invert.ts';

const epsilon = 1e-15;
const smallest = 1e-300;

/**
 * The regularized incomplete beta function I_x(a, b): the share of a beta distribution that lies below `x`. By its
 * continued fraction (DLMF 8.17.22), on the side where that is quick, with Lentz's method.
 */
export function betaShare(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(
    a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b),
  );
  return x < (a + 1) / (a + b + 2)
    ? (front * fraction(x, a, b)) / a
    : 1 - (front * fraction(1 - x, b, a)) / b;
}

function fraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 1_000_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < epsilon) break;
  }
  return result;
}

/** The `x` that a share of 0 to 1 of a beta distribution lies below. */
export function betaQuantile(share: number, a: number, b: number): number {
  const constant = logGamma(a + b) - logGamma(a) - logGamma(b);
  return bracketed({
    target: share,
    share: (x) => betaShare(x, a, b),
    density: (x) => Math.exp(constant + (a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x)),
    start: a / (a + b),
    low: 0,
    high: 1,
  });
}

function nonZero(value: number): number {
  return Math.abs(value) < smallest ? smallest : value;
}
