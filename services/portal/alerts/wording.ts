// Names and numbers of an alert in plain words. Pure; names of data are hostile.

/** Controls, format characters (bidi, zero-width, tags), line separators and lone surrogates. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/** One line, of a sensible length, that reorders nothing. Markup is left: whoever shows it escapes it. */
export function plain(name: string, mostCharacters = 80): string {
  const line = name.replace(unsafe, ' ').replace(/\s+/gu, ' ').trim();
  if (line === '') return '(no name)';
  const characters = Array.from(line);
  return characters.length <= mostCharacters
    ? line
    : `${characters.slice(0, mostCharacters - 1).join('')}…`;
}

/** `billing-error` → billing error; `none` → something without a theme. */
export function themeWords(theme: string): string {
  return theme === 'none' ? 'something without a theme' : plain(theme).replaceAll('-', ' ');
}

/** a, b and c */
export function listed(items: readonly string[]): string {
  if (items.length < 2) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`;
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** 29 Nov 2026, 14:15 UTC */
export function momentWords(iso: string): string {
  const at = new Date(iso);
  const day = `${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
  return `${day}, ${iso.slice(11, 16)} UTC`;
}

/** About two digits, since it is an estimate: 37, 1,900, 12,000. */
export function roundWords(value: number): string {
  if (value < 10) return String(Math.round(value));
  const power = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return (Math.round(value / power) * power).toLocaleString('en');
}

/** about 4 are usual */
export function usualWords(expected: number): string {
  return expected < 0.5 ? 'hardly any are usual' : `about ${roundWords(expected)} are usual`;
}

/**
 * How seldom chance gives such a count: 1 in 1,000,000 at the least, since below that models mean little. It is of one
 * look, and there are millions of looks a week, so it says what that means in the unit that users set.
 */
export function chanceWords(pValue: number): string {
  const often =
    pValue > 1e-6 ? `about once in ${roundWords(1 / pValue)}` : 'less than once in 1,000,000';
  return `chance gives such a count ${often} looks at one place and theme; thresholds are set so that all looks together give about the false alarms a week that you allow`;
}

/** 45 min; 3 h 20 min; 2 days 4 h */
export function durationWords(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const rest = hours % 24;
  return rest === 0 ? `${hours / 24} days` : `${Math.floor(hours / 24)} days ${rest} h`;
}
