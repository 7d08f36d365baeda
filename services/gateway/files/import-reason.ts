// Why a line of an imported file is refused. The names are closed: they become dead-letter reasons and
// metric labels, so a renamed one is a changed interface.

export const importReasons = [
  // the line itself
  'invalid-encoding',
  'nul-byte',
  'line-too-long',
  // delimited text
  'quote-not-closed',
  'text-after-quote',
  'column-count',
  // JSON lines
  'invalid-json',
  'not-an-object',
  'duplicate-key',
  'too-deep',
  'lone-surrogate',
  // the archive around it
  'truncated-gzip',
  // the mapping's own needs
  'missing-id',
  'missing-time',
  'invalid-time',
  'time-without-zone',
  'implausible-time',
  'unknown-zone',
  'unknown-value',
  'not-a-number',
  'inexact-number',
  'not-a-scalar',
] as const;

export type ImportReason = (typeof importReasons)[number];

/** A reason and, for people, what was expected. `detail` ends in logs and terminals: it quotes nothing of the record. */
export interface Flaw {
  readonly reason: ImportReason;
  readonly detail: string;
}

/** Notes a flaw of the record at hand and stands for the value it could not give. */
export type Fail = (reason: ImportReason, detail: string) => undefined;

/** The most of a refused record that is kept, in bytes of UTF-8. */
export const maxRawBytes = 64 * 1024;

/** Cuts a refused record to `maxRawBytes` at a character's edge; everything else about it is kept as it is. */
export function boundRaw(raw: string): string {
  if (raw.length * 3 <= maxRawBytes) return raw;
  if (Buffer.byteLength(raw) <= maxRawBytes) return raw;
  // One UTF-16 unit is at least one byte, so the cut lies within the first maxRawBytes units.
  const bytes = Buffer.from(raw.slice(0, maxRawBytes));
  let end = Math.min(maxRawBytes, bytes.length);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/**
 * A name out of a header or a mapping in quotes for a message, never a customer's value: at most 40 characters, and nothing in it that a terminal would act on
 * (controls, bidirectional marks and unassigned characters become \u{…}).
 */
export function quoted(value: string): string {
  const cut = value.length > 40 ? `${value.slice(0, 40)}…` : value;
  const safe = cut.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return `"${safe}"`;
}

/** What a message says of a value in place of the value. */
export function lengthOf(value: string): string {
  return `found ${value.length} character${value.length === 1 ? '' : 's'}`;
}
