// Filters of a question as SQL conditions on signpost.signals, to be used with the alias `s`.
import { sql, type RawBuilder } from 'kysely';
import { getResolution, isValidCell } from 'h3-js';
import { rowResolution } from '#core/store/fact-columns.ts';
import { kindNumbers } from '#core/store/tables.ts';
import type { Filters } from '../api/questions.ts';
import { QuestionRefused } from '../api/queries.ts';
import { partsIn, type PlaceKey } from './place-keys.ts';

export type Condition = RawBuilder<boolean>;

/** Filters alone: what else a question holds is passed over. */
export type Narrowing = { readonly [K in keyof Filters]?: Filters[K] | undefined };

const placeColumns = ['country', 'region', 'city', 'area', 'postcode', 'site'] as const;

/** A row of `signpost.signals s` matches when all hold: each filter that is given, with any of its values. */
export function conditionsOf(filters: Narrowing): readonly Condition[] {
  const { kind, theme, technology, department, h3 } = filters;
  const named = placeColumns.filter((column) => filters[column] !== undefined);
  return [
    ...(kind ? [sql<boolean>`s.kind = ANY (${kind.map((each) => kindNumbers[each])}::int[])`] : []),
    ...(theme ? [isLabelled('theme', theme)] : []),
    ...(technology ? [isLabelled('technology', technology)] : []),
    ...(department ? [wasReceivedBy(department)] : []),
    ...(named.length > 0 ? [liesIn(filters, named)] : []),
    ...(h3 ? [isInCells(h3)] : []),
  ];
}

/** `matching(filters)` after WHERE or AND; true for no filter. */
export function matching(filters: Narrowing): Condition {
  const conditions = conditionsOf(filters);
  return conditions.length === 0 ? sql`true` : sql`${sql.join(conditions, sql` AND `)}`;
}

function isLabelled(kind: 'theme' | 'technology', names: readonly string[]): Condition {
  return sql`s.${sql.ref(kind)} = ANY (ARRAY(
    SELECT id FROM signpost.labels WHERE kind = ${kind} AND name = ANY (${names}::text[])))`;
}

function wasReceivedBy(names: readonly string[]): Condition {
  return sql`(s.departments & COALESCE((
    SELECT bit_or(1::bigint << bit) FROM signpost.departments WHERE name = ANY (${names}::text[])), 0)) <> 0`;
}

function liesIn(filters: Narrowing, columns: readonly (typeof placeColumns)[number][]): Condition {
  const all = columns.map(
    (column) => sql<boolean>`p.${sql.ref(column)} = ANY (${filters[column] ?? []}::text[])`,
  );
  return sql`s.place = ANY (ARRAY(SELECT p.id FROM signpost.places p WHERE ${sql.join(all, sql` AND `)}))`;
}

/** A row of `signpost.signals s` lies in the place. */
export function liesAt(key: PlaceKey): Condition {
  const parts = partsIn(key).map(
    ([part, name]) => sql<boolean>`COALESCE(p.${sql.ref(part)}, '') = ${name ?? ''}`,
  );
  if (parts.length === 0) return isInCells([key.parts[0]!]);
  return sql`s.place = ANY (ARRAY(SELECT p.id FROM signpost.places p WHERE ${sql.join(parts, sql` AND `)}))`;
}

/** Cells of resolution 9 lie in a coarser one when they are between its first and last child, by number. */
function isInCells(cells: readonly string[]): Condition {
  const ranges = cells.map((cell) => {
    const { first, last } = childrenOf(cell);
    return sql<boolean>`s.h3 BETWEEN ${String(first)}::bigint AND ${String(last)}::bigint`;
  });
  return sql`(${sql.join(ranges, sql` OR `)})`;
}

/**
 * First and last cell of resolution 9 in a cell, as numbers (h3geo.org, "H3 index bits": three bits for each finer
 * digit, below them all ones). A cell finer than 9 holds none of the rows: last is before first.
 * @throws QuestionRefused for what is no cell
 */
export function childrenOf(cell: string): { readonly first: bigint; readonly last: bigint } {
  if (!isValidCell(cell)) throw new QuestionRefused('h3', `must be H3 cells: ${cell} is none`);
  const resolution = getResolution(cell);
  if (resolution > rowResolution) return { first: 1n, last: 0n };
  const finest = BigInt(`0x${cell}`);
  const base = (finest & ~(15n << 52n)) | (BigInt(rowResolution) << 52n);
  const unused = (1n << BigInt(3 * (15 - rowResolution))) - 1n;
  const digits = (1n << BigInt(3 * (15 - resolution))) - 1n;
  return { first: (base & ~digits) | unused, last: base | digits };
}
