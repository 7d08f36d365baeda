// Round numbers and days for axes. Pure.

/** From 0 to at least `most`, in steps of 1, 2 or 5 times a power of ten; about `wanted` steps. */
export function numberTicks(most: number, wanted = 3): readonly number[] {
  if (!(most > 0)) return [0];
  const rough = most / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10) * power;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

/** A start of a day, month or year (UTC) and how an axis says it. */
export interface TimeTick {
  readonly at: number;
  readonly text: string;
}

const dayMs = 86_400_000;
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** Not more than `most` ticks: days, else first days of months, quarters or years. */
export function timeTicks(fromMs: number, toMs: number, most: number): readonly TimeTick[] {
  const days = (toMs - fromMs) / dayMs;
  const dayStep = [1, 2, 7, 14].find((step) => days / step <= most);
  if (dayStep !== undefined && days <= 60) return dayTicks(fromMs, toMs, dayStep);
  const monthStep = [1, 3, 6, 12, 24, 60].find((step) => days / 30.4 / step <= most) ?? 120;
  return monthTicks(fromMs, toMs, monthStep);
}

function dayTicks(fromMs: number, toMs: number, step: number): readonly TimeTick[] {
  const ticks: TimeTick[] = [];
  for (let at = Math.ceil(fromMs / dayMs) * dayMs; at < toMs; at += step * dayMs) {
    const day = new Date(at);
    ticks.push({ at, text: `${day.getUTCDate()} ${months[day.getUTCMonth()]}` });
  }
  return ticks;
}

function monthTicks(fromMs: number, toMs: number, step: number): readonly TimeTick[] {
  const ticks: TimeTick[] = [];
  const first = new Date(fromMs);
  let month = first.getUTCFullYear() * 12 + Math.ceil(first.getUTCMonth() / step) * step;
  for (; ; month += step) {
    const at = Date.UTC(Math.floor(month / 12), month % 12);
    if (at >= toMs) return ticks;
    const year = Math.floor(month / 12);
    if (at >= fromMs) {
      ticks.push({ at, text: month % 12 === 0 ? String(year) : months[month % 12]! });
    }
  }
}
