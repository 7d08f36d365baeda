// What the page's address asks for: filters, and which feeds stand side by side. Pure.
import type { Address } from '../address/address.ts';
import type { Params } from '../api/get.ts';

export const filterNames = ['kind', 'theme', 'technology'] as const;
export type FilterName = (typeof filterNames)[number];

/** Filters of this page and the words searched for. */
export function filtersOf({ query }: Address): Params {
  const given = [...filterNames, 'q'].map((name) => [name, query.get(name) ?? undefined] as const);
  return Object.fromEntries(given);
}

export function isFiltered({ query }: Address): boolean {
  return [...filterNames, 'q', 'place'].some((name) => query.has(name));
}

/** Takes all filters away. */
export const noFilters: Readonly<Record<string, null>> = Object.fromEntries(
  [...filterNames, 'q', 'place', 'insight'].map((name) => [name, null]),
);

const usualColumns = 3;

/**
 * The department of the top bar alone; else those that the address names, else the first three. No more than fit; where
 * one fits, the first of them.
 */
export function columnsOf(
  { query }: Address,
  known: readonly string[],
  fit: number,
): readonly string[] {
  const one = query.get('department');
  if (one !== null) return [one];
  const named = namedColumns(query, known);
  return named.slice(0, Math.max(1, fit));
}

export function namedColumns(query: URLSearchParams, known: readonly string[]): readonly string[] {
  const named = (query.get('beside') ?? '').split(',').filter((name) => known.includes(name));
  return named.length > 0 ? [...new Set(named)] : known.slice(0, usualColumns);
}

/** `beside` with a department more or less; the last one stays. */
export function toggled(columns: readonly string[], department: string, fit: number): string {
  if (fit <= 1) return department;
  const without = columns.filter((name) => name !== department);
  if (without.length < columns.length) return (without.length === 0 ? columns : without).join(',');
  return [...columns.slice(0, fit - 1), department].join(',');
}

/** A range that ends in the past cannot hear of what is said now. */
export function isPast({ query }: Address, nowMs: number): boolean {
  const to = query.get('to');
  return to !== null && Date.parse(to) <= nowMs;
}
