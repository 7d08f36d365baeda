// E-mail addresses, found outward from each '@' within fixed windows, and those spelled out in words.
import type { Span } from './span.ts';

/** Lengths of RFC 5321, 4.5.3.1: local part and domain. */
const maxLocal = 64;
const maxDomain = 255;

const localCharacter = /[\p{L}\p{N}._%+'~!#$^{}-]/u;
const domainCharacter = /[\p{L}\p{N}.-]/u;
const domainShape = /^(?:[\p{L}\p{N}-]{1,63}\.){1,10}(\p{L}{2,24}|xn--[a-z0-9-]{1,59})/iu;
const commonTld =
  /^(?:com|net|org|edu|gov|mil|int|info|biz|app|dev|xyz|online|shop|site|store|tech|mobi|email|cloud|test|example|invalid|local|lan|internal|[a-z]{2})$/i;

/** Adds a span for each address with an '@', percent-encoded too. Linear: windows are fixed and end at the next '@'. */
export function findEmails(text: string, spans: Span[]): void {
  for (let at = text.search(atSign); at !== -1; at = nextAtSign(text, at + 1)) {
    const domain = text[at] === '@' ? at + 1 : at + 3;
    const next = text[domain];
    if (next === undefined || !/[\p{L}\p{N}]/u.test(next)) continue;
    const start = startOfLocal(text, at);
    if (start === at) continue;
    const end = endOfDomain(text, domain);
    if (end === -1) continue;
    const before = spans.at(-1);
    if (before === undefined || before.end <= start) spans.push({ start, end, type: 'email' });
  }
}

const atSign = /@|%40/;
const laterAtSign = /@|%40/g;

function nextAtSign(text: string, from: number): number {
  laterAtSign.lastIndex = from;
  return laterAtSign.test(text)
    ? laterAtSign.lastIndex - (text[laterAtSign.lastIndex - 1] === '@' ? 1 : 3)
    : -1;
}

function startOfLocal(text: string, at: number): number {
  if (text[at - 1] === '"') {
    const open = text.lastIndexOf('"', at - 2);
    if (open !== -1 && at - open <= maxLocal && !text.slice(open, at).includes('\n')) return open;
    return at;
  }
  let start = at;
  while (start > 0 && at - start < maxLocal && localCharacter.test(text[start - 1]!)) start -= 1;
  while (start < at && /[.'!#~^{}%-]/.test(text[start]!)) start += 1;
  return start;
}

function endOfDomain(text: string, from: number): number {
  let stop = from;
  while (stop < text.length && stop - from < maxDomain && domainCharacter.test(text[stop]!))
    stop += 1;
  let length = domainShape.exec(text.slice(from, stop))?.[0].length ?? 0;
  // "thanks@Acme.Please call": a sentence begun without a space, not a top-level domain.
  for (let tries = 0; tries < 2 && length > 0; tries += 1) {
    const labels = text.slice(from, from + length).split('.');
    const tld = labels.at(-1)!;
    if (!/^\p{Lu}\p{Ll}/u.test(tld) || commonTld.test(tld)) return from + length;
    if (labels.length < 3 || !commonTld.test(labels.at(-2)!)) return -1;
    length -= tld.length + 1;
  }
  return -1;
}

const atWord = String.raw`(?:\s?(?:\(at\)|\[at\]|\{at\})\s?| at | arroba )`;
const dotWord = String.raw`(?:\s?(?:\(dot\)|\[dot\]|\{dot\})\s?| dot | punto | punkt | nukta )`;
const spelled = new RegExp(
  String.raw`(?<![\p{L}\p{N}._+-])([\p{L}\p{N}][\p{L}\p{N}_+-]{0,63}(?:(?:\.|${dotWord})[\p{L}\p{N}_+-]{1,63})?)(${atWord})([\p{L}\p{N}-]{1,63})((?:(?:\.|${dotWord})[\p{L}\p{N}-]{1,63}){1,4})(?![\p{L}\p{N}])`,
  'giu',
);
/** What stands before "at example dot com" when a site is meant, not a mailbox. */
const dotWords = new RegExp(dotWord, 'iu');
const labelEnds = new RegExp(String.raw`\.|${dotWord}`, 'iu');
const notMailbox =
  /^(?:look|looked|looking|shop|shopped|available|order|ordered|buy|bought|go|see|seen|find|found|read|sold|sale|me|us|you|them|it|him|her|was|is|are|price|deals?|online|site|website|page|app|account|here|sign|log|live|not)$/i;

/** Adds a span for each address written as "bob at example dot com" or "bob (at) example.com". */
export function findSpelledEmails(text: string, spans: Span[]): void {
  for (const match of text.matchAll(spelled)) {
    const [whole, mailbox = '', at = '', , rest = ''] = match;
    const labels = rest.split(labelEnds);
    if (!commonTld.test(labels.at(-1) ?? '')) continue;
    const bracketed = /[([{]/.test(at);
    const dotsInWords = dotWords.test(rest);
    if (!bracketed && (!dotsInWords || notMailbox.test(mailbox))) continue;
    spans.push({ start: match.index, end: match.index + whole.length, type: 'email' });
  }
}

/** With a space behind the '@' (a handle has none); about the dot as well only where what follows can be no word. */
const spaced =
  /(?<![\p{L}\p{N}._+-])([\p{L}\p{N}][\p{L}\p{N}._+-]{0,63}) {0,2}@ {1,2}[\p{L}\p{N}-]{1,63}(?:(?:\.[\p{L}\p{N}-]{1,63}){0,3}\.([a-z]{2,8})| {0,2}\. {0,2}(?:com|net|org|edu|gov|info|biz|co ?\. ?[a-z]{2}))(?![\p{L}\p{N}])/gu;

/** Adds a span for each "bob @ example . com". An '@' between spaces means "at" a place as well: "dinner @ home". */
export function findSpacedEmails(text: string, spans: Span[]): void {
  if (!text.includes('@ ')) return;
  for (const match of text.matchAll(spaced)) {
    const [whole, mailbox = '', tld] = match;
    if (notMailbox.test(mailbox)) continue;
    if (tld !== undefined && !commonTld.test(tld)) continue;
    spans.push({ start: match.index, end: match.index + whole.length, type: 'email' });
  }
}
