// What a cell of a rollout plan may say: a name, or a day.
import { tidyName } from '#core/place-name.ts';
import type { Flaw, FlawReason, PlanColumn } from './plan.ts';

export type Cell =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly reason: FlawReason; readonly detail: string };

/** As the query API takes names. */
const maxNameLength = 200;
const firstYear = 2000;
const lastYear = 2100;
const dayMs = 86_400_000;

/** Tidy, so that names that look alike are one. */
export function nameOf(cell: string): Cell {
  const trimmed = cell.trim();
  // A line break within is no space that somebody typed twice.
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(trimmed) || !trimmed.isWellFormed())
    return refused('characters', 'it contains a line break or a control character');
  const value = tidyName(trimmed);
  if (value === '') return refused('empty', 'it is empty');
  if (value.length > maxNameLength)
    return refused('too-long', `it has more than ${maxNameLength} characters`);
  return { ok: true, value };
}

/**
 * A day of the calendar, `2026-11-29`.
 * @param now when given, milliseconds since the epoch: the day must have begun somewhere on Earth
 */
export function dayOf(cell: string, now?: number): Cell {
  const value = cell.trim();
  if (value === '') return refused('empty', 'it is empty');
  const [, year] = /^(\d{4})-\d{2}-\d{2}$/.exec(value) ?? [];
  const at = Date.parse(`${value}T00:00:00Z`);
  // 2026-02-30 is read as 2 March.
  if (year === undefined || Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== value)
    return refused('not-a-day', 'it is no day of the calendar as 2026-11-29');
  if (Number(year) < firstYear || Number(year) > lastYear)
    return refused('out-of-range', `it is not between ${firstYear} and ${lastYear}`);
  if (now !== undefined && at > now + dayMs)
    return refused('not-yet', 'it is still to come; what is to come stands under planned');
  return { ok: true, value };
}

export function cellFlaw(line: number, column: PlanColumn, cell: Cell & { ok: false }): Flaw {
  return { line, column, reason: cell.reason, detail: cell.detail };
}

function refused(reason: FlawReason, detail: string): Cell {
  return { ok: false, reason, detail };
}
