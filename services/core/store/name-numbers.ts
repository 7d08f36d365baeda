// Numbers of names in the store: of labels, places and departments. Known ones are remembered, new ones inserted, by any
// number of copies at once.
import { sql, type RawBuilder, type Transaction } from 'kysely';
import { SignpostError } from '../errors.ts';
import { placeFields, type PlaceNames } from './stored-names.ts';
import type { LabelKind, Tables } from './tables.ts';
import { namesOf, unnested, type Column } from './unnest.ts';

type Tx = Transaction<Tables>;

/** Numbers of names, in their order. What is new is inserted in `tx`, before any other row is locked. */
export type Numbers<Name> = (names: readonly Name[], tx: Tx) => Promise<number[]>;

/** Beyond it everything is looked up again: a source may send ever new names. */
const mostRemembered = 200_000;
const mostDepartments = 62;

export function createLabelNumbers(kind: LabelKind): Numbers<string> {
  return createLookUp<string>(
    (name) => name,
    (names, tx) => findLabels(kind, names, tx),
    (names, tx) => insertLabels(kind, names, tx),
  );
}

export function createPlaceNumbers(): Numbers<PlaceNames> {
  return createLookUp(placeKey, findPlaces, insertPlaces);
}

/** Bits of departments. @throws SignpostError `too-many-departments` beyond 62 */
export function createDepartmentBits(): Numbers<string> {
  return createLookUp<string>((name) => name, findBits, insertBits);
}

type Find<Name> = (names: readonly Name[], tx: Tx) => Promise<readonly (readonly [Name, number])[]>;

/**
 * Numbers of names, in their order. Remembers what was there before anything was inserted: what this transaction inserts
 * itself is gone when it is rolled back, and is found and remembered the next time.
 */
function createLookUp<Name>(
  keyOf: (name: Name) => string,
  find: Find<Name>,
  insert: (names: readonly Name[], tx: Tx) => Promise<void>,
): Numbers<Name> {
  const known = new Map<string, number>();
  return async (names, tx) => {
    if (known.size > mostRemembered) known.clear();
    const keys = names.map(keyOf);
    const missing = new Map<string, Name>();
    for (const [index, key] of keys.entries()) {
      if (!known.has(key)) missing.set(key, names[index]!);
    }
    const fresh = new Map<string, number>();
    if (missing.size > 0) {
      for (const [name, number] of await find([...missing.values()], tx)) {
        known.set(keyOf(name), number);
        missing.delete(keyOf(name));
      }
    }
    if (missing.size > 0) {
      // In one order, so that copies which insert the same names wait for each other and not in a circle.
      const sorted = [...missing].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name);
      await insert(sorted, tx);
      for (const [name, number] of await find(sorted, tx)) fresh.set(keyOf(name), number);
    }
    return keys.map((key) => {
      const number = known.get(key) ?? fresh.get(key);
      if (number === undefined) throw new Error('A name vanished, though none is deleted');
      return number;
    });
  };
}

const nameColumns: readonly Column<string>[] = [{ name: 'name', type: 'text', of: (name) => name }];

async function findLabels(
  kind: LabelKind,
  names: readonly string[],
  tx: Tx,
): Promise<readonly [string, number][]> {
  const { rows } = await sql<{ id: number; name: string }>`
    SELECT l.id, l.name FROM ${unnested(nameColumns, names)} AS wanted
    JOIN signpost.labels l ON l.kind = ${kind} AND l.name = wanted.name`.execute(tx);
  return rows.map(({ id, name }) => [name, id]);
}

async function insertLabels(kind: LabelKind, names: readonly string[], tx: Tx): Promise<void> {
  await sql`
    INSERT INTO signpost.labels (kind, name)
    SELECT ${kind}, name FROM ${unnested(nameColumns, names)} AS new
    ON CONFLICT DO NOTHING`.execute(tx);
}

/** Names hold no character 0. */
function placeKey({ country, region, city, area, postcode, site }: PlaceNames): string {
  return [country, region, city, area, postcode, site].join('\u0000');
}

const placeColumns: readonly Column<PlaceNames>[] = placeFields.map((name) => ({
  name,
  type: 'text',
  of: (place) => place[name],
}));

/** One query for each set of fields that are known: an index finds equal values and nulls, but not "the same or null". */
async function findPlaces(
  places: readonly PlaceNames[],
  tx: Tx,
): Promise<readonly [PlaceNames, number][]> {
  const bySet = Map.groupBy(places, (place) =>
    placeFields.filter((field) => place[field] !== null).join(),
  );
  const found: [PlaceNames, number][] = [];
  for (const group of bySet.values()) {
    const matches = placeFields.map((field): RawBuilder<unknown> => {
      const column = sql.ref(`p.${field}`);
      return group[0]![field] === null
        ? sql`${column} IS NULL`
        : sql`${column} = ${sql.ref(`wanted.${field}`)}`;
    });
    const { rows } = await sql<PlaceNames & { id: number }>`
      SELECT p.* FROM ${unnested(placeColumns, group)} AS wanted
      JOIN signpost.places p ON ${sql.join(matches, sql` AND `)}`.execute(tx);
    for (const { id, ...place } of rows) found.push([place, id]);
  }
  return found;
}

async function insertPlaces(places: readonly PlaceNames[], tx: Tx): Promise<void> {
  await sql`
    INSERT INTO signpost.places (${namesOf(placeColumns)})
    SELECT * FROM ${unnested(placeColumns, places)} AS new
    ON CONFLICT DO NOTHING`.execute(tx);
}

async function findBits(names: readonly string[], tx: Tx): Promise<readonly [string, number][]> {
  const rows = await tx
    .selectFrom('signpost.departments')
    .select(['name', 'bit'])
    .where('name', 'in', [...names])
    .execute();
  return rows.map(({ name, bit }) => [name, bit]);
}

/** One at a time, each the next bit: where another copy took it, or inserted the name, it is looked at again. */
async function insertBits(names: readonly string[], tx: Tx): Promise<void> {
  for (const name of names) {
    while ((await findBits([name], tx)).length === 0) {
      const { rows } = await sql<{ next: number }>`
        SELECT COALESCE(max(bit) + 1, 0)::int AS next FROM signpost.departments`.execute(tx);
      const bit = rows[0]!.next;
      if (bit >= mostDepartments) throw tooMany(name);
      await sql`
        INSERT INTO signpost.departments (bit, name) VALUES (${bit}, ${name})
        ON CONFLICT DO NOTHING`.execute(tx);
    }
  }
}

function tooMany(name: string): SignpostError {
  return new SignpostError(
    'too-many-departments',
    `The planners' store has had ${mostDepartments} departments, and cannot take ${name} in`,
    {
      hint: 'Names of departments that no longer exist keep their place: make the store anew from the log.',
    },
  );
}
