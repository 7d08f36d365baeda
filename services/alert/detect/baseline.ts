// What is expected of each series: level times profile, with a dispersion. It learns each hour a day later, when it is
// known whether an incident stood; in the spirit of Farrington flexible (A. Noufaily et al., "An improved algorithm for
// outbreak detection in multiple surveillance systems", Statistics in Medicine 32, 2013).
import {
  beginProfile,
  createProfiles,
  doubtOf,
  factorSum,
  hourOfWeek,
  profileOf,
  refreshProfiles,
  type Profiles,
} from './profile.ts';
import { blocks, type ColumnName, type Columns, type Series } from './series.ts';

const hoursPerDay = 24;
const halvedEachHour = (days: number): number => 2 ** (-1 / (days * hoursPerDay));
/** Half-lives: of the level, of what changes slowly (dispersion), and of the EWMA for what rises slowly. */
const levelDecay = halvedEachHour(14);
const spreadDecay = halvedEachHour(42);
const profileDecayPerDay = 2 ** (-1 / 42);
const driftDecay = halvedEachHour(2);

/** What the parent's level counts as, in sightings; a half, as in Jeffreys' prior. */
const priorSightings = 0.5;
/** What the parent's dispersion counts as: so many blocks whose mean is 1. */
const priorBlocks = 10;
/** Dispersion of the first series before anything is known. */
const firstSpread = 0.05;
/** Standardized residuals above this learn less (Noufaily et al. 2013); above the other, the dispersion does. */
const outlying = 2.58;
const farOutlying = 4;
/** Below so many, one or a few sightings are no outbreak, however rare they are. */
const fewest = 4;

/** Exposure, in buckets, before which the level is too rough to tell hours apart by. */
const firstDay = 95;

export interface Baseline {
  readonly profiles: Profiles;
}

export function createBaseline(): Baseline {
  return { profiles: createProfiles() };
}

/** Expected count of a series over the last `buckets` up to and with `bucket`. */
export function meanOf(
  { profiles }: Baseline,
  series: Series,
  number: number,
  bucket: number,
  buckets = 1,
): number {
  const profile = profileOf(series, number);
  return series.columns.level[number]! * factorSum(profiles, profile, bucket, buckets);
}

/**
 * Dispersion of a count over the last `buckets`, with the uncertainty of the level, the relative variance of a gamma
 * distribution of so many sightings, and of the profile.
 */
export function spreadOf(
  { profiles }: Baseline,
  series: Series,
  number: number,
  bucket: number,
  buckets: number,
): number {
  const { columns } = series;
  const name =
    buckets <= blocks.hour
      ? 'hourSpread'
      : buckets <= blocks.fourHours
        ? 'fourSpread'
        : 'daySpread';
  const ofLevel = 1 / (columns.learnt[number]! + priorSightings);
  const ofProfile = doubtOf(profiles, profileOf(series, number), bucket, buckets);
  return columns[name][number]! + ofLevel + ofProfile;
}

/** The level of a new series, or of one that has learnt. Parents first. */
export function setLevel({ columns }: Series, number: number): void {
  const parent = columns.parent[number]!;
  const learnt = columns.learnt[number]!;
  const exposure = columns.exposure[number]!;
  if (parent < 0) {
    columns.level[number] = exposure > 0 ? (learnt + priorSightings) / exposure : 0;
    return;
  }
  const prior = columns.level[parent]! / Math.max(1, columns.children[parent]!);
  columns.level[number] =
    prior > 0 ? (learnt + priorSightings) / (exposure + priorSightings / prior) : 0;
}

export interface Hour {
  /** Number of the hour, since the epoch, that is learnt: its counts are in `hourCount`. */
  readonly learnt: number;
  /** Share of all sightings that could be seen in it: less than 1 while a source was silent. */
  readonly seen: number;
  /** Whether a series learns nothing of it. */
  readonly isFrozen: (number: number) => boolean;
  /** The hour that has just ended: its counts are in `last4`. */
  readonly ended: number;
  /** Whether levels are known well enough to tell what is out of the ordinary. */
  readonly isSettled: boolean;
}

