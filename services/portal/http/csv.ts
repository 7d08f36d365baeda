// CSV after RFC 4180 that no spreadsheet takes for formulas: what customers wrote may begin with one.
import type { Cell, Table } from './table.ts';

/**
 * https://owasp.org/www-community/attacks/CSV_Injection: spreadsheets evaluate cells that begin so; the wide forms count
 * as the narrow ones in some.
 */
const formula = /^[=+\-@\t\r\n＝＋－＠]/;
/**
 * Where a spreadsheet splits at semicolons or tabs, what follows one begins a cell; and so does each value of a list.
 * Quotes alone do not help there: a quote within a cell, as a comma before it makes this one, is text.
 */
const formulaWithin = /([;\t])(?=[=+\-@\t\r\n＝＋－＠])/g;
const needsQuotes = /[",;\t\r\n]/;

/** UTF-8, lines end in CRLF, the first one names the columns. */
export function csvOf<Row>({ columns, rows }: Table<Row>): Buffer {
  const lines = rows.map((row) => columns.map((column) => cellText(column.of(row))).join(','));
  const head = columns.map(({ name }) => name).join(',');
  return Buffer.from([head, ...lines, ''].join('\r\n'));
}

/** Empty for null. A negative number is no formula, a text that looks like one may be. */
function cellText(cell: Cell): string {
  if (typeof cell !== 'string') return cell === null ? '' : String(cell);
  const within = cell.replaceAll(formulaWithin, "$1'");
  const safe = formula.test(cell) ? `'${within}` : within;
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
