// Records into columns: for each leaf of the schema its values over some rows with definition and repetition levels, as
// Dremel has them (Melnik et al., "Dremel: Interactive Analysis of Web-Scale Datasets", 2010, section 4).
import type { Column, LeafKind } from './schema.ts';

export interface Leaf {
  readonly path: readonly string[];
  readonly kind: LeafKind | 'enum';
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

/** What lies at a place of the schema over some rows: a slot for each value, and one for each absence of it. */
export interface Slots {
  /** Undefined where something above is null or empty, or the value is null. */
  readonly values: readonly unknown[];
  /** How much of the path there is. */
  readonly definition: Uint8Array;
  /** At which of the lists above the slot goes on; 0 where it begins a row. */
  readonly repetition: Uint8Array;
}

/** Slots of a place, and the levels of a value there. */
interface Place extends Slots {
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

type Visit = (leaf: Leaf, slots: Slots) => void;
type Json = Readonly<Record<string, unknown>>;

/** A column's leaves, in the order of the schema. */
export function leavesOf(column: Column): readonly Leaf[] {
  const leaves: Leaf[] = [];
  shred([column], [], (leaf) => leaves.push(leaf));
  return leaves;
}

/**
 * Visits the leaves of `columns`, in the order of the schema. Rows by the hundred are faster than by the thousand: what
 * they hold stays in the processor's cache.
 * @param records hold the columns by name, one record a row @throws Error naming the column where one is missing
 */
export function shred(columns: readonly Column[], records: readonly object[], visit: Visit): void {
  const levels = new Uint8Array(records.length);
  const rows = { values: records, definition: levels, repetition: levels };
  descendInto(columns, { ...rows, maxDefinition: 0, maxRepetition: 0 }, visit);
}

function descendInto(fields: readonly Column[], at: Place, visit: Visit): void {
  for (const field of fields) descend(field, fieldOf(at, field), visit);
}

function descend({ of, path }: Column, at: Place, visit: Visit): void {
  switch (of.kind) {
    case 'group':
      descendInto(of.fields, at, visit);
      return;
    case 'list':
      descend(of.element, opened(at, itemsOf(at.values), itself, of.element), visit);
      return;
    case 'map': {
      const entries = entriesOf(at.values);
      descend(of.key, opened(at, entries, keyOf, of.key), visit);
      descend(of.value, opened(at, entries, valueOf, of.value), visit);
      return;
    }
    default: {
      const { maxDefinition, maxRepetition } = at;
      visit({ path, kind: of.kind, maxDefinition, maxRepetition }, at);
    }
  }
}

function missing({ path }: Column): Error {
  return new Error(`${path.join('.')} is missing in a record`);
}

/** What is null lacks the level that an optional column adds. */
function fieldOf(at: Place, column: Column): Place {
  const { name, optional } = column;
  const { values: records, definition: above, repetition, maxRepetition } = at;
  const definition = optional ? above.slice() : above;
  const values: unknown[] = [];
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as Json | undefined;
    const value = record === undefined ? undefined : (record[name] ?? undefined);
    values.push(value);
    if (value === undefined) {
      if (!optional && record !== undefined) throw missing(column);
    } else if (optional) definition[i] = above[i]! + 1;
  }
  const maxDefinition = at.maxDefinition + (optional ? 1 : 0);
  return { values, definition, repetition, maxDefinition, maxRepetition };
}

const itself = (item: unknown): unknown => item;
const keyOf = (entry: Entry): unknown => entry[0];
const valueOf = (entry: Entry): unknown => entry[1];
type Entry = readonly [string, unknown];

const nothing: readonly never[] = [];

function itemsOf(lists: readonly unknown[]): readonly (readonly unknown[])[] {
  return (lists as readonly (readonly unknown[] | undefined)[]).map((list) => list ?? nothing);
}

function entriesOf(maps: readonly unknown[]): readonly (readonly Entry[])[] {
  return (maps as readonly (Json | undefined)[]).map((map) =>
    map === undefined || isEmpty(map) ? nothing : Object.entries(map),
  );
}

function isEmpty(map: Json): boolean {
  for (const key in map) if (Object.hasOwn(map, key)) return false;
  return true;
}

/** What lists or maps hold, as `column` of each item: where one is empty or absent a single slot says so. */
function opened<Item>(
  at: Place,
  lists: readonly (readonly Item[])[],
  of: (item: Item) => unknown,
  column: Column,
): Place {
  let total = 0;
  for (const list of lists) total += list.length === 0 ? 1 : list.length;
  const definition = new Uint8Array(total);
  const repetition = new Uint8Array(total);
  const values: unknown[] = [];
  const maxRepetition = at.maxRepetition + 1;
  const deeper = column.optional ? 2 : 1;
  let slot = 0;
  for (let i = 0; i < lists.length; i++) {
    const list = lists[i]!;
    const level = at.definition[i]!;
    repetition[slot] = at.repetition[i]!;
    if (list.length === 0) {
      definition[slot++] = level;
      values.push(undefined);
    }
    for (let j = 0; j < list.length; j++) {
      const value = of(list[j]!) ?? undefined;
      if (value === undefined && !column.optional) throw missing(column);
      values.push(value);
      if (j > 0) repetition[slot] = maxRepetition;
      definition[slot++] = value === undefined ? level + 1 : level + deeper;
    }
  }
  return {
    values,
    definition,
    repetition,
    maxDefinition: at.maxDefinition + deeper,
    maxRepetition,
  };
}
