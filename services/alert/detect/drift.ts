// What rises slowly: an exponentially weighted sum of the hours of a series (EWMA), against what was to be expected of it.
import { gammaTail } from '#core/statistics/gamma.ts';
import { dispersionOf, type Dispersions } from './dispersion.ts';
import { hoursPerWeek } from './profile.ts';
import { isWithin } from './places.ts';
import { blocks, holds, seriesAt, type Columns, type Series } from './series.ts';

const hoursPerDay = 24;
/** λ: an hour counts half after two days. */
const decay = 2 ** (-1 / (2 * hoursPerDay));
/**
 * r: what an hour has of its own is halved from day to day. So it is in us-isp-complaints until 22 June 2015, by weekday
 * and without trend: the correlation of a day with the one before is 0.46.
 */
const hourMemory = 2 ** (-1 / hoursPerDay);
/** Mean of r to the power of the hours between any two hours of a day. */
const sameDay = meanWithin(hoursPerDay, hourMemory);

function meanWithin(hours: number, memory: number): number {
  let sum = hours;
  for (let apart = 1; apart < hours; apart += 1) sum += 2 * (hours - apart) * memory ** apart;
  return sum / hours ** 2;
}

interface DriftHour {
  /** What was to be expected of the hour. */
  readonly mean: number;
  /** Since the epoch; its count is in `last4`. */
  readonly hour: number;
}

/**
 * Takes an hour into the EWMA. What makes a day busier than others makes all of its hours busier, and half as much the
 * next day's: hours vary together, by `r` to the power of the hours between them. So the variance of the sum
 * Σ λ^k y(t − k) is Σ λ^2k m + φ ΣΣ λ^j m λ^k m r^|j − k|, here hour by hour, with C = m + λ r C the sum of what goes
 * before, and φ such that a day's count has the dispersion that was measured of days.
 */
export function takeDrift(
  dispersions: Dispersions,
  columns: Columns,
  number: number,
  { mean, hour }: DriftHour,
): void {
  const count = columns.drift[number]! * decay + columns.last4[number]!;
  const expected = columns.driftMean[number]! * decay + mean;
  const before = columns.driftCarry[number]! * decay * hourMemory;
  const spread = dispersionOf(dispersions, columns, number, 'day');
  const variance = mean + (spread / sameDay) * mean * (mean + 2 * before);
  columns.drift[number] = count;
  columns.driftMean[number] = expected;
  columns.driftCarry[number] = mean + before;
  columns.driftVariance[number] = columns.driftVariance[number]! * decay ** 2 + variance;
  if (count <= expected) columns.driftSince[number] = (hour + 1) * blocks.hour;
}

/**
 * Takes out what an incident has explained, once it is over: all that rose of its themes at its place and within it, and
 * in what lies around it as much as rose there.
 */
export function takeDriftOut(
  series: Series,
  { node: place, themes }: { readonly node: number; readonly themes: readonly number[] },
): void {
  const { drift, driftMean, node, theme, product } = series.columns;
  for (let number = 0; number < series.size; number += 1) {
    if (!themes.some((of) => holds(series, theme[number]!, of))) continue;
    if (isWithin(series.places, node[number]!, place))
      drift[number] = Math.min(drift[number]!, driftMean[number]!);
    else if (isWithin(series.places, place, node[number]!)) {
      // Those around it come before it, so that it still has what is taken out of them.
      const own = seriesAt(series, place, theme[number]!, product[number]);
      if (own !== undefined) drift[number]! -= Math.max(0, drift[own]! - driftMean[own]!);
    }
  }
}

/**
 * An EWMA changes little from one hour to the next: with a correlation of ρ = 2^(-1/48), a threshold of 4.3 standard
 * deviations is crossed anew in 17 % of the hours in which it is exceeded (D. Siegmund, "Sequential analysis", 1985,
 * chapter X: δ²/2 · exp(-0.583 δ) with δ = 4.3 · √(2(1 − ρ))).
 */
export const driftLooksPerWeek = 0.17 * hoursPerWeek;

/** Means below this, in sightings, are too few for the gamma distribution to be near. */
export const leastDriftMean = 5;

/**
 * Tail of the EWMA of a series: a weighted sum of counts is nearly gamma distributed, with its own mean and variance.
 * 1 where that is not near, or counts are not above their mean.
 */
export function driftTail({ columns }: Series, number: number): number {
  const count = columns.drift[number]!;
  const mean = columns.driftMean[number]!;
  if (count <= mean || mean < leastDriftMean) return 1;
  // The level is known from so many sightings only, and is the same for all of the sum.
  const variance = columns.driftVariance[number]! + mean ** 2 / (columns.learnt[number]! + 1);
  return gammaTail(mean ** 2 / variance, (count * mean) / variance);
}
