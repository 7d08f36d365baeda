// Time patterns of a mapping (`dd/MM/yyyy HH:mm`) → readers, compiled once. The letters are those of
// Unicode's date field symbols (UTS 35), of which only the unambiguous ones are taken.
import {
  digitsAt,
  readFraction,
  readOffset,
  type ReadParts,
  type TimeParts,
} from './time-parts.ts';

/** Reads at `at` into `parts`; where it ends, or -1. */
type Step = (text: string, at: number, parts: TimeParts) => number;

const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

const steps: Readonly<Record<string, Step>> = {
  yyyy: number(4, 4, (parts, value) => (parts.year = value)),
  MM: number(2, 2, (parts, value) => (parts.month = value)),
  M: number(1, 2, (parts, value) => (parts.month = value)),
  MMM: name(
    months.map((month) => month.slice(0, 3)),
    (parts, value) => (parts.month = value),
  ),
  MMMM: name(months, (parts, value) => (parts.month = value)),
  dd: number(2, 2, (parts, value) => (parts.day = value)),
  d: number(1, 2, (parts, value) => (parts.day = value)),
  EEE: name(
    weekdays.map((day) => day.slice(0, 3)),
    (parts, value) => (parts.weekday = value),
  ),
  EEEE: name(weekdays, (parts, value) => (parts.weekday = value)),
  HH: number(2, 2, (parts, value) => (parts.hour = value)),
  H: number(1, 2, (parts, value) => (parts.hour = value)),
  hh: number(2, 2, (parts, value) => (parts.hour = value)),
  h: number(1, 2, (parts, value) => (parts.hour = value)),
  mm: number(2, 2, (parts, value) => (parts.minute = value)),
  ss: number(2, 2, (parts, value) => (parts.second = value)),
  SSS: (text, at, parts) => readFraction(text, at, parts),
  Z: (text, at, parts) => readOffset(text, at, parts),
  XX: (text, at, parts) => readOffset(text, at, parts),
  XXX: (text, at, parts) => readOffset(text, at, parts),
};

/** The tokens a pattern may hold; `a` is AM or PM, and goes with `h` or `hh`. */
export const timeTokens: readonly string[] = [...Object.keys(steps), 'a'];

const tokenForm = /([a-zA-Z])\1*|'(?:[^']|'')*'|[^a-zA-Z']+|'/g;

/**
 * `'…'` is literal text (`''` a quote), letters are tokens, all else stands for itself. Throws an Error
 * saying what is wrong with the pattern, when it lacks the year or month, or ends above the day.
 */
export function compilePattern(pattern: string): ReadParts {
  const tokens: readonly string[] = pattern.match(tokenForm) ?? [];
  const has = (token: string): boolean => tokens.includes(token);
  const compiled = tokens.map((token): Step => compileToken(token));
  const hasMonth = has('MM') || has('M') || has('MMM') || has('MMMM');
  const hasDay = has('dd') || has('d');
  const hasHour = has('HH') || has('H') || has('hh') || has('h');
  if (!has('yyyy') || !hasMonth) throw new Error(`the pattern "${pattern}" needs yyyy and a month`);
  if (hasHour && !hasDay) throw new Error(`the pattern "${pattern}" has hours but no day`);
  if ((has('hh') || has('h')) !== has('a'))
    throw new Error(`the pattern "${pattern}" must have both h and a (AM/PM), or H`);
  const isHalfDay = has('a');
  const precision = hasHour ? 'instant' : hasDay ? 'day' : 'month';
  return (text, parts) => {
    let at = 0;
    isAfternoon = false;
    for (const step of compiled) {
      at = step(text, at, parts);
      if (at < 0) return false;
    }
    if (isHalfDay) {
      if (parts.hour < 1 || parts.hour > 12) return false;
      parts.hour = (parts.hour % 12) + (isAfternoon ? 12 : 0);
    }
    parts.precision = precision;
    return at === text.length;
  };
}

// Set by the `a` step and read right after the same text; reading is synchronous.
let isAfternoon = false;

function readHalf(text: string, at: number): number {
  const half = text.slice(at, at + 2).toLowerCase();
  if (half !== 'am' && half !== 'pm') return -1;
  isAfternoon = half === 'pm';
  return at + 2;
}

function compileToken(token: string): Step {
  if (token === 'a') return readHalf;
  const step = Object.hasOwn(steps, token) ? steps[token] : undefined;
  if (step !== undefined) return step;
  if (/^[a-zA-Z]/.test(token))
    throw new Error(
      `"${token}" is no time token; there are ${timeTokens.join(' ')}, and 'text' in quotes`,
    );
  if (token === "'") throw new Error('a quote in the pattern is not closed');
  const literal = token.startsWith("'")
    ? token === "''"
      ? "'"
      : token.slice(1, -1).replaceAll("''", "'")
    : token;
  return (text, at) => (text.startsWith(literal, at) ? at + literal.length : -1);
}

function number(least: number, most: number, set: (parts: TimeParts, value: number) => void): Step {
  return (text, at, parts) => {
    for (let count = most; count >= least; count -= 1) {
      const value = digitsAt(text, at, count);
      if (value < 0) continue;
      set(parts, value);
      return at + count;
    }
    return -1;
  };
}

/** One of the English names, in any case; the value is its place counted from 1. */
function name(names: readonly string[], set: (parts: TimeParts, value: number) => void): Step {
  return (text, at, parts) => {
    // May to September: no name is longer than nine letters.
    const found = text.slice(at, at + 9).toLowerCase();
    const index = names.findIndex((each) => found.startsWith(each));
    const chosen = names[index];
    if (chosen === undefined) return -1;
    set(parts, index + 1);
    return at + chosen.length;
  };
}
