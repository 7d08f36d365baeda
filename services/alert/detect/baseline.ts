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
import {
  createDispersions,
  dispersionOf,
  pool,
  residualOf,
  takeBlocks,
  weightOf,
  type Dispersions,
} from './dispersion.ts';
import { takeDrift } from './drift.ts';
import { blocks, type Series } from './series.ts';

const hoursPerDay = 24;
/** Half-lives of two and of six weeks. */
const levelDecay = 2 ** (-1 / (14 * hoursPerDay));
const profileDecayPerDay = 2 ** (-1 / 42);

/** What the parent's level counts as, in sightings; a half, as in Jeffreys' prior. */
const priorSightings = 0.5;
/** Standardized residuals above this learn less (Noufaily et al. 2013). */
const outlying = 2.58;

/** Exposure, in buckets, before which the level is too rough to tell hours apart by. */
const firstDay = 95;

export interface Baseline {
  readonly profiles: Profiles;
  readonly dispersions: Dispersions;
}

export function createBaseline(): Baseline {
  return { profiles: createProfiles(), dispersions: createDispersions() };
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
  { profiles, dispersions }: Baseline,
  series: Series,
  number: number,
  bucket: number,
  buckets: number,
): number {
  const { columns } = series;
  const block = buckets <= blocks.hour ? 'hour' : buckets <= blocks.fourHours ? 'four' : 'day';
  const ofLevel = 1 / (columns.learnt[number]! + priorSightings);
  const ofProfile = doubtOf(profiles, profileOf(series, number), bucket, buckets);
  return dispersionOf(dispersions, columns, number, block) + ofLevel + ofProfile;
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
export function learn({ profiles, dispersions }: Baseline, series: Series, hour: Hour): void {
  const { columns } = series;
  if (series.size > 0) beginProfile(profiles, series, 0);
  const learntAt = hourOfWeek(hour.learnt);
  const endedAt = hourOfWeek(hour.ended);
  for (let number = 0; number < series.size; number += 1) {
    const own = profileOf(series, number);
    const factors = profiles.factors[own]!;
    const level = columns.level[number]!;
    if (hour.isSettled)
      takeDrift(dispersions, columns, number, {
        mean: level * blocks.hour * factors[endedAt]!,
        hour: hour.ended,
      });
    const count = columns.hourCount[number]!;
    columns.hourCount[number] = 0;
    if (!hour.isFrozen(number)) {
      const exposure = blocks.hour * factors[learntAt]! * hour.seen;
      const mean = level * exposure;
      const residual = residualOf(count, mean, dispersionOf(dispersions, columns, number, 'hour'));
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
      if (hour.isSettled)
        takeBlocks(dispersions, columns, number, { count, mean, hour: hour.learnt });
    }
    setLevel(series, number);
  }
  if (hour.isSettled) pool(dispersions, hour.learnt);
  if (hour.learnt % hoursPerDay === hoursPerDay - 1) {
    for (const hours of [...profiles.counts, ...profiles.even])
      for (let at = 0; at < hours.length; at += 1) hours[at]! *= profileDecayPerDay;
    refreshProfiles(profiles, series);
  }
}
