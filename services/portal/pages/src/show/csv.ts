// A table as the text of a CSV file for spreadsheets. Pure.
export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | number | null;
  /** Also where it is told in words, like an interval. */
  readonly isNumber?: true;
}

/** RFC 4180. No cell begins as a formula does: customers' words end up in spreadsheets. */
export function csvOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map(({ title }) => cell(title)),
    ...rows.map((row) => columns.map(({ of }) => cell(of(row)))),
  ];
  return lines.map((line) => `${line.join(',')}\r\n`).join('');
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
