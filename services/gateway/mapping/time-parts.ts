// The fields of a time while it is read, and the pieces that every time format shares.

export type TimePrecision = 'instant' | 'day' | 'month';

/** Fields of a time as read, before a zone is applied. One object is reused for every time of a column. */
export interface TimeParts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
  /** From the text itself; undefined for a local time. */
  offsetMinutes: number | undefined;
  /** Monday 1 … Sunday 7, when the text names it. */
  weekday: number | undefined;
  precision: TimePrecision;
}

/** Reads `text` into `parts`; false when it does not have the form. Ranges are checked afterwards. */
export type ReadParts = (text: string, parts: TimeParts) => boolean;

/** Number of the `count` digits at `at`, or -1. */
export function digitsAt(text: string, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index += 1) {
    // charCodeAt is NaN past the end, and NaN fails both comparisons' negation below.
    const digit = text.charCodeAt(index) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** One to nine digits of a second's fraction; where it ends, or -1. */
export function readFraction(text: string, start: number, parts: TimeParts): number {
  let at = start;
  let value = 0;
  for (let digit = digitsAt(text, at, 1); digit >= 0; digit = digitsAt(text, at, 1)) {
    if (at - start < 3) value = value * 10 + digit;
    at += 1;
  }
  const count = at - start;
  if (count === 0 || count > 9) return -1;
  parts.millisecond = count === 1 ? value * 100 : count === 2 ? value * 10 : value;
  return at;
}

/** `Z`, `+hh`, `+hhmm` or `+hh:mm`; where it ends, or -1. */
export function readOffset(text: string, at: number, parts: TimeParts): number {
  const sign = text[at];
  if (sign === 'Z' || sign === 'z') {
    parts.offsetMinutes = 0;
    return at + 1;
  }
  const hours = digitsAt(text, at + 1, 2);
  if ((sign !== '+' && sign !== '-') || hours < 0) return -1;
  let end = at + 3;
  let minutes = 0;
  if (end < text.length && text[end] !== ' ') {
    const start = text[end] === ':' ? end + 1 : end;
    minutes = digitsAt(text, start, 2);
    if (minutes < 0 || minutes > 59) return -1;
    end = start + 2;
  }
  parts.offsetMinutes = (sign === '-' ? -1 : 1) * (hours * 60 + minutes);
  return end;
}
