// What is ordinary in the made-up country: how many customers speak of which theme, where and when, without any outage.
import type { WorldPlace } from './world.ts';

type Rhythm = 'evening' | 'office' | 'day';

export interface OrdinaryTheme {
  readonly name: string;
  /** Part of all that is said, 0..1. */
  readonly share: number;
  readonly rhythm: Rhythm;
  /** Of its rate, in a week. */
  readonly growth: number;
  readonly department: string;
}

export const themes: readonly OrdinaryTheme[] = [
  { name: 'slow-speed', share: 0.17, rhythm: 'evening', growth: 0.006, department: 'operations' },
  { name: 'unstable-service', share: 0.13, rhythm: 'evening', growth: 0, department: 'operations' },
  { name: 'outage', share: 0.08, rhythm: 'day', growth: 0, department: 'operations' },
  { name: 'coverage', share: 0.1, rhythm: 'day', growth: -0.006, department: 'planning' },
  { name: 'call-or-message', share: 0.07, rhythm: 'day', growth: 0, department: 'operations' },
  { name: 'tv-service', share: 0.07, rhythm: 'evening', growth: -0.003, department: 'operations' },
  { name: 'app-or-website', share: 0.12, rhythm: 'day', growth: 0.004, department: 'care' },
  { name: 'billing-error', share: 0.16, rhythm: 'office', growth: 0, department: 'billing' },
  { name: 'price', share: 0.1, rhythm: 'office', growth: 0.003, department: 'marketing' },
];

export const products: readonly (string | null)[] = [null, 'fibre', 'mobile', 'dsl'];
export const productShares = [0.5, 0.2, 0.2, 0.1];

/** First bucket of a run: a Monday, so that the hour of the week counts from 0. */
export const beginsAt = Date.UTC(2026, 0, 5);
export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
export const weekMs = 7 * dayMs;

/** Of each region. The country reaches over four time zones. */
const utcOffsetHours = [0, 0, -1, -1, -2, -3];

// Relative volume by local hour.
const hours: Record<Rhythm, readonly number[]> = {
  evening: [
    28, 16, 9, 6, 6, 8, 16, 32, 48, 60, 66, 70, 72, 72, 72, 76, 88, 108, 136, 160, 172, 160, 118,
    62,
  ],
  office: [
    4, 2, 2, 2, 2, 4, 12, 40, 110, 160, 172, 160, 130, 138, 148, 146, 130, 96, 66, 48, 36, 24, 14,
    8,
  ],
  day: [
    16, 10, 7, 6, 7, 12, 28, 60, 88, 104, 110, 110, 106, 104, 102, 104, 112, 120, 118, 108, 92, 70,
    48, 28,
  ],
};
// Relative volume by weekday, Monday first.
const weekdays: Record<Rhythm, readonly number[]> = {
  evening: [100, 97, 96, 98, 102, 108, 112],
  office: [132, 118, 110, 106, 100, 44, 26],
  day: [110, 104, 102, 102, 104, 84, 74],
};
/** Of the ordinary rate, on a holiday and on the day after. */
const onHoliday: Record<Rhythm, readonly [number, number]> = {
  evening: [0.9, 1],
  office: [0.35, 1.2],
  day: [0.65, 1.08],
};
/** Days since `beginsAt`; national ones, and one each of regions. */
const nationalHolidays = new Set([
  1, 42, 81, 88, 91, 116, 130, 141, 151, 179, 208, 222, 271, 305, 354, 355, 361,
]);
const regionalHolidays = [25, 60, 72, 109, 165, 200];

/**
 * Customers in 15 minutes from `start` that are to be expected of a theme in a part of a region, by the hour of the week
 * there, the trend, the season and holidays; without the chances of a day.
 * @param customersADay in the whole country at the beginning
 */
export function ordinaryRate(
  theme: OrdinaryTheme,
  { region, share }: Pick<WorldPlace, 'region' | 'share'>,
  customersADay: number,
  start: number,
): number {
  const offset = utcOffsetHours[region! % utcOffsetHours.length]! * hourMs;
  const local = start - beginsAt + offset;
  const day = Math.floor(local / dayMs);
  const hour = (local - day * dayMs) / hourMs;
  const weeks = (start - beginsAt) / weekMs;
  const season = 1 + 0.08 * Math.sin((2 * Math.PI * (weeks + 9 * (theme.share * 100))) / 52);
  const leaning = 1 + 0.25 * Math.sin(1 + region! * 2.4 + theme.share * 90);
  return (
    (customersADay / 96) *
    theme.share *
    share *
    leaning *
    between(hours[theme.rhythm], hour) *
    (weekdays[theme.rhythm][((day % 7) + 7) % 7]! / mean(weekdays[theme.rhythm])) *
    holiday(theme.rhythm, region!, day) *
    season *
    Math.exp(theme.growth * weeks)
  );
}

function holiday(rhythm: Rhythm, region: number, day: number): number {
  const is = (each: number): boolean =>
    nationalHolidays.has(each) || regionalHolidays[region % regionalHolidays.length] === each;
  if (is(day)) return onHoliday[rhythm][0];
  return is(day - 1) ? onHoliday[rhythm][1] : 1;
}

/** At a time between hours, with mean 1 over a day. */
function between(values: readonly number[], hour: number): number {
  const whole = Math.floor(hour);
  const from = values[whole]!;
  return (from + (values[(whole + 1) % 24]! - from) * (hour - whole)) / mean(values);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
