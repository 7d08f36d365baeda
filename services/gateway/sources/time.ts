// Times as senders write them: ISO 8601 with a zone, or milliseconds since the epoch. A time without a zone is refused,
// since guessing one moves what happened by up to a day.

/** Earliest time taken as meant: older ones are seconds mistaken for milliseconds, or a default of some system. */
export const earliestMs = Date.UTC(1990, 0, 1);
/** End of what may be expected; `expectedResolutionAt` alone lies ahead at all. */
export const latestMs = Date.UTC(2100, 0, 1);
/** How far a sender's clock may be ahead. */
export const clockSkewMs = 86_400_000;

export type TimeReason = 'invalid-time' | 'time-without-zone' | 'implausible-time';

export interface TimeFlaw {
  readonly reason: TimeReason;
  readonly detail: string;
}

const iso =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;

/** Milliseconds since the epoch, UTC (finer fractions are cut off), or why the value is not a time. */
export function readTime(value: string | number): number | TimeFlaw {
  const ms = typeof value === 'number' ? readEpoch(value) : readIso(value);
  if (typeof ms !== 'number') return ms;
  if (ms >= earliestMs && ms < latestMs) return ms;
  const inSeconds = typeof value === 'number' && ms * 1000 >= earliestMs && ms * 1000 < latestMs;
  return {
    reason: 'implausible-time',
    detail: inSeconds
      ? 'looks like seconds since the epoch; milliseconds are expected'
      : 'must lie between 1990 and 2099',
  };
}

/**
 * Start in UTC of the day or month that a readable time names, by its date as written: its zone would move it into the
 * period before or after, and the date is all that is known.
 */
export function startOfPeriod(value: string | number, precision: 'day' | 'month'): number {
  const date = typeof value === 'number' ? new Date(value).toISOString() : value;
  return Date.parse(precision === 'day' ? date.slice(0, 10) : date.slice(0, 7));
}

function readEpoch(value: number): number | TimeFlaw {
  if (Number.isSafeInteger(value)) return value;
  return invalid('must be whole milliseconds since the epoch');
}

function readIso(value: string): number | TimeFlaw {
  const parts = iso.exec(value);
  if (parts === null) return invalid('must be ISO 8601 with a zone, like 2025-03-04T12:30:00Z');
  const zone = parts[8];
  if (zone === undefined) {
    return {
      reason: 'time-without-zone',
      detail: 'needs its zone: end it with Z or an offset like +02:00',
    };
  }
  const year = Number(parts[1]);
  const month = Number(parts[2]);
  const day = Number(parts[3]);
  const hour = Number(parts[4]);
  const minute = Number(parts[5]);
  const second = parts[6] === undefined ? 0 : Number(parts[6]);
  // 60 is a leap second (RFC 3339, 5.7); it counts as the start of the next minute.
  if (
    month < 1 ||
    month > 12 ||
    day < 1 ||
    day > daysIn(year, month) ||
    hour > 23 ||
    minute > 59 ||
    second > 60
  ) {
    return invalid('names a date or time that does not exist');
  }
  const offsetMinutes = readOffset(zone);
  if (offsetMinutes === undefined) return invalid('has a zone offset that does not exist');
  const millis = parts[7] === undefined ? 0 : Number(parts[7].padEnd(3, '0').slice(0, 3));
  return Date.UTC(year, month - 1, day, hour, minute, second, millis) - offsetMinutes * 60_000;
}

/** Offsets in use reach from -12:00 to +14:00. */
function readOffset(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = zone.length > 3 ? Number(zone.slice(-2)) : 0;
  if (hours > 14 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function invalid(detail: string): TimeFlaw {
  return { reason: 'invalid-time', detail };
}
