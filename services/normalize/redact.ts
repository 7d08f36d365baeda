// Takes personal data out of customers' words: each find becomes a typed placeholder, `[phone]`.
// Pure; linear in the text; redacting a redacted text changes nothing.
import { findEmails, findSpacedEmails, findSpelledEmails } from './redaction/email.ts';
import { findIbans } from './redaction/iban.ts';
import { findIntroductions, findNamed, findSpeakers } from './redaction/introduction.ts';
import {
  findBracketedIpv4,
  findIpv6,
  findMacs,
  findMacsByWordBehind,
} from './redaction/network-address.ts';
import { findNumbers } from './redaction/numbers.ts';
import { findNames } from './redaction/person-name.ts';
import { createPhoneRules } from './redaction/phone.ts';
import { toPlainForm } from './redaction/plain-form.ts';
import { findSignOffs } from './redaction/sign-off.ts';
import type { RedactionType, Span } from './redaction/span.ts';
import { findAddresses } from './redaction/street-address.ts';
import { has, survey } from './redaction/survey.ts';

export interface Redacted {
  readonly text: string;
  /** How many of each type were replaced; null when the text is as it came. */
  readonly counts: Readonly<Record<RedactionType, number>> | null;
}

export type Redactor = (text: string) => Redacted;

const anyRule =
  has.digit |
  has.at |
  has.groups |
  has.nameCue |
  has.introduction |
  has.speaker |
  has.naming |
  has.signOff |
  has.spelledMail |
  has.street;

/** Passes over one text; a replacement may bare what stood beside it. Two are the rule. */
const maxPasses = 6;

/**
 * Makes a redactor. `region` (ISO 3166-1 alpha-2) is where a number without country code is dialled.
 * A region that libphonenumber does not know throws.
 */
export function createRedactor(options: { readonly region?: string } = {}): Redactor {
  const phoneRules = createPhoneRules(options.region ?? 'US');
  return (text) => {
    let flags = survey(text);
    if ((flags & anyRule) === 0) return { text, counts: null };
    let current = text;
    let counts: Record<RedactionType, number> | null = null;
    for (let pass = 0; pass < maxPasses; pass += 1) {
      const spans = findAll(current, flags, phoneRules());
      if (spans.length === 0) break;
      counts ??= noCounts();
      for (const span of spans) counts[span.type] += 1;
      current = replace(current, spans);
      flags = survey(current);
    }
    return { text: current, counts };
  };
}

const noCounts = (): Record<RedactionType, number> => ({
  email: 0,
  phone: 0,
  card: 0,
  iban: 0,
  imei: 0,
  imsi: 0,
  iccid: 0,
  ip: 0,
  mac: 0,
  address: 0,
  name: 0,
});

function findAll(
  text: string,
  flags: number,
  isPhone: ReturnType<ReturnType<typeof createPhoneRules>>,
): readonly Span[] {
  const form = (flags & has.disguise) === 0 ? null : toPlainForm(text);
  const plain = form === null ? text : form.plain;
  // Disguised digits and '@' show only in the plain form.
  const seen = form === null ? flags : survey(plain);
  const spans: Span[] = [];
  if ((seen & has.at) !== 0) {
    findEmails(plain, spans);
    findSpacedEmails(plain, spans);
  }
  if ((seen & has.spelledMail) !== 0) findSpelledEmails(plain, spans);
  if ((seen & has.groups) !== 0) {
    findMacs(plain, spans);
    findMacsByWordBehind(plain, spans);
    if (plain.includes('.]') || plain.includes('.)')) findBracketedIpv4(plain, spans);
  }
  if ((seen & has.colons) !== 0) findIpv6(plain, spans);
  if ((seen & has.longNumber) !== 0) findIbans(plain, spans);
  if ((seen & has.digit) !== 0) {
    findNumbers(plain, isPhone, (seen & has.longNumber) !== 0, spans);
    findAddresses(plain, (seen & has.street) !== 0, spans);
  }
  if ((seen & has.nameCue) !== 0) findNames(plain, spans);
  if ((seen & has.introduction) !== 0) findIntroductions(plain, spans);
  if ((seen & (has.naming | has.nameCue)) !== 0) findNamed(plain, spans);
  if ((seen & has.speaker) !== 0) findSpeakers(plain, spans);
  if ((seen & has.signOff) !== 0) findSignOffs(plain, spans);
  const chosen = withoutOverlaps(spans);
  if (form === null) return chosen;
  return chosen.map(({ start, end, type }) => ({
    start: form.origin[start]!,
    end: form.originEnd[end - 1]!,
    type,
  }));
}

/** In order of place; of two that overlap the rule that ran first (the stricter one) wins. */
function withoutOverlaps(spans: readonly Span[]): readonly Span[] {
  if (spans.length < 2) return spans;
  const ordered = spans
    .map((span, rank) => ({ span, rank }))
    .toSorted((a, b) => a.span.start - b.span.start || a.rank - b.rank);
  const kept: Array<{ span: Span; rank: number }> = [];
  for (const next of ordered) {
    const last = kept.at(-1);
    if (last === undefined || next.span.start >= last.span.end) kept.push(next);
    else if (next.rank < last.rank) kept[kept.length - 1] = next;
  }
  return kept.map(({ span }) => span);
}

function replace(text: string, spans: readonly Span[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const span of spans) {
    parts.push(text.slice(from, span.start), `[${span.type}]`);
    from = span.end;
  }
  parts.push(text.slice(from));
  return parts.join('');
}
