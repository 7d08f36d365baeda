// Where a reader of a feed is, in text that it hands back to go on: nothing after it is missed, nothing before it comes
// again. It grants nothing, for rows are read under the rules of whoever asks; so it need not be secret or signed.

/** A snapshot of the database as `pg_current_snapshot()` writes it, `xmin:xmax:xip,xip`. */
export type Snapshot = string;

export interface Position {
  /** All that is visible in it has been sent. */
  readonly seen: Snapshot;
  /** Under way to a later snapshot: what is new in it has been sent up to this row. */
  readonly step: Step | null;
}

export interface Step {
  readonly to: Snapshot;
  readonly after: { readonly occurredAtMs: number; readonly entity: string };
}

export function positionAt(seen: Snapshot): Position {
  return { seen, step: null };
}

const snapshot = String.raw`\d{1,19}:\d{1,19}:(?:\d{1,19}(?:,\d{1,19}){0,400})?`;
const pattern = new RegExp(
  `^(${snapshot})(?:~(${snapshot})~(-?\\d{1,15})~([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?$`,
);

/** Fits one line of an event and a header. */
export function textOf({ seen, step }: Position): string {
  return step === null
    ? seen
    : `${seen}~${step.to}~${step.after.occurredAtMs}~${step.after.entity}`;
}

/** Null when `text` is no position. */
export function positionIn(text: string): Position | null {
  const [, seen, to, occurredAtMs, entity] = pattern.exec(text) ?? [];
  if (seen === undefined || !isSnapshot(seen)) return null;
  if (to === undefined || occurredAtMs === undefined || entity === undefined)
    return positionAt(seen);
  return isSnapshot(to)
    ? { seen, step: { to, after: { occurredAtMs: Number(occurredAtMs), entity } } }
    : null;
}

/** Transactions at or above it were not begun yet. */
export function endOf(taken: Snapshot): bigint {
  return BigInt(taken.split(':')[1] ?? '0');
}

/** Transactions below the end that were under way. */
export function openIn(taken: Snapshot): readonly string[] {
  const list = taken.split(':')[2] ?? '';
  return list === '' ? [] : list.split(',');
}

const longest = 2n ** 63n - 1n;

/** As Postgres reads one: 0 < xmin <= every open one < xmax, these in ascending order. */
function isSnapshot(text: string): boolean {
  const [start = 0n, end = 0n] = text.split(':', 2).map(BigInt);
  let last = start - 1n;
  for (const each of openIn(text)) {
    const open = BigInt(each);
    if (open <= last || open >= end) return false;
    last = open;
  }
  return start > 0n && start <= end && end <= longest;
}
