// Long numbers and IPv4 addresses: walks the digit runs of a text and asks each family's rule, the
// strictest first. Work is bounded per run by a fixed window of tokens.
import { isCard } from './card.ts';
import { cueBefore, type NumberCue } from './number-cues.ts';
import { isOpen, numberRuns, type NumberToken } from './number-runs.ts';
import type { PhoneCandidate } from './phone.ts';
import { deviceType, hasCountryCode } from './sim-and-device.ts';
import { overlapsAny, type RedactionType, type Span } from './span.ts';

/** Tokens that one number may take, and digits of the longest (an ICCID). */
const maxTokens = 19;
const maxDigits = 20;
const minDigits = 7;
/** Tokens of a number written in groups; more only when every digit stands apart. */
const maxGroupTokens = 6;

/** Adds a span for each number found. `text` is in plain form; `isPhone` is made for this text. */
export function findNumbers(
  text: string,
  isPhone: (candidate: PhoneCandidate) => boolean,
  longNumbers: boolean,
  spans: Span[],
): void {
  const found: Span[] = [];
  const search: Search = { text, isPhone, taken: [...spans], found, judgements: 0 };
  for (const run of numberRuns(text)) {
    let digits = 0;
    for (const token of run) digits += token.digits;
    const open = longNumbers && digits >= minDigits ? run.map((token) => isOpen(text, token)) : [];
    for (let from = 0; from < run.length;) {
      const token = run[from]!;
      if (token.groups.length >= 4 && findIpv4(text, token, found)) from += 1;
      else from += open[from] === true ? Math.max(1, readNumber(search, run, open, from)) : 1;
    }
  }
  spans.push(...found);
}

interface Search {
  readonly text: string;
  readonly isPhone: (candidate: PhoneCandidate) => boolean;
  readonly taken: readonly Span[];
  readonly found: Span[];
  /** Windows judged so far. */
  judgements: number;
}

/** Tries the longest window first; returns how many tokens the number took, 0 for none. */
function readNumber(
  search: Search,
  run: readonly NumberToken[],
  open: readonly boolean[],
  from: number,
): number {
  const { text, taken, found } = search;
  let size = 0;
  let to = from;
  while (
    to < run.length &&
    to - from < maxTokens &&
    open[to] === true &&
    size + run[to]!.digits <= maxDigits
  ) {
    size += run[to]!.digits;
    to += 1;
  }
  if (size < minDigits) return 0;
  const first = run[from]!;
  const plusAt = plusBefore(text, first.start);
  const bracket = plusAt > 0 && text[plusAt - 1] === '(' && text[first.groups[0]!.end] === ')';
  const start = plusAt === -1 ? first.start : bracket ? plusAt - 1 : plusAt;
  let cue: NumberCue | undefined;
  for (; to > from && size >= minDigits; to -= 1) {
    const last = run[to - 1]!;
    if (mayStandAlone(search, run, from, to) && mayEnd(text, last.end, run[to])) {
      search.judgements += 1;
      cue ??= cueBefore(text, start);
      const type = judge(text, run.slice(from, to), cue, plusAt !== -1, search.isPhone);
      if (
        type !== undefined &&
        !overlapsAny(taken, start, last.end) &&
        mayStandInUrl(text, start, last.end)
      ) {
        const end = type === 'phone' ? endOfExtension(text, last.end) : last.end;
        found.push({ start, end, type });
        return to - from;
      }
    }
    size -= last.digits;
  }
  return 0;
}

/** Where the '+' of a country code stands ("+49", "+ 49", "+(49)"), or -1. */
function plusBefore(text: string, start: number): number {
  if (text[start - 1] === '+') return start - 1;
  return text[start - 2] === '+' && ' ('.includes(text[start - 1]!) ? start - 2 : -1;
}

/**
 * Windows of several tokens judged freely in one text. A text past it is a table of numbers: there
 * only the groupings of a phone or card number are tried, so that its cost stays bounded.
 */
const maxJudgements = 20_000;

/** Whether the run begins, ends or goes to the next line before the token at `index`. */
function isLineBreak(text: string, run: readonly NumberToken[], index: number): boolean {
  const before = run[index - 1];
  const after = run[index];
  if (before === undefined || after === undefined) return true;
  return text.slice(before.end, after.start).includes('\n');
}

