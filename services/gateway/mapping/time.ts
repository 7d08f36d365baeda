// Times as files write them → milliseconds UTC. Nothing is guessed: a local time needs a zone, an
// impossible date is refused, and the two hours a year that clocks make ambiguous follow one stated rule.
import {
  digitsAt,
  readFraction,
  readOffset,
  type TimeParts,
  type TimePrecision,
} from './time-parts.ts';
import { compilePattern } from './time-pattern.ts';
import { toUtc } from './zone.ts';

export type TimeFlaw = 'invalid-time' | 'time-without-zone' | 'implausible-time';

export interface TimeReader {
  /**
   * Milliseconds since 1970 UTC, or why not. `zone` is an IANA name or a fixed offset, undefined when the
   * mapping gives none. A day or a month is its start in UTC: its date is all that is known, and a zone would move it
   * into the period before.
   */
  read(text: string, zone: string | undefined): number | TimeFlaw;
  /** Precision of the time read last. */
  precision(): TimePrecision;
}

/** Every real record is younger, and dates such as 1970-01-01 or 1900-01-00 stand for "unknown". */
const earliestMs = Date.UTC(1990, 0, 1);

/** Throws an Error naming the token when `format` is a pattern that cannot be read. */
export function createTimeReader(format: string): TimeReader {
  if (format === 'epoch-seconds') return epochReader(1000);
  if (format === 'epoch-milliseconds') return epochReader(1);
  const readParts = format === 'iso' ? readIso : compilePattern(format);
  const parts: TimeParts = {
    year: 0,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    millisecond: 0,
    offsetMinutes: undefined,
    weekday: undefined,
    precision: 'instant',
  };
  return {
    read(text, zone) {
      parts.month = 1;
      parts.day = 1;
      parts.hour = 0;
      parts.minute = 0;
      parts.second = 0;
      parts.millisecond = 0;
      parts.offsetMinutes = undefined;
      parts.weekday = undefined;
      parts.precision = 'instant';
      if (!readParts(text, parts) || !isReal(parts)) return 'invalid-time';
      const localMs = Date.UTC(
        parts.year,
        parts.month - 1,
        parts.day,
        parts.hour,
        parts.minute,
        parts.second,
        parts.millisecond,
      );
      if (parts.weekday !== undefined && parts.weekday !== weekdayOf(localMs))
        return 'invalid-time';
      if (parts.precision !== 'instant' && (parts.offsetMinutes ?? zone) !== undefined)
        return localMs;
      if (parts.offsetMinutes !== undefined) return localMs - parts.offsetMinutes * 60_000;
      return zone === undefined ? 'time-without-zone' : toUtc(localMs, zone);
    },
    precision: () => parts.precision,
  };
}

/** 1990 to `latestMs`; a sender's clock may be a day ahead, so callers pass now plus one day. */
export function isPlausible(timeMs: number, latestMs: number): boolean {
  return timeMs >= earliestMs && timeMs <= latestMs;
}

const epochForm = /^-?\d{1,15}(?:\.\d{1,9})?$/;

function epochReader(unitMs: number): TimeReader {
  return {
    read: (text) => (epochForm.test(text) ? Math.floor(Number(text) * unitMs) : 'invalid-time'),
    precision: () => 'instant',
  };
}

function isReal(parts: TimeParts): boolean {
  return (
    // Date.UTC takes years below 100 for those of the last century.
    parts.year >= 1000 &&
    parts.month >= 1 &&
    parts.month <= 12 &&
    parts.day >= 1 &&
    parts.day <= daysIn(parts.year, parts.month) &&
    parts.hour <= 23 &&
    parts.minute <= 59 &&
    parts.second <= 59 &&
    (parts.offsetMinutes === undefined || Math.abs(parts.offsetMinutes) <= 18 * 60)
  );
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** 1970-01-01 was a Thursday. */
function weekdayOf(localMs: number): number {
  return ((((Math.floor(localMs / 86_400_000) + 3) % 7) + 7) % 7) + 1;
}

/**
 * ISO 8601 extended: `2019-09`, `2019-09-18`, `2019-09-18T10:15[:30[.123456]]` with `T`, `t` or a space,
 * then nothing, `Z`, `+05:30`, `+0530` or `+05`. Fractions beyond milliseconds are cut.
 */
function readIso(text: string, parts: TimeParts): boolean {
  parts.year = digitsAt(text, 0, 4);
  parts.month = digitsAt(text, 5, 2);
  if (parts.year < 0 || text[4] !== '-' || parts.month < 0) return false;
  if (text.length === 7) {
    parts.precision = 'month';
    return true;
  }
  parts.day = digitsAt(text, 8, 2);
  if (text[7] !== '-' || parts.day < 0) return false;
  if (text.length === 10) {
    parts.precision = 'day';
    return true;
  }
  const separator = text[10];
  if (separator !== 'T' && separator !== ' ' && separator !== 't') return false;
  parts.hour = digitsAt(text, 11, 2);
  parts.minute = digitsAt(text, 14, 2);
  if (parts.hour < 0 || parts.minute < 0 || text[13] !== ':') return false;
  let at = 16;
  if (text[at] === ':') {
    parts.second = digitsAt(text, at + 1, 2);
    if (parts.second < 0) return false;
    at += 3;
    if (text[at] === '.' || text[at] === ',') {
      const end = readFraction(text, at + 1, parts);
      if (end < 0) return false;
      at = end;
    }
  }
  return at === text.length || readOffset(text, at, parts) === text.length;
}
