// Payment cards: a known issuer's prefix and length, Luhn, and a grouping that people write.
import { passesLuhn } from './check-digits.ts';
import type { NumberCue } from './number-cues.ts';

/** Issuer ranges by length: Visa, Mastercard, Amex, Discover, JCB, UnionPay, Diners, RuPay, Verve. */
const issuers: ReadonlyMap<number, RegExp> = new Map([
  [14, /^3(?:0[0-5]|[689])/],
  [15, /^3[47]/],
  [
    16,
    /^(?:4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|6(?:011|4[4-9]|5|2|0|[378])|35(?:2[89]|[3-8])|506|81)/,
  ],
  [19, /^(?:4|62|6304|506|6011)/],
]);
/** Visa's old length and Maestro's range catch too many other numbers to go without a cue. */
const issuersByCue: ReadonlyMap<number, RegExp> = new Map([
  [12, /^(?:5[06-8]|6)/],
  [13, /^(?:4|5[06-8]|6)/],
  [16, /^5[06-8]/],
  [18, /^(?:5[06-8]|6)/],
  [19, /^(?:5[06-8]|6)/],
]);

const grouping =
  /^(?:\d\d|4-4-4-[1-7]|4-4-4-4-[1-3]|4-6-[45]|8-8|6-10|4-4-8|6-13|4-12|12-4|2(?:-2){7}|1(?:-1){12,18})$/;

/** True for a card number. `groups` gives the group sizes: "4-4-4-4". */
export function isCard(digits: string, groups: string, cue: NumberCue): boolean {
  const size = digits.length;
  const known =
    issuers.get(size)?.test(digits) === true ||
    (cue === 'card' && issuersByCue.get(size)?.test(digits) === true);
  return known && grouping.test(groups) && passesLuhn(digits);
}
