// The filters of a question, prepared for going through columns.
import { sql } from 'kysely';
import { cellCode, noCell, type FactColumns } from '#core/store/fact-columns.ts';
import { kindNumbers } from '#core/store/tables.ts';
import type { Reading } from './as-reader.ts';
import type { KnownPlaces } from './known-places.ts';
import { isNamedLevel, partsIn, type Named, type PlaceKey } from './place-keys.ts';
import { childrenOf, type Narrowing } from './where.ts';

/** Each undefined where it lets everything pass; else 1 for what passes, by number. */
export interface RowFilter {
  readonly kinds: Uint8Array | undefined;
  readonly themes: Uint8Array | undefined;
  readonly technologies: Uint8Array | undefined;
  /** Bits, of which one must be set. */
  readonly departments: bigint | undefined;
  /** By spot of the columns. */
  readonly spotsOf: ((columns: FactColumns) => Uint8Array) | undefined;
}

/** @param at only what lies in this place */
export async function rowFilterOf(
  reading: Reading,
  filters: Narrowing,
  places: KnownPlaces,
  at?: PlaceKey,
): Promise<RowFilter> {
  const { kind, theme, technology, department } = filters;
  const labels = await labelsNamed(reading, { theme, technology });
  return {
    kinds: kind && flags(kind.map((each) => kindNumbers[each])),
    themes: theme && flags(labels.theme),
    technologies: technology && flags(labels.technology),
    departments: department && bitsOf(reading, department),
    spotsOf: spotsFilter(filters, places, at),
  };
}

/** Of departments the reader sees; those of others give nothing. */
export function bitsOf({ departments }: Reading, names: readonly string[]): bigint {
  let bits = 0n;
  for (const [bit, name] of departments) if (names.includes(name)) bits |= 1n << BigInt(bit);
  return bits;
}

type LabelFilters = Readonly<Record<'theme' | 'technology', readonly string[] | undefined>>;

async function labelsNamed(
  { tx }: Reading,
  asked: LabelFilters,
): Promise<Readonly<Record<'theme' | 'technology', readonly number[]>>> {
  if (asked.theme === undefined && asked.technology === undefined) {
    return { theme: [], technology: [] };
  }
  const { rows } = await sql<{ id: number; kind: string }>`
    SELECT id, kind FROM signpost.labels WHERE (kind = 'theme' AND name = ANY (${asked.theme ?? []}::text[]))
      OR (kind = 'technology' AND name = ANY (${asked.technology ?? []}::text[]))`.execute(tx);
  const of = (kind: string): number[] =>
    rows.filter((row) => row.kind === kind).map(({ id }) => id);
  return { theme: of('theme'), technology: of('technology') };
}

function flags(numbers: readonly number[]): Uint8Array {
  const passing = new Uint8Array(Math.max(-1, ...numbers) + 1);
  for (const number of numbers) passing[number] = 1;
  return passing;
}

const placeParts = ['country', 'region', 'city', 'area', 'postcode', 'site'] as const;

function spotsFilter(
  filters: Narrowing,
  places: KnownPlaces,
  at: PlaceKey | undefined,
): RowFilter['spotsOf'] {
  const wanted = placeParts.flatMap((part) => {
    const names = filters[part];
    return names === undefined ? [] : [{ part, names: new Set<string | null>(names) }];
  });
  if (wanted.length === 0 && filters.h3 === undefined && at === undefined) return undefined;
  const cells = filters.h3?.map((cell) => rangeOfCell(cell));
  const own = at === undefined || isNamedLevel(at.level) ? undefined : rangeOfCell(at.parts[0]!);
  const isWanted = (named: Named): boolean =>
    wanted.every(({ part, names }) => names.has(named[part])) &&
    (at === undefined || partsIn(at).every(([part, name]) => (named[part] ?? '') === (name ?? '')));
  const isWithin = (code: number): boolean =>
    (cells === undefined || cells.some((range) => isIn(range, code))) &&
    (own === undefined || isIn(own, code));
  // By place, once for all columns: 1 wanted, 2 not.
  const known: number[] = [];
  return ({ place, cell }) =>
    Uint8Array.from(place, (id, spot) => {
      const verdict = (known[id] ??= isWanted(places.get(id)!) ? 1 : 2);
      return verdict === 1 && isWithin(cell[spot]!) ? 1 : 0;
    });
}

interface CodeRange {
  readonly first: number;
  readonly last: number;
}

function rangeOfCell(cell: string): CodeRange {
  const { first, last } = childrenOf(cell);
  return first > last ? { first: 1, last: 0 } : { first: cellCode(first), last: cellCode(last) };
}

function isIn({ first, last }: CodeRange, code: number): boolean {
  return code !== noCell && code >= first && code <= last;
}
