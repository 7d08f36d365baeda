// When in a week things are said: 168 factors with a mean of 1. A series with enough sightings has a profile of its own,
// drawn towards its parent's; all others have their parent's.
import type { Series } from './series.ts';

export const hoursPerWeek = 168;
const bucketsPerHour = 4;
const bucketsPerWeek = hoursPerWeek * bucketsPerHour;

export interface Profiles {
  /** Weighted counts by hour of the week, of each profile. */
  readonly counts: Float64Array[];
  /** What the counts would be if all hours were alike: hours that were never seen are no quiet ones. */
  readonly even: Float64Array[];
  /** Factors, by hour of the week. */
  readonly factors: Float64Array[];
  /** Relative variance of each factor: how little is known of that hour. */
  readonly doubts: Float64Array[];
  /** Sums of the factors up to each hour, 169 of them. */
  readonly sums: Float64Array[];
}

/** From so many sightings on a series has its own, until there are so many profiles. */
const enough = 60;
const most = 10_000;
/** What the parent says of an hour of the week counts as so many sightings of one's own. */
const parentSightings = 8;
/** In the first series: what it counts that all hours of the day, and all days, are alike. */
const flatSightings = { hour: 3, day: 3 };

export function createProfiles(): Profiles {
  return { counts: [], even: [], factors: [], doubts: [], sums: [] };
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
  profiles.even.push(new Float64Array(hoursPerWeek));
  profiles.factors.push(new Float64Array(hoursPerWeek).fill(1));
  profiles.doubts.push(new Float64Array(hoursPerWeek));
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
  { counts, even, factors, doubts, sums }: Profiles,
  profile: number,
  above: Float64Array | undefined,
): void {
  const own = counts[profile]!;
  const alike = even[profile]!;
  const drawn = above ?? separate(own, alike);
  const target = factors[profile]!;
  let all = 0;
  for (let hour = 0; hour < hoursPerWeek; hour += 1) {
    const counted = own[hour]! + parentSightings * drawn[hour]!;
    target[hour] = counted / (alike[hour]! + parentSightings);
    doubts[profile]![hour] = 1 / counted;
    all += target[hour]!;
  }
  const sum = sums[profile]!;
  for (let hour = 0; hour < hoursPerWeek; hour += 1) {
    target[hour]! *= hoursPerWeek / all;
    sum[hour + 1] = sum[hour]! + target[hour]!;
  }
}

/** As if the hour of the day and the day of the week counted by themselves. */
function separate(counts: Float64Array, even: Float64Array): Float64Array {
  const hours = ratiosOf(counts, even, 24, (hour) => hour % 24, flatSightings.hour);
  const days = ratiosOf(counts, even, 7, (hour) => Math.floor(hour / 24), flatSightings.day);
  return Float64Array.from(counts, (_, hour) => hours[hour % 24]! * days[Math.floor(hour / 24)]!);
}

function ratiosOf(
  counts: Float64Array,
  even: Float64Array,
  parts: number,
  partOf: (hour: number) => number,
  flat: number,
): Float64Array {
  const counted = new Float64Array(parts).fill(flat);
  const alike = new Float64Array(parts).fill(flat);
  for (const [hour, count] of counts.entries()) {
    counted[partOf(hour)]! += count;
    alike[partOf(hour)]! += even[hour]!;
  }
  return counted.map((count, part) => count / alike[part]!);
}

/** Relative variance of the sum of factors over the last `buckets`: that of an hour, less the more hours there are. */
export function doubtOf(
  { doubts }: Profiles,
  profile: number,
  bucket: number,
  buckets: number,
): number {
  if (profile < 0) return 0;
  const hour = hourOfWeek(Math.floor(bucket / bucketsPerHour));
  return doubts[profile]![hour]! * Math.min(1, bucketsPerHour / buckets);
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
