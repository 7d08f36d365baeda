// Names in the filters of a question that nothing has which the reader may see: a misspelt one would be an empty answer
// without a word. Nothing is told that another department's rows alone hold, and nothing of a store that is new.
import { sql } from 'kysely';
import { nearest } from '#core/nearest.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Notice } from '../api/answers.ts';
import type { Reading } from './as-reader.ts';
import type { Narrowing } from './where.ts';

/** Columns of the gazetteer are places too, whether anything was said there or not. */
const listed = ['country', 'region', 'city', 'area', 'postcode'] as const;
const fields = ['theme', 'technology', ...listed, 'site'] as const;
type Field = (typeof fields)[number];

/** What stands for no name at all is always a question. */
const unnamed: Readonly<Partial<Record<Field, string>>> = { theme: 'none', technology: 'unknown' };

const mostNotices = 10;
/** Names that one is compared with; those that begin alike first. */
const mostCompared = 10_000;
/** Near names that this reader may turn out not to see. */
const mostTried = 3;

/** What was seen once: names are not deleted, so that a known one costs nothing more. */
const remembered = new WeakMap<Db, Set<string>>();
const mostRemembered = 10_000;

/** In the order of the parameters; at most ten. */
export async function unseenNames(reading: Reading, filters: Narrowing): Promise<Notice[]> {
  const memory = memoryOf(reading);
  const unseen: { readonly field: Field; readonly value: string }[] = [];
  for (const field of fields) {
    const values = (filters[field] ?? []).filter(
      (value) => value !== unnamed[field] && !memory.has(field, value),
    );
    if (values.length === 0) continue;
    const seen = await seenOf(reading, field, values);
    for (const value of values) {
      if (seen.has(value)) memory.add(field, value);
      else unseen.push({ field, value });
    }
  }
  if (unseen.length === 0 || (await isNew(reading))) return [];
  const notices: Notice[] = [];
  for (const { field, value } of unseen.slice(0, mostNotices)) {
    const meant = await nearestSeen(reading, field, value);
    notices.push({
      field,
      value,
      nearest: meant,
      message: messageOf(reading, field, value, meant),
    });
  }
  return notices;
}

function memoryOf({ db, departments, seesAll }: Reading) {
  let names = remembered.get(db);
  if (names === undefined) remembered.set(db, (names = new Set()));
  const all = names;
  const who = seesAll ? 'all' : [...departments.keys()].join();
  const keyOf = (field: Field, value: string): string => `${who} ${field} ${value}`;
  return {
    has: (field: Field, value: string): boolean => all.has(keyOf(field, value)),
    add(field: Field, value: string): void {
      if (all.size >= mostRemembered) all.clear();
      all.add(keyOf(field, value));
    },
  };
}

/** Those of the values that there are. One look by an index for each: EXISTS would go through all signals. */
async function seenOf(
  { tx }: Reading,
  field: Field,
  values: readonly string[],
): Promise<ReadonlySet<string>> {
  const column = sql.ref(field);
  const query = isLabel(field)
    ? sql<{ name: string }>`
        SELECT l.name FROM signpost.labels l
        WHERE l.kind = ${field} AND l.name = ANY (${values}::text[])
          AND (SELECT true FROM signpost.signals s WHERE s.${column} = l.id LIMIT 1)`
    : sql<{ name: string }>`
        SELECT named.name FROM (
          SELECT p.${column} AS name, array_agg(p.id) AS ids FROM signpost.places p
          WHERE p.${column} = ANY (${values}::text[]) GROUP BY 1) AS named
        WHERE (SELECT true FROM signpost.signals s WHERE s.place = ANY (named.ids) LIMIT 1)
        ${isListed(field) ? sql`UNION SELECT ${column} FROM signpost.gazetteer WHERE ${column} = ANY (${values}::text[])` : sql``}`;
  const { rows } = await query.execute(tx);
  return new Set(rows.map(({ name }) => name));
}

/** Whether no signal ever came: then no name can be said to be wrong. */
async function isNew({ tx }: Reading): Promise<boolean> {
  const { rows } = await sql`SELECT true FROM signpost.places LIMIT 1`.execute(tx);
  return rows.length === 0;
}

/** The name that was meant, of those that the reader may see; null where none is near enough. */
export async function nearestSeen(
  reading: Reading,
  field: Field,
  value: string,
): Promise<string | null> {
  const candidates = new Set(await candidatesFor(reading, field, value));
  for (let tried = 0; tried < mostTried; tried += 1) {
    const near = nearest(value, [...candidates]);
    if (near === undefined) return null;
    if ((await seenOf(reading, field, [near])).has(near)) return near;
    candidates.delete(near);
  }
  return null;
}

/** Others are further away than `nearest` goes, by their length alone. */
async function candidatesFor(
  { tx }: Reading,
  field: Field,
  value: string,
): Promise<readonly string[]> {
  const column = sql.ref(field);
  const known = isLabel(field)
    ? sql`SELECT name FROM signpost.labels WHERE kind = ${field}`
    : isListed(field)
      ? sql`SELECT ${column} FROM signpost.places UNION SELECT ${column} FROM signpost.gazetteer`
      : sql`SELECT ${column} FROM signpost.places`;
  const { rows } = await sql<{ name: string }>`
    SELECT DISTINCT name, lower(left(name, 1)) = ${value.slice(0, 1).toLowerCase()} AS alike
    FROM (${known}) AS known (name)
    WHERE length(name) BETWEEN ${Math.floor((value.length * 2) / 3) - 1} AND ${Math.ceil((value.length * 4) / 3) + 1}
    ORDER BY alike DESC, name LIMIT ${mostCompared}`.execute(tx);
  return rows.map(({ name }) => name);
}

function messageOf(
  { seesAll }: Reading,
  field: Field,
  value: string,
  meant: string | null,
): string {
  const signal = seesAll ? 'signal' : 'signal that you may see';
  const nobody = isListed(field)
    ? `Neither the gazetteer nor any ${signal} has`
    : `No ${signal} has`;
  const perhaps = meant === null ? '' : `; perhaps ${meant} is meant`;
  return `${nobody} the ${field} ${value}${perhaps}.`;
}

function isLabel(field: Field): field is 'theme' | 'technology' {
  return field === 'theme' || field === 'technology';
}

function isListed(field: Field): field is (typeof listed)[number] {
  return (listed as readonly Field[]).includes(field);
}