/** Learns one hour and takes the last one into the EWMA. Each hour once, in order. */
export function learn({ profiles }: Baseline, series: Series, hour: Hour): void {
  const { columns } = series;
  if (series.size > 0) beginProfile(profiles, series, 0);
  const learntAt = hourOfWeek(hour.learnt);
  const endedAt = hourOfWeek(hour.ended);
  for (let number = 0; number < series.size; number += 1) {
    const own = profileOf(series, number);
    const factors = profiles.factors[own]!;
    const level = columns.level[number]!;
    if (hour.isSettled)
      takeDrift(columns, number, level * blocks.hour * factors[endedAt]!, hour.ended);
    const count = columns.hourCount[number]!;
    columns.hourCount[number] = 0;
    if (!hour.isFrozen(number)) {
      const exposure = blocks.hour * factors[learntAt]! * hour.seen;
      const mean = level * exposure;
      const residual = residualOf(count, mean, columns.hourSpread[number]!);
      const weight = hour.isSettled ? weightOf(residual, outlying) : 1;
      columns.learnt[number] = columns.learnt[number]! * levelDecay + weight * count;
      columns.exposure[number] = columns.exposure[number]! * levelDecay + weight * exposure;
      columns.total[number]! += count;
      const profile = columns.profile[number]!;
      if (profile < 0) {
        if (count > 0) beginProfile(profiles, series, number);
      } else if (columns.exposure[0]! > firstDay) {
        profiles.counts[profile]![learntAt]! += weight * count;
        profiles.even[profile]![learntAt]! += weight * level * blocks.hour * hour.seen;
      }
      if (hour.isSettled) takeBlocks(columns, number, { count, mean, hour: hour.learnt });
    }
    setLevel(series, number);
  }
  if (hour.learnt % hoursPerDay === hoursPerDay - 1) {
    for (const hours of [...profiles.counts, ...profiles.even])
      for (let at = 0; at < hours.length; at += 1) hours[at]! *= profileDecayPerDay;
    refreshProfiles(profiles, series);
  }
}

/** Standardized Anscombe residual of a count that is Poisson but for its dispersion (Noufaily et al. 2013, section 2). */
function residualOf(count: number, mean: number, spread: number): number {
  if (count <= mean || (count < fewest && mean < 1)) return 0;
  return (
    (1.5 * (count ** (2 / 3) - mean ** (2 / 3))) / (mean ** (1 / 6) * Math.sqrt(1 + spread * mean))
  );
}

function weightOf(residual: number, from: number): number {
  return residual > from ? (from / residual) ** 2 : 1;
}

function takeDrift(columns: Columns, number: number, mean: number, hour: number): void {
  const count = columns.drift[number]! * driftDecay + columns.last4[number]!;
  const expected = columns.driftMean[number]! * driftDecay + mean;
  const variance = mean + columns.daySpread[number]! * mean ** 2;
  columns.drift[number] = count;
  columns.driftMean[number] = expected;
  columns.driftVariance[number] = columns.driftVariance[number]! * driftDecay ** 2 + variance;
  if (count <= expected) columns.driftSince[number] = (hour + 1) * blocks.hour;
}

interface Counted {
  readonly count: number;
  readonly mean: number;
  readonly hour: number;
}

function takeBlocks(columns: Columns, number: number, { count, mean, hour }: Counted): void {
  takeSpread(columns, number, names.hour, count, mean);
  columns.fourCount[number]! += count;
  columns.fourMean[number]! += mean;
  columns.dayCount[number]! += count;
  columns.dayMean[number]! += mean;
  if (hour % 4 === 3) {
    takeSpread(columns, number, names.four, columns.fourCount[number]!, columns.fourMean[number]!);
    columns.fourCount[number] = 0;
    columns.fourMean[number] = 0;
  }
  if (hour % hoursPerDay === hoursPerDay - 1) {
    takeSpread(columns, number, names.day, columns.dayCount[number]!, columns.dayMean[number]!);
    columns.dayCount[number] = 0;
    columns.dayMean[number] = 0;
  }
}

interface SpreadNames {
  readonly over: ColumnName;
  readonly square: ColumnName;
  readonly spread: ColumnName;
  readonly decay: number;
}
const names = {
  hour: { over: 'hourOver', square: 'hourSquare', spread: 'hourSpread', decay: spreadDecay },
  four: { over: 'fourOver', square: 'fourSquare', spread: 'fourSpread', decay: spreadDecay ** 4 },
  day: { over: 'dayOver', square: 'daySquare', spread: 'daySpread', decay: spreadDecay ** 24 },
} as const satisfies Record<string, SpreadNames>;

/**
 * Dispersion by moments: of counts y with means m, Σ((y − m)² − m) / Σ m² (N. E. Breslow, "Extra-Poisson variation in
 * log-linear models", Applied Statistics 33, 1984), here weighted so that busy hours do not decide alone.
 */
function takeSpread(
  columns: Columns,
  number: number,
  { over, square, spread, decay }: SpreadNames,
  count: number,
  mean: number,
): void {
  const known = columns[spread][number]!;
  const weight = weightOf(residualOf(count, mean, known), farOutlying) ** 2 / (1 + 0.2 * mean) ** 2;
  const overs = columns[over][number]! * decay + weight * ((count - mean) ** 2 - mean);
  const squares = columns[square][number]! * decay + weight * mean ** 2;
  columns[over][number] = overs;
  columns[square][number] = squares;
  const parent = columns.parent[number]!;
  const prior = parent < 0 ? firstSpread : columns[spread][parent]!;
  columns[spread][number] = Math.max(0, (overs + priorBlocks * prior) / (squares + priorBlocks));
}

/** Forgets what has risen: after an incident is over, it is no drift. */
export function forgetDrift({ columns }: Series, number: number): void {
  columns.drift[number] = Math.min(columns.drift[number]!, columns.driftMean[number]!);
}
