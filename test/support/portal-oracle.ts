// What planners should be told, counted again from the insights on the log by plain sums: no SQL, no code of the portal.
import type { Insight } from '#schemas/insight.ts';
import { areas } from './portal-data.ts';

const dayMs = 86_400_000;

export interface CountedArea {
  readonly area: string;
  readonly tickets: number;
  readonly subscribers: number;
  /** Tickets per 1,000 subscribers, and the ends of the exact 95 % interval. */
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** Areas of a region by tickets of a theme per subscriber, the highest first; those without tickets are left out. */
export function rankedByRate(
  insights: readonly Insight[],
  { theme, region }: { readonly theme: string; readonly region: string },
): CountedArea[] {
  return areas
    .filter((place) => place.region === region)
    .map(({ area, subscribers }) => {
      const tickets = ticketsOf(insights, theme).filter(
        ({ signal }) => signal.place.area === area,
      ).length;
      const per = 1000 / subscribers;
      const { low, high } = poissonInterval(tickets);
      return { area, tickets, subscribers, rate: tickets * per, low: low * per, high: high * per };
    })
    .filter(({ tickets }) => tickets > 0)
    .toSorted((a, b) => b.rate - a.rate);
}

/** What part of a theme's tickets lies in the areas of a wave. Tickets without a place are part of the whole. */
export function answeredBy(
  insights: readonly Insight[],
  theme: string,
  waveAreas: readonly string[],
  region?: string,
): { readonly tickets: number; readonly of: number } {
  const all = ticketsOf(insights, theme).filter(
    ({ signal }) => region === undefined || signal.place.region === region,
  );
  return {
    tickets: all.filter(({ signal }) => waveAreas.includes(signal.place.area ?? '')).length,
    of: all.length,
  };
}

/**
 * Tickets of a theme in an area in the days before a day and in as many after it; the day itself is in neither.
 * @param day start of it, milliseconds since the epoch
 */
export function aroundDay(
  insights: readonly Insight[],
  { theme, area }: { readonly theme: string; readonly area: string },
  day: number,
  days: number,
): { readonly before: number; readonly after: number } {
  const times = ticketsOf(insights, theme)
    .filter(({ signal }) => signal.place.area === area)
    .map(({ signal }) => signal.ticket?.createdAt ?? signal.occurredAt);
  const within = (from: number, to: number): number =>
    times.filter((at) => at >= from && at < to).length;
  const next = day + dayMs;
  return {
    before: within(day - days * dayMs, day),
    after: within(next, next + days * dayMs),
  };
}

export function ticketsOf(insights: readonly Insight[], theme: string): readonly Insight[] {
  const tickets = insights.filter(
    (insight) => insight.signal.kind === 'ticket' && insight.theme === theme,
  );
  return [...new Map(tickets.map((insight) => [insight.signal.sourceId, insight])).values()];
}

/** Exact 95 % interval of the mean of a Poisson count (Garwood 1936): found by halving, from the definition. */
export function poissonInterval(count: number): { readonly low: number; readonly high: number } {
  const tail = 0.025;
  const low = count === 0 ? 0 : whereFalls((mean) => tail - (1 - atMost(count - 1, mean)));
  return { low, high: whereFalls((mean) => atMost(count, mean) - tail) };
}

/** P(X ≤ most) of a Poisson variable. */
function atMost(most: number, mean: number): number {
  let logTerm = -mean;
  let sum = Math.exp(logTerm);
  for (let k = 1; k <= most; k += 1) {
    logTerm += Math.log(mean / k);
    sum += Math.exp(logTerm);
  }
  return sum;
}

/** Where a falling function of a mean becomes negative. */
function whereFalls(f: (mean: number) => number): number {
  let [low, high] = [1e-9, 1000];
  for (let step = 0; step < 80; step += 1) {
    const middle = (low + high) / 2;
    if (f(middle) > 0) low = middle;
    else high = middle;
  }
  return low;
}
