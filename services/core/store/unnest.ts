// Many rows as a few arrays: a batch is one statement to the server however many rows it has.
import { sql, type RawBuilder } from 'kysely';

export interface Column<Row> {
  readonly name: string;
  /** As in SQL; `moment` is a timestamptz given as milliseconds since the epoch, `jsonb` as JSON in one line. */
  readonly type:
    | 'bigint'
    | 'boolean'
    | 'date'
    | 'double precision'
    | 'integer'
    | 'jsonb'
    | 'moment'
    | 'real'
    | 'smallint'
    | 'text'
    | 'uuid';
  readonly of: (row: Row) => string | number | bigint | boolean | null;
}

/** `(SELECT …)` of the rows in their order, with a column for each of `columns`; to stand behind FROM with a name. */
export function unnested<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): RawBuilder<unknown> {
  const list = columns.map(({ name, type }) =>
    type === 'moment' ? sql`to_timestamp(${sql.ref(name)}) AS ${sql.ref(name)}` : sql.ref(name),
  );
  const arrays = columns.map(({ type, of }) => {
    if (type === 'jsonb') return sql`string_to_array(${linesOf(rows, of)}, E'\\n', '')::jsonb[]`;
    const element = type === 'moment' ? 'double precision' : type;
    return sql`${arrayOf(rows, type === 'moment' ? secondsOf(of) : of)}::${sql.raw(element)}[]`;
  });
  return sql`(SELECT ${sql.join(list)} FROM unnest(${sql.join(arrays)}) AS given (${namesOf(columns)}))`;
}

/** Names of the columns, for INSERT. */
export function namesOf(columns: readonly { readonly name: string }[]): RawBuilder<unknown> {
  return sql.join(columns.map(({ name }) => sql.ref(name)));
}

function secondsOf<Row>(of: Column<Row>['of']): Column<Row>['of'] {
  return (row) => {
    const ms = of(row);
    return ms === null ? null : Number(ms) / 1000;
  };
}

/** JSON is full of quotes, which an array literal would escape each; but it has no line breaks. Null is an empty line. */
function linesOf<Row>(rows: readonly Row[], of: Column<Row>['of']): string {
  let lines = '';
  for (const [index, row] of rows.entries()) {
    if (index > 0) lines += '\n';
    lines += of(row) ?? '';
  }
  return lines;
}

/** An array literal: much less work, on both sides, than a list of parameters. */
function arrayOf<Row>(rows: readonly Row[], of: Column<Row>['of']): string {
  let literal = '{';
  for (const [index, row] of rows.entries()) {
    const value = of(row);
    if (index > 0) literal += ',';
    if (value === null) literal += 'NULL';
    else literal += typeof value === 'string' ? quoted(value) : String(value);
  }
  return `${literal}}`;
}

const special = /["\\]/g;
function quoted(value: string): string {
  return value.search(special) >= 0 ? `"${value.replaceAll(special, '\\$&')}"` : `"${value}"`;
}
