// Finds where an increasing share reaches a target: Newton's steps, halving where one would leave what is known. Pure.

export interface Inversion {
  readonly target: number;
  readonly share: (x: number) => number;
  /** The share's derivative. */
  readonly density: (x: number) => number;
  readonly start: number;
  /** Between these it lies. */
  readonly low: number;
  readonly high: number;
}

const precision = 1e-12;
const mostSteps = 200;

export function bracketed({ target, share, density, start, low, high }: Inversion): number {
  let x = start;
  for (let step = 0; step < mostSteps; step += 1) {
    const over = share(x) - target;
    if (over === 0) return x;
    if (over > 0) high = x;
    else low = x;
    let next = x - over / density(x);
    if (!(next > low && next < high)) next = high === Infinity ? 2 * x + 1 : (low + high) / 2;
    if (Math.abs(next - x) <= precision * Math.abs(next)) return next;
    x = next;
  }
  return x;
}
