// A file of rollout waves (CSV) as lines of a plan, or everything that is wrong with it, each with its line and column.
// Pure: what the file says goes no further than the line it stands on.
import { CsvError, parse } from 'csv-parse/sync';
import { nearest } from '#core/nearest.ts';
import { planColumns, type Flaw, type Plan, type PlanColumn, type PlanLine } from './plan.ts';
import { cellFlaw, dayOf, nameOf } from './cells.ts';

/** Of a file; a plan of 200,000 lines takes about 10 MB. */
export const maxPlanBytes = 16 * 1024 * 1024;
export const maxPlanLines = 200_000;
const maxIgnoredColumns = 50;

/**
 * Reads a whole file. The separator is a comma, a semicolon or a tab, whichever the header has; columns may stand in
 * any order, and others beside them are passed over.
 * @param now milliseconds since the epoch: nothing can be finished on a later day
 */
export function readWaves(bytes: Uint8Array, now: number): Plan {
  if (bytes.length > maxPlanBytes)
    return flawed(1, null, 'too-large', `a plan has at most ${maxPlanBytes / 1024 / 1024} MiB`);
  const text = decode(bytes);
  if (text === undefined) return flawed(1, null, 'not-utf8', 'it is not UTF-8 text');
  const rows = rowsOf(text);
  if (!Array.isArray(rows)) return { ok: false, flaws: [rows] };
  const [header, ...body] = rows;
  if (header === undefined)
    return flawed(1, null, 'column-missing', 'it is empty; its first line names the columns');
  const columns = columnsOf(header.cells);
  if ('flaws' in columns) return { ok: false, flaws: columns.flaws };
  if (body.length > maxPlanLines)
    return flawed(1, null, 'too-large', `a plan has at most ${maxPlanLines} lines`);
  return linesOf(body, header.cells.length, columns, now);
}

interface Row {
  readonly cells: readonly string[];
  /** From 1; of a row that goes over several lines its last. */
  readonly line: number;
}

interface Columns {
  readonly at: Readonly<Partial<Record<PlanColumn, number>>>;
  readonly passedOver: readonly string[];
}

function linesOf(rows: readonly Row[], width: number, columns: Columns, now: number): Plan {
  const flaws: Flaw[] = [];
  const lines: PlanLine[] = [];
  const firstSeen = new Map<string, number>();
  for (const { cells, line } of rows) {
    const read = lineOf(cells, line, width, columns.at, now);
    if ('flaws' in read) {
      flaws.push(...read.flaws);
      continue;
    }
    const key = JSON.stringify([read.wave, read.area.toLowerCase(), read.technology]);
    const first = firstSeen.get(key);
    if (first === undefined) {
      firstSeen.set(key, line);
      lines.push(read);
      continue;
    }
    const detail = `it has the wave, area and technology of line ${first}; there can be one of each`;
    flaws.push({ line, column: null, reason: 'duplicate', detail });
  }
  if (flaws.length > 0) return { ok: false, flaws };
  if (lines.length === 0) return flawed(1, null, 'no-lines', 'there is no line below the header');
  return { ok: true, lines, passedOver: columns.passedOver };
}

function lineOf(
  cells: readonly string[],
  line: number,
  width: number,
  at: Columns['at'],
  now: number,
): PlanLine | { readonly flaws: readonly Flaw[] } {
  if (cells.length !== width) {
    const detail = `it has ${cells.length} cells, the header has ${width}; a cell with the separator in it needs quotes`;
    return { flaws: [{ line, column: null, reason: 'cells', detail }] };
  }
  const flaws: Flaw[] = [];
  const cell = (column: PlanColumn): string => cells[at[column] ?? -1] ?? '';
  const name = (column: 'wave' | 'area' | 'technology'): string => {
    const read = nameOf(cell(column));
    if (read.ok) return read.value;
    flaws.push(cellFlaw(line, column, read));
    return '';
  };
  const day = (column: 'planned' | 'finished'): string | null => {
    const read = dayOf(cell(column), column === 'finished' ? now : undefined);
    if (read.ok) return read.value;
    flaws.push(cellFlaw(line, column, read));
    return null;
  };
  const area = name('area');
  const wave = name('wave');
  const technology = name('technology');
  const plannedOn = day('planned');
  const finishedOn = cell('finished').trim() === '' ? null : day('finished');
  if (flaws.length > 0 || plannedOn === null) return { flaws };
  return { line, wave, area, technology, plannedOn, finishedOn };
}

/** Where each column stands; `date` is another name of `planned`. */
function columnsOf(header: readonly string[]): Columns | { readonly flaws: readonly Flaw[] } {
  const at: Partial<Record<PlanColumn, number>> = {};
  const passedOver: string[] = [];
  const flaws: Flaw[] = [];
  for (const [index, cell] of header.entries()) {
    const name = cell.trim().toLowerCase();
    const column = planColumns.find((each) => each === (name === 'date' ? 'planned' : name));
    if (column === undefined) passedOver.push(cell.trim());
    else if (at[column] === undefined) at[column] = index;
    else
      flaws.push({
        line: 1,
        column,
        reason: 'column-twice',
        detail: column === 'planned' ? 'date or planned is there twice' : 'it is there twice',
      });
  }
  for (const column of planColumns) {
    if (column === 'finished' || at[column] !== undefined) continue;
    const meant = nearest(column, passedOver);
    const hint = meant === undefined ? '' : `; is ${JSON.stringify(meant)} meant?`;
    flaws.push({ line: 1, column, reason: 'column-missing', detail: `it is missing${hint}` });
  }
  return flaws.length > 0 ? { flaws } : { at, passedOver: passedOver.slice(0, maxIgnoredColumns) };
}

function rowsOf(text: string): Row[] | Flaw {
  try {
    const rows = parse(text, {
      delimiter: separatorOf(text),
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: 100_000,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return rows
      .map(({ record, info }) => ({ cells: record, line: info.lines }))
      .filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error['lines'] ?? 1);
    const detail =
      error.code === 'CSV_MAX_RECORD_SIZE'
        ? 'it is too long; is a quote not closed?'
        : 'a quote is not closed, or text follows a closed one';
    return { line, column: null, reason: 'quotes', detail };
  }
}

/** Whichever the header has most of. */
function separatorOf(text: string): string {
  const end = text.search(/[\r\n]/);
  const header = end < 0 ? text : text.slice(0, end);
  const found = [',', ';', '\t'].map((each) => ({ each, count: header.split(each).length }));
  return found.reduce((most, one) => (one.count > most.count ? one : most)).each;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    // Without its byte order mark, which the decoder takes away.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function flawed(
  line: number,
  column: PlanColumn | null,
  reason: Flaw['reason'],
  detail: string,
): Plan {
  return { ok: false, flaws: [{ line, column, reason, detail }] };
}
