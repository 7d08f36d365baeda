// Addresses of machines: MAC (colons, dashes, Cisco dots) and IPv6. IPv4 is read with the other numbers.
import { isIPv6 } from 'node:net';
import type { Span } from './span.ts';

const mac =
  /(?<![\p{L}\d:_-])[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})(?![\p{L}\d_]|[:-][\p{L}\d])/giu;
const ciscoMac =
  /(?<![\p{L}\d.:_-])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\p{L}\d_]|[.:-][\p{L}\d])/giu;
const macByCue = /\bmac(?: address| id)?(?: is)? ?[:=#]? ?([0-9a-f]{12})(?![\p{L}\d])/giu;
const macBefore = /(?<=(?<![a-z\d])[0-9a-f]{12}) mac\b/gi;
/** "1[.]2[.]3[.]4", "1(.)2(.)3(.)4": written so that no program makes a link of it. */
const bracketedIpv4 =
  /(?<![\p{L}\d.\])])\d{1,3}(?:(?:\[\.\]|\(\.\))\d{1,3}){3}(?![\p{L}\d]|[[(]\.)/gu;
/** The longest textual IPv6 address has 45 characters (RFC 4291, 2.2, form 3). */
const ipv6Shape =
  /(?<![\p{L}\d:.])[0-9a-f:]{2,39}(?:\.\d{1,3}){0,3}(?:%\w{1,15})?(?:\/\d{1,3})?(?![\p{L}\d:])/giu;

/** Each with what tells cheaply that it may apply. */
const macForms = [
  [/[:-][0-9a-f]{2}[:-][0-9a-f]{2}[:-]/i, mac],
  [/\.[0-9a-f]{4}\./i, ciscoMac],
  [/mac/i, macByCue],
] as const;

/** Adds a span for each MAC address. Linear: every pattern has a fixed length. */
export function findMacs(text: string, spans: Span[]): void {
  for (const [hint, pattern] of macForms) {
    if (!hint.test(text)) continue;
    for (const match of text.matchAll(pattern)) {
      const compact = match[0].replaceAll(/[:.-]/g, '');
      // Twelve decimal digits in Cisco's form are as well a number split by dots: a letter decides.
      if (pattern === ciscoMac && !/[a-f]/i.test(compact)) continue;
      const end = match.index + match[0].length;
      spans.push({ start: end - (match[1] ?? match[0]).length, end, type: 'mac' });
    }
  }
}

/** Adds a span for each "AABBCCDDEEFF mac": a letter among the digits, or it is a number of something. */
export function findMacsByWordBehind(text: string, spans: Span[]): void {
  for (const { index } of text.matchAll(macBefore)) {
    const start = index - 12;
    if (/[a-f]/i.test(text.slice(start, index))) spans.push({ start, end: index, type: 'mac' });
  }
}

/** Adds a span for each IPv4 address with its dots in brackets. */
export function findBracketedIpv4(text: string, spans: Span[]): void {
  for (const match of text.matchAll(bracketedIpv4)) {
    if (match[0].split(/\D+/).every((part) => Number(part) <= 255))
      spans.push({ start: match.index, end: match.index + match[0].length, type: 'ip' });
  }
}

/** Adds a span for each IPv6 address; four hexadecimal digits at least, so '::' and '::1' stay. */
export function findIpv6(text: string, spans: Span[]): void {
  for (const match of text.matchAll(ipv6Shape)) {
    const address = match[0].replace(/[%/].*$/, '').replace(/(?<!:):$/, '');
    if (address.replaceAll(/[^0-9a-f]/gi, '').length < 4 || !isIPv6(address)) continue;
    const end = match.index + (/[%/]/.test(match[0]) ? match[0].length : address.length);
    spans.push({ start: match.index, end, type: 'ip' });
  }
}
