// The first line of a file against the mapping: what does not fit is refused before a row is read, with what
// was found and what to do.
import { SignpostError } from '#core/errors.ts';
import { columnsOfTemplate, pseudoColumns } from '../mapping/mapping-schema.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { RawRecord } from './csv.ts';
import { quoted } from './import-reason.ts';

/** The column names. Throws `header-unreadable`, and as checkColumns does. */
export function readHeader(file: string, first: RawRecord, mapping: Mapping): readonly string[] {
  if (first.kind === 'cells') {
    const header = first.cells.map((cell) => cell.trim());
    checkColumns(file, header, mapping);
    return header;
  }
  const detail = first.kind === 'flaw' ? first.flaw.detail : 'it is not delimited text';
  const isUtf16 = first.kind === 'flaw' && first.flaw.reason === 'nul-byte';
  throw new SignpostError(
    'header-unreadable',
    `The header of ${file} (line ${first.line}) cannot be read: ${detail}.`,
    {
      hint: isUtf16
        ? 'If it is UTF-16 without a byte order mark, put "encoding: utf-16le" into the mapping.'
        : `Mend the first line, or the mapping ${mapping.label} (encoding, delimiter, quotes).`,
    },
  );
}

/** Throws `column-missing`, `wrong-delimiter` or `column-twice`. */
export function checkColumns(file: string, header: readonly string[], mapping: Mapping): void {
  const needed = [...columnsOf(mapping)];
  const missing = needed.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    const other = [',', ';', '\t', '|'].find(
      (delimiter) =>
        delimiter !== mapping.delimiter &&
        header.some((cell) => {
          const parts = cell.split(delimiter).map((part) => part.trim().replaceAll('"', ''));
          return parts.length > 1 && needed.some((name) => parts.includes(name));
        }),
    );
    if (other !== undefined)
      throw new SignpostError(
        'wrong-delimiter',
        `${file} is delimited by ${JSON.stringify(other)}, the mapping ${mapping.label} says ${JSON.stringify(mapping.delimiter)}.`,
        { hint: `Put delimiter: ${JSON.stringify(other)} into the mapping.` },
      );
    throw new SignpostError(
      'column-missing',
      `${file} has no column ${headerForMessage(missing)}, which the mapping ${mapping.label} needs; it has ${headerForMessage(header)}.`,
      { hint: 'Use the mapping made for this file, or change the column names in it.' },
    );
  }
  const twice = needed.filter((name) => header.indexOf(name) !== header.lastIndexOf(name));
  if (twice.length > 0)
    throw new SignpostError(
      'column-twice',
      `${file} has the column ${headerForMessage(twice)} twice.`,
      {
        hint: 'Rename one of them in the file; which one is meant cannot be known.',
      },
    );
}

function columnsOf({ time, fields }: Mapping): Set<string> {
  const columns = new Set([time.column]);
  if (typeof time.zone === 'object') columns.add(time.zone.column);
  for (const { column, template, zone } of Object.values(fields)) {
    if (column !== undefined) columns.add(column);
    if (typeof zone === 'object') columns.add(zone.column);
    for (const name of columnsOfTemplate(template ?? '')) columns.add(name);
  }
  for (const name of pseudoColumns) columns.delete(name);
  return columns;
}

/** A JSON document over many lines would be refused line by line; say once what it is. */
export function refuseJsonDocument(file: string, first: RawRecord): void {
  const text = first.raw.trim();
  if (first.kind !== 'flaw' || !(text === '{' || text.startsWith('['))) return;
  throw new SignpostError(
    'not-json-lines',
    `${file} is one JSON document, not one object on each line.`,
    {
      hint: "Turn it into JSON lines first, such as with: jq -c '.[]' FILE > FILE.jsonl",
    },
  );
}

function headerForMessage(cells: readonly string[]): string {
  const shown = cells.slice(0, 30).map((cell) => quoted(cell));
  return shown.join(', ') + (cells.length > shown.length ? ', …' : '');
}
