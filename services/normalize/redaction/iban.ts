// Bank accounts (ISO 13616): country, its fixed length, MOD 97. Grouped by single spaces or dashes.
import { passesMod97 } from './check-digits.ts';
import type { Span } from './span.ts';

/** Total length per country; SWIFT IBAN registry, release 99. */
const lengths = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 ' +
    'EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 ' +
    'JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 ' +
    'NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 ' +
    'TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

/** Countries whose accounts are digits throughout; elsewhere letters may stand. */
const digitsOnly = new Set(
  'AT BA BE CR CZ DE DK EE ES FI HR HU IL IS LT ME NO PL PT RS SE SI SK TL TN XK'.split(' '),
);

const opening = /(?<![\p{L}\d]|[\p{L}\d]-)[A-Z]{2}[ -]?\d{2}/giu;

/** Adds a span for each IBAN. `text` is in plain form. At most 70 characters are read per candidate. */
export function findIbans(text: string, spans: Span[]): void {
  for (const match of text.matchAll(opening)) {
    const country = match[0].slice(0, 2).toUpperCase();
    const length = lengths.get(country);
    if (length === undefined) continue;
    let at = match.index;
    let count = 0;
    while (count < length && at < text.length) {
      if (isAlphanumeric(text.charCodeAt(at))) count += 1;
      else if (!isSeparator(text, at) || isSeparator(text, at + 1)) break;
      else if (digitsOnly.has(country) && isLetter(text.charCodeAt(at + 1))) break;
      at += 1;
    }
    if (count !== length || /[\p{L}\d]/u.test(text[at] ?? '')) continue;
    const compact = text.slice(match.index, at).replaceAll(/[ -]/g, '');
    if (digitsOnly.has(country) && !/^\d+$/.test(compact.slice(2))) continue;
    if (passesMod97(compact.toUpperCase()))
      spans.push({ start: match.index, end: at, type: 'iban' });
  }
}

const isLetter = (code: number): boolean =>
  (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
const isAlphanumeric = (code: number): boolean => (code >= 48 && code <= 57) || isLetter(code);
const isSeparator = (text: string, at: number): boolean => text[at] === ' ' || text[at] === '-';
