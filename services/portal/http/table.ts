// An answer as a table: columns with stable names and types, from which CSV, Parquet and GeoJSON are made.
export type ColumnType = 'text' | 'count' | 'number' | 'flag' | 'moment' | 'day';

/** `moment` and `day` are ISO 8601 text, UTC. */
export type Cell = string | number | boolean | null;

export interface Column<Row> {
  /** snake_case. */
  readonly name: string;
  readonly type: ColumnType;
  readonly of: (row: Row) => Cell;
}

export interface Table<Row> {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
}

/** Between the values of a list in one cell. */
const separator = ';';

export function column<Row>(
  name: string,
  type: ColumnType,
  of: (row: Row) => Cell | undefined,
): Column<Row> {
  return { name, type, of: (row) => of(row) ?? null };
}

/** A list in one cell; its values stand in the order of the answer. */
export function listColumn<Row>(name: string, of: (row: Row) => readonly string[]): Column<Row> {
  return column(name, 'text', (row) => of(row).join(separator));
}

/** `name_low` and `name_high`, where the figure has a column of its own. */
export function endsColumns<Row>(
  name: string,
  of: (row: Row) => { readonly low: number; readonly high: number } | null | undefined,
): Column<Row>[] {
  return [
    column(`${name}_low`, 'number', (row) => of(row)?.low),
    column(`${name}_high`, 'number', (row) => of(row)?.high),
  ];
}

/** `name`, `name_low` and `name_high`: a figure and the ends of its interval. */
export function estimateColumns<Row>(
  name: string,
  of: (
    row: Row,
  ) => { readonly value: number; readonly low: number; readonly high: number } | null | undefined,
): Column<Row>[] {
  return [column(name, 'number', (row) => of(row)?.value), ...endsColumns<Row>(name, of)];
}
