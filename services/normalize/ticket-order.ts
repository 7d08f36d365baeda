// The order of a ticket's updates: a total one, whatever order they arrived in.

interface Ordered {
  readonly version: string | null;
  readonly occurredAt: number;
}

/**
 * Compares two updates: by version where all of the ticket's updates have one (`byVersion`), else by time alone: to mix
 * the two would order some triples in a circle. Zero leaves the order of arrival.
 */
export function compareUpdates(a: Ordered, b: Ordered, byVersion: boolean): number {
  const order = byVersion ? compareVersions(a.version ?? '', b.version ?? '') : 0;
  return order === 0 ? a.occurredAt - b.occurredAt : order;
}

/**
 * Timestamps (ISO 8601, UTC where they name no zone) by the time they name, after everything else; those of one time,
 * and all others, part by part.
 */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  const [x, y] = [timeOf(a), timeOf(b)];
  if (x === null || y === null) return x === y ? compareByParts(a, b) : x === null ? -1 : 1;
  return x.second - y.second || compareText(x.fraction, y.fraction) || compareByParts(a, b);
}

const timestamp =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,30}))?)? ?(?:[Zz]|([+-]\d{2})(?::?(\d{2}))?)?)?$/;

/** Milliseconds since the epoch of its whole second, and the digits of its fraction; null for what is no timestamp. */
function timeOf(version: string): { readonly second: number; readonly fraction: string } | null {
  // Nearly always: no need for the expression.
  if (version.charCodeAt(4) !== 45) return null;
  const match = timestamp.exec(version);
  if (match === null) return null;
  const [, day, minute = '00:00', second = '00', fraction = '', hours, minutes = '00'] = match;
  const zone = hours === undefined ? 'Z' : `${hours}:${minutes}`;
  const time = Date.parse(`${day}T${minute}:${second}${zone}`);
  return Number.isNaN(time) ? null : { second: time, fraction: fraction.replace(/0+$/, '') };
}

/**
 * Part by part, as people number things: runs of digits as numbers of any length, runs of letters as text, numbers
 * before letters, `1.9` before `1.10`, and `1` before `1.1`. What stands between the parts does not count.
 */
function compareByParts(a: string, b: string): number {
  const x = a.match(parts) ?? [];
  const y = b.match(parts) ?? [];
  for (let at = 0; at < x.length && at < y.length; at += 1) {
    const order = compareParts(x[at]!, y[at]!);
    if (order !== 0) return order;
  }
  return x.length - y.length;
}

const parts = /[0-9]+|[\p{L}\p{M}]+/gu;

function compareParts(a: string, b: string): number {
  const [x, y] = [digitsOf(a), digitsOf(b)];
  if (x === null || y === null) return x === y ? compareText(a, b) : x === null ? 1 : -1;
  return x.length - y.length || compareText(x, y);
}

/** Without leading zeros, so that of two numbers the longer one is greater; null for letters. */
function digitsOf(part: string): string | null {
  const first = part.charCodeAt(0);
  return first >= 48 && first <= 57 ? part.replace(/^0+/, '') : null;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
