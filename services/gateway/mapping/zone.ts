// Local times in a named zone → UTC, at the speed of a table: the platform's zone data is slow to ask, so
// a day without a clock change is asked for once.

const dayMs = 86_400_000;
// Since 1990 every zone has changed its clocks on a quarter of an hour.
const quarterMs = 900_000;
const maxCached = 100_000;

/** A zone's table of `local − UTC` in ms: by local day, and by quarter for days near a clock change. */
interface ZoneTable {
  readonly format: Intl.DateTimeFormat;
  readonly days: Map<number, number | 'changes'>;
  readonly quarters: Map<number, number>;
  lastDay: number;
  lastOffset: number | 'changes';
}

const tables = new Map<string, ZoneTable>();

/** Whether the platform knows `zone`: an IANA name (`Africa/Nairobi`, `UTC`) or an offset (`+05:30`). */
export function isZone(zone: string): boolean {
  try {
    tableOf(zone);
    return true;
  } catch {
    return false;
  }
}

/**
 * UTC of `localMs` (a local time written as if it were UTC). A time that occurs twice when clocks go back
 * is the first of the two; one that is skipped when they go forward is read with the offset before the
 * change, so 02:30 becomes 03:30. That is RFC 5545 3.3.5 and "compatible" in ECMAScript's Temporal.
 */
export function toUtc(localMs: number, zone: string): number {
  const table = tableOf(zone);
  const day = Math.floor(localMs / dayMs);
  if (day !== table.lastDay) {
    table.lastOffset = offsetOfDay(day, table);
    table.lastDay = day;
  }
  if (table.lastOffset !== 'changes') return localMs - table.lastOffset;
  const quarter = Math.floor(localMs / quarterMs);
  let offset = table.quarters.get(quarter);
  if (offset === undefined) {
    offset = offsetOfLocal(quarter * quarterMs, table.format);
    remember(table.quarters, quarter, offset);
  }
  return localMs - offset;
}

function tableOf(zone: string): ZoneTable {
  let table = tables.get(zone);
  if (table === undefined) {
    table = {
      format: new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        calendar: 'gregory',
        numberingSystem: 'latn',
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      }),
      days: new Map(),
      quarters: new Map(),
      lastDay: Number.NaN,
      lastOffset: 0,
    };
    tables.set(zone, table);
  }
  return table;
}

function offsetOfDay(day: number, table: ZoneTable): number | 'changes' {
  const known = table.days.get(day);
  if (known !== undefined) return known;
  // No zone lies a whole day from UTC, so the local day is within these two instants.
  const before = offsetAt((day - 1) * dayMs, table.format);
  const after = offsetAt((day + 2) * dayMs, table.format);
  const offset = before === after ? before : 'changes';
  remember(table.days, day, offset);
  return offset;
}

function offsetOfLocal(localMs: number, format: Intl.DateTimeFormat): number {
  const before = offsetAt(localMs - dayMs, format);
  const after = offsetAt(localMs + dayMs, format);
  if (offsetAt(localMs - before, format) === before) return before;
  return offsetAt(localMs - after, format) === after ? after : before;
}

/** `local − UTC` at an instant, in ms. */
function offsetAt(utcMs: number, format: Intl.DateTimeFormat): number {
  const found: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(utcMs)) found[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = found;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(utcMs / 1000) * 1000;
}

function remember<Value>(cache: Map<number, Value>, key: number, value: Value): void {
  if (cache.size >= maxCached) cache.clear();
  cache.set(key, value);
}
