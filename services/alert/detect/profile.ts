// When in a week things are said: 168 factors with a mean of 1. A series with enough sightings has a profile of its own,
// drawn towards its parent's; all others have their parent's.
import type { Series } from './series.ts';

export const hoursPerWeek = 168;
const bucketsPerHour = 4;
const bucketsPerWeek = hoursPerWeek * bucketsPerHour;

export interface Profiles {
  /** Weighted counts by hour of the week, of each profile. */
  readonly counts: Float64Array[];
  /** Factors, by hour of the week. */
  readonly factors: Float64Array[];
  /** Sums of the factors up to each hour, 169 of them. */
  readonly sums: Float64Array[];
}

/** From so many sightings on a series has its own, until there are so many profiles. */
const enough = 60;
const most = 10_000;
/** What the parent says counts as so many sightings of one's own. */
const parentSightings = 200;
/** In the first series: that hours of the day and days of the week count by themselves, and that all are alike. */
const flatSightings = 24;

export function createProfiles(): Profiles {
  return { counts: [], factors: [], sums: [] };
}

/** Hour of the week of an hour since the epoch. Weeks begin on Thursday, as the epoch did; it does not matter. */
export const hourOfWeek = (hour: number): number => hour % hoursPerWeek;

/** The number of the profile that a series has. -1 before there is any. */
export function profileOf({ columns }: Series, number: number): number {
  let at = number;
  while (at >= 0 && columns.profile[at]! < 0) at = columns.parent[at]!;
  return at < 0 ? -1 : columns.profile[at]!;
}

/** Begins a profile for a series that has enough sightings. */
export function beginProfile(profiles: Profiles, { columns }: Series, number: number): void {
  const isFirst = number === 0;
  if (columns.profile[number]! >= 0 || profiles.counts.length >= most) return;
  if (!isFirst && columns.total[number]! < enough) return;
  columns.profile[number] = profiles.counts.length;
  profiles.counts.push(new Float64Array(hoursPerWeek));
  profiles.factors.push(new Float64Array(hoursPerWeek).fill(1));
  profiles.sums.push(new Float64Array(hoursPerWeek + 1));
  refresh(profiles, columns.profile[number], undefined);
}

/** Works the factors out anew from the counts, parents first. */
export function refreshProfiles(profiles: Profiles, series: Series): void {
  const { columns } = series;
  for (let number = 0; number < series.size; number += 1) {
    const profile = columns.profile[number]!;
    if (profile < 0) continue;
    const parent = columns.parent[number]!;
    const above = parent < 0 ? undefined : profiles.factors[profileOf(series, parent)];
    refresh(profiles, profile, above);
  }
}

function refresh(
  { counts, factors, sums }: Profiles,
  profile: number,
  above: Float64Array | undefined,
): void {
  const own = counts[profile]!;
  const drawn = above ?? separate(own);
  const target = factors[profile]!;
  const all = own.reduce((sum, count) => sum + count, 0);
  const sum = sums[profile]!;
  for (let hour = 0; hour < hoursPerWeek; hour += 1) {
    const counted = own[hour]! + (parentSightings * drawn[hour]!) / hoursPerWeek;
    target[hour] = (counted / (all + parentSightings)) * hoursPerWeek;
    sum[hour + 1] = sum[hour]! + target[hour]!;
  }
}

/** As if the hour of the day and the day of the week counted by themselves. */
function separate(counts: Float64Array): Float64Array {
  const hours = new Float64Array(24).fill(flatSightings / 24);
  const days = new Float64Array(7).fill(flatSightings / 7);
  let all = flatSightings;
  for (const [hour, count] of counts.entries()) {
    hours[hour % 24]! += count;
    days[Math.floor(hour / 24)]! += count;
    all += count;
  }
  return Float64Array.from(
    counts,
    (_, hour) => ((hours[hour % 24]! * 24) / all) * ((days[Math.floor(hour / 24)]! * 7) / all),
  );
}

/** Sum of the factors over the last `buckets` up to and with `bucket`, a number of buckets since the epoch. */
export function factorSum(
  { sums }: Profiles,
  profile: number,
  bucket: number,
  buckets: number,
): number {
  if (profile < 0) return buckets;
  const sum = sums[profile]!;
  const end = (bucket % bucketsPerWeek) + 1;
  const start = end - buckets;
  const upTo = (at: number): number => {
    const hour = Math.floor(at / bucketsPerHour);
    const part = at - hour * bucketsPerHour;
    const before = sum[hour]! * bucketsPerHour;
    return part === 0 ? before : before + part * (sum[hour + 1]! - sum[hour]!);
  };
  const week = sum[hoursPerWeek]! * bucketsPerHour;
  return start >= 0 ? upTo(end) - upTo(start) : upTo(end) + week - upTo(start + bucketsPerWeek);
}
