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
  descend(column, rowsOf([]), (leaf) => leaves.push(leaf));
  return leaves;
}

/**
 * Visits the leaves of `column`, in the order of the schema. Rows by the hundred are faster than by the thousand: what
 * they hold stays in the processor's cache.
 * @param values of the column, one a row @throws Error naming the column where one is missing
 */
export function shred(column: Column, values: readonly unknown[], visit: Visit): void {
  descend(column, rowsOf(values), visit);
}

function rowsOf(values: readonly unknown[]): Place {
  const levels = new Uint8Array(values.length);
  return { values, definition: levels, repetition: levels, maxDefinition: 0, maxRepetition: 0 };
}

/** @param found the values of `column` as they are, where there is what is above */
function descend(column: Column, found: Place, visit: Visit): void {
  const at = checked(column, found);
  const { of, path } = column;
  switch (of.kind) {
    case 'group':
      for (const field of of.fields) descend(field, fieldOf(at, field.name), visit);
      return;
    case 'list':
      descend(
        of.element,
        opened(at, itemsOf(at.values), (item) => item),
        visit,
      );
      return;
    case 'map': {
      const entries = entriesOf(at.values);
      descend(
        of.key,
        opened(at, entries, ([key]) => key),
        visit,
      );
      descend(
        of.value,
        opened(at, entries, ([, value]) => value),
        visit,
      );
      return;
    }
    default:
      visit(
        {
          path,
          kind: of.kind,
          maxDefinition: at.maxDefinition,
          maxRepetition: at.maxRepetition,
        },
        at,
      );
  }
}

function checked({ optional, path }: Column, found: Place): Place {
  const { values, definition, maxDefinition } = found;
  if (!optional) {
    for (let i = 0; i < values.length; i++) {
      if ((values[i] ?? undefined) === undefined && definition[i] === maxDefinition)
        throw new Error(`${path.join('.')} is missing in a record`);
    }
    return found;
  }
  const own = definition.slice();
  const present: unknown[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? undefined;
    if (value !== undefined) own[i] = definition[i]! + 1;
    present.push(value);
  }
  return { ...found, values: present, definition: own, maxDefinition: maxDefinition + 1 };
}

function fieldOf(at: Place, name: string): Place {
  const values: unknown[] = [];
  for (const record of at.values as readonly (Json | undefined)[]) {
    values.push(record === undefined ? undefined : record[name]);
  }
  return { ...at, values };
}

const nothing: readonly never[] = [];

function itemsOf(lists: readonly unknown[]): readonly (readonly unknown[])[] {
  return (lists as readonly (readonly unknown[] | undefined)[]).map((list) => list ?? nothing);
}

function entriesOf(maps: readonly unknown[]): readonly (readonly (readonly [string, unknown])[])[] {
  return (maps as readonly (Json | undefined)[]).map((map) =>
    map === undefined ? nothing : Object.entries(map),
  );
}

/** What lists or maps hold: where one is empty or absent a single slot says so. */
function opened<Item>(
  at: Place,
  lists: readonly (readonly Item[])[],
  valueOf: (item: Item) => unknown,
): Place {
  let total = 0;
  for (const list of lists) total += Math.max(1, list.length);
  const definition = new Uint8Array(total);
  const repetition = new Uint8Array(total);
  const values: unknown[] = [];
  const maxRepetition = at.maxRepetition + 1;
  for (let i = 0; i < lists.length; i++) {
    const list = lists[i]!;
    const level = at.definition[i]! + (list.length > 0 ? 1 : 0);
    definition[values.length] = level;
    repetition[values.length] = at.repetition[i]!;
    values.push(list.length > 0 ? valueOf(list[0]!) : undefined);
    for (let j = 1; j < list.length; j++) {
      definition[values.length] = level;
      repetition[values.length] = maxRepetition;
      values.push(valueOf(list[j]!));
    }
  }
  return { values, definition, repetition, maxDefinition: at.maxDefinition + 1, maxRepetition };
}
