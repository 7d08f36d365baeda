// Long numbers and IPv4 addresses: walks the digit runs of a text and asks each family's rule, the
// strictest first. Work is bounded per run by a fixed window of tokens.
import { isCard } from './card.ts';
import { cueBefore, type NumberCue } from './number-cues.ts';
import { numberRuns, type NumberToken } from './number-runs.ts';
import type { PhoneCandidate } from './phone.ts';
import { deviceType } from './sim-and-device.ts';
import { overlapsAny, type RedactionType, type Span } from './span.ts';

/** Tokens that one number may take, and digits of the longest (an ICCID). */
const maxTokens = 10;
const maxDigits = 20;

/** Adds a span for each number found. `text` is in plain form; `isPhone` is made for this text. */
export function findNumbers(
  text: string,
  isPhone: (candidate: PhoneCandidate) => boolean,
  longNumbers: boolean,
  spans: Span[],
): void {
  const found: Span[] = [];
  const taken = [...spans];
  for (const run of numberRuns(text)) {
    for (let from = 0; from < run.length;) {
      const token = run[from]!;
      if (isIpv4(text, token)) {
        found.push({ start: token.start, end: endOfIpv4(text, token.end), type: 'ip' });
        from += 1;
        continue;
      }
      const next =
        longNumbers && token.open ? readNumber(text, run, from, isPhone, taken, found) : 0;
      from += next === 0 ? 1 : next;
    }
  }
  spans.push(...found);
}

/** Tries the longest window first; returns how many tokens the number took, 0 for none. */
function readNumber(
  text: string,
  run: readonly NumberToken[],
  from: number,
  isPhone: (candidate: PhoneCandidate) => boolean,
  taken: readonly Span[],
  found: Span[],
): number {
  let size = 0;
  let to = from;
  while (
    to < run.length &&
    to - from < maxTokens &&
    run[to]!.open &&
    size + run[to]!.digits <= maxDigits
  ) {
    size += run[to]!.digits;
    to += 1;
  }
  if (size < 7) return 0;
  const first = run[from]!;
  const plus = /\+[ (]?$/.test(text.slice(first.start > 2 ? first.start - 2 : 0, first.start));
  let cue: NumberCue | undefined;
  for (; to > from && size >= 7; to -= 1) {
    const last = run[to - 1]!;
    if (mayEnd(text, last.end, run[to])) {
      cue ??= cueBefore(text, plus ? text.lastIndexOf('+', first.start) : first.start);
      const window = run.slice(from, to);
      const type = judge(text, window, cue, plus, isPhone);
      const start = plus ? text.lastIndexOf('+', first.start) : first.start;
      if (
        type !== undefined &&
        !overlapsAny(taken, start, last.end) &&
        mayStandInUrl(text, start, last.end)
      ) {
        found.push({
          start,
          end: type === 'phone' ? endOfExtension(text, last.end) : last.end,
          type,
        });
        return to - from;
      }
    }
    size -= last.digits;
  }
  return 0;
}

/** A number is not cut out of a longer one joined by a dash. */
function mayEnd(text: string, end: number, next: NumberToken | undefined): boolean {
  return next === undefined || !text.slice(end, next.start).includes('-');
}

const unit =
  /^ ?(?:%|ksh|kes|usd|eur|euros?|dollars?|shillings?|bob|[kmgt]i?b(?:ps|\/s|it\/s)?|bytes?|users?|customers?|subscribers?|packets?|ms|dbm|[kmg]?hz)(?!\p{L})/iu;
const currency = /(?:ksh|kes|tsh|ugx|ngn|inr|rs|usd|eur|gbp|shs|us\$|r\$)\.? ?$/i;

function judge(
  text: string,
  window: readonly NumberToken[],
  cue: NumberCue,
  plus: boolean,
  isPhone: (candidate: PhoneCandidate) => boolean,
): RedactionType | undefined {
  const start = window[0]!.start;
  const end = window.at(-1)!.end;
  const groups = window.flatMap((token) => token.groups);
  const digits = groups.map((group) => text.slice(group.start, group.end)).join('');
  const grouping = groups.map((group) => group.end - group.start).join('-');
  if (!plus) {
    const device = deviceType(digits, grouping, cue);
    if (device === 'iccid' || (device !== undefined && device === cue)) return device;
    if (isCard(digits, grouping, cue)) return 'card';
    if (device !== undefined) return device;
  }
  if (digits.length > 15) return undefined;
  if (unit.test(text.slice(end, end + 14))) return undefined;
  if (currency.test(text.slice(start > 5 ? start - 5 : 0, start))) return undefined;
  return isPhone({ digits, grouping, plus, cue }) ? 'phone' : undefined;
}

function isIpv4(text: string, token: NumberToken): boolean {
  if (token.groups.length !== 4) return false;
  for (const [index, group] of token.groups.entries()) {
    if (group.end - group.start > 3 || Number(text.slice(group.start, group.end)) > 255)
      return false;
    if (index < 3 && text[group.end] !== '.') return false;
  }
  const before = text.slice(token.start > 1 ? token.start - 1 : 0, token.start);
  const after = text.slice(token.end, token.end + 2);
  if (/[\p{L}\d_.-]/u.test(before) || /^[\p{L}_]|^[.-][\p{L}\d]/u.test(after)) return false;
  return cueBefore(text, token.start) !== 'version';
}

function endOfIpv4(text: string, end: number): number {
  return end + (/^:\d{1,5}(?!\d)/.exec(text.slice(end, end + 7))?.[0].length ?? 0);
}

function endOfExtension(text: string, end: number): number {
  return (
    end +
    (/^ ?(?:,? ?ext(?:ension)?\.?|x) ?\d{1,6}(?!\d)/i.exec(text.slice(end, end + 24))?.[0].length ??
      0)
  );
}

const urlReach = 256;
const urlKey =
  /(?:tel:|wa\.me\/|(?:phone|tel|msisdn|mobile|number|imei|imsi|iccid|card|cc)=)(?:\+|%2b)?$/i;

/** Digits in an address of the web are ids of pages, unless the key before them says otherwise. */
function mayStandInUrl(text: string, start: number, end: number): boolean {
  const lead = text.slice(start > urlReach ? start - urlReach : 0, start);
  const word = lead.slice(lead.lastIndexOf(' ') + 1);
  if (!/:\/\/|^www\.|\.[a-z]{2,6}\//i.test(word)) return true;
  return urlKey.test(word) && !text.slice(start, end).includes(' ');
}