/** Single digits in a row are a number only if nothing else stands in the row, which is one line. */
function mayStandAlone(
  search: Search,
  run: readonly NumberToken[],
  from: number,
  to: number,
): boolean {
  const size = to - from;
  if (size === 1) return true;
  if (size > maxGroupTokens)
    return (
      isLineBreak(search.text, run, from) &&
      isLineBreak(search.text, run, to) &&
      !isBroken(search.text, run.slice(from, to))
    );
  if (search.judgements < maxJudgements) return true;
  const last = run[to - 1]!.digits;
  return (
    last === 4 &&
    ((size === 3 && run[from]!.digits === 3) || (size === 4 && run[from]!.digits === 4))
  );
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
  if (isBroken(text, window)) return !plus && isCard(digits, grouping, cue) ? 'card' : undefined;
  if (!plus) {
    const device = deviceType(digits, grouping, cue);
    if (device === 'iccid' || (device !== undefined && device === cue)) return device;
    if (isCard(digits, grouping, cue)) return 'card';
    if (isCellId(text, start, grouping, digits)) return undefined;
    if (device !== undefined) return device;
  }
  if (digits.length > 15) return undefined;
  if (unit.test(text.slice(end, end + 14))) return undefined;
  if (currency.test(text.slice(start > 5 ? start - 5 : 0, start))) return undefined;
  return isPhone({ digits, grouping, plus, cue }) ? 'phone' : undefined;
}

const releaseAfter = /^ (?:release|version|firmware|build)(?!\p{L})/iu;

/** Over the end of a line goes a card's number; others below one another are a list. */
const isBroken = (text: string, window: readonly NumberToken[]): boolean =>
  window.some((_, index) => index > 0 && isLineBreak(text, window, index));

/** "cell 310-410-12345": country, network and cell, and no grouping of a phone number. */
const isCellId = (text: string, start: number, grouping: string, digits: string): boolean =>
  /^3-[23]-5$/.test(grouping) &&
  hasCountryCode(digits) &&
  /(?<!\p{L})cell(?: id)?[ :#]{0,2}$/iu.test(text.slice(start > 12 ? start - 12 : 0, start));

/** Adds each dotted quad of a token: an address alone, with a prefix length, or a range of two. */
function findIpv4(text: string, token: NumberToken, found: Span[]): boolean {
  const before = text.slice(token.start > 1 ? token.start - 1 : 0, token.start);
  const after = text.slice(token.end, token.end + 2);
  if (/[\p{L}\d_.-]/u.test(before) || /^[\p{L}_]|^[.-][\p{L}\d]/u.test(after)) return false;
  if (releaseAfter.test(text.slice(token.end, token.end + 10))) return false;
  const size = found.length;
  for (let first = 0; first + 4 <= token.groups.length; first += 1) {
    if (!isQuad(text, token, first)) continue;
    const { start } = token.groups[first]!;
    const { end } = token.groups[first + 3]!;
    if (size === found.length && cueBefore(text, start) === 'version') return false;
    found.push({ start, end, type: 'ip' });
    first += 3;
  }
  return found.length > size;
}

function isQuad(text: string, { groups }: NumberToken, first: number): boolean {
  if (first > 0 && text[groups[first]!.start - 1] === '.') return false;
  for (let index = first; index < first + 4; index += 1) {
    const { start, end } = groups[index]!;
    if (end - start > 3 || Number(text.slice(start, end)) > 255) return false;
    if (index + 1 < groups.length && (text[end] === '.') !== index < first + 3) return false;
  }
  return true;
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
  /(?:tel:|wa\.me\/|(?:phone|tel|msisdn|mobile|number|imei|imsi|iccid|card|cc)=|[?&;](?:p|ph|m|mob|cell|to|from|contact|caller|cli|ani|fax|sms|whatsapp)=)(?:\+|%2b)?$/i;

/** Digits in an address of the web are ids of pages, unless the key before them says otherwise. */
function mayStandInUrl(text: string, start: number, end: number): boolean {
  const lead = text.slice(start > urlReach ? start - urlReach : 0, start);
  const word = lead.slice(lead.lastIndexOf(' ') + 1);
  if (!/:\/\/|^www\.|\.[a-z]{2,6}\//i.test(word)) return true;
  return urlKey.test(word) && !text.slice(start, end).includes(' ');
}
