// How busy the provider's customers are by local hour and weekday. The mean over a week is 1.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

// Relative volume by local hour: quiet nights, a morning and a larger evening peak.
const WEEKDAY = [
  18, 11, 8, 6, 6, 9, 20, 38, 58, 70, 76, 78, 80, 76, 74, 76, 84, 98, 118, 136, 142, 128, 86, 42,
];
const WEEKEND = [
  28, 18, 12, 9, 7, 8, 12, 20, 36, 56, 74, 84, 88, 86, 82, 82, 86, 94, 108, 120, 124, 114, 84, 48,
];
const MEAN = (5 * sum(WEEKDAY) + 2 * sum(WEEKEND)) / (7 * 24);

/** Volume at a moment (ms since the epoch) relative to the week's mean, for a place at this offset from UTC. */
export function rhythm(at: number, utcOffsetMs: number): number {
  const local = at + utcOffsetMs;
  const day = Math.floor(local / DAY_MS);
  // 1970-01-01 was a Thursday; 0 is Sunday here.
  const weekday = (((day + 4) % 7) + 7) % 7;
  const hours = weekday === 0 || weekday === 6 ? WEEKEND : WEEKDAY;
  const hour = (local - day * DAY_MS) / HOUR_MS;
  const whole = Math.floor(hour);
  const from = hours[whole]!;
  const to = hours[(whole + 1) % 24]!;
  return (from + (to - from) * (hour - whole)) / MEAN;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
