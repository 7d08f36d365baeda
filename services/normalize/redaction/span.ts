// What a rule finds: a stretch of text and what it is. Offsets are UTF-16 units, end exclusive.

/** Every kind of personal data that is replaced by a placeholder, `[email]` and so on. */
export const redactionTypes = [
  'email',
  'phone',
  'card',
  'iban',
  'imei',
  'imsi',
  'iccid',
  'ip',
  'mac',
  'address',
  'name',
] as const;

export type RedactionType = (typeof redactionTypes)[number];

export interface Span {
  readonly start: number;
  readonly end: number;
  readonly type: RedactionType;
}

/** True when `[start, end)` shares a character with a span found before. */
export function overlapsAny(spans: readonly Span[], start: number, end: number): boolean {
  return spans.some((span) => start < span.end && end > span.start);
}
