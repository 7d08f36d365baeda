// Where a gazetteer's file has what: columns of other names, and what is the same in every line.
import { z } from 'zod';
import { nearest } from '#core/nearest.ts';
import { tidyName } from '#core/place-name.ts';

export const gazetteerFields = [
  'area',
  'postcode',
  'lat',
  'lon',
  'subscribers',
  'technology',
  'country',
  'region',
  'city',
] as const;
export type GazetteerField = (typeof gazetteerFields)[number];

const someText = z.string().trim().min(1, 'must not be empty');

const column = z.union(
  [
    someText,
    z.strictObject({ constant: someText }),
    z.strictObject({
      column: someText,
      pad: z.strictObject({
        length: z.number().int().min(1).max(64),
        with: z.string().length(1).default('0'),
      }),
    }),
  ],
  {
    error:
      'must be the name of a column, or { constant: … }, or { column: …, pad: { length: … } }; text that looks like a number needs quotes',
  },
);

export const gazetteerColumns = z.partialRecord(z.enum(gazetteerFields), column);
export type GazetteerColumns = z.output<typeof gazetteerColumns>;

/** A line's value of a field, tidy as names of places are; null for a missing or empty one. */
export type CellReader = (
  record: Readonly<Record<string, string>>,
  field: GazetteerField,
) => string | null;

/**
 * @param header names of the columns in small letters
 * @param fail is told in a sentence of a column that is named and is not there
 */
export function readCells(
  header: readonly string[],
  columns: GazetteerColumns,
  fail: (what: string) => never,
): CellReader {
  const readers = new Map(
    gazetteerFields.map((field) => {
      const given = columns[field] ?? field;
      if (typeof given === 'object' && 'constant' in given)
        return [field, () => tidyName(given.constant)] as const;
      const name = (typeof given === 'string' ? given : given.column).toLowerCase();
      const isNamed = columns[field] !== undefined || field === 'area';
      if (isNamed && !header.includes(name)) fail(missing(field, name, header));
      const fill = typeof given === 'string' ? undefined : given.pad;
      return [
        field,
        (record: Readonly<Record<string, string>>) => {
          const value = tidyName(record[name] ?? '') || null;
          return fill === undefined || value === null
            ? value
            : value.padStart(fill.length, fill.with);
        },
      ] as const;
    }),
  );
  return (record, field) => readers.get(field)?.(record) ?? null;
}

function missing(field: GazetteerField, name: string, header: readonly string[]): string {
  const meant = nearest(name, header);
  const whose = field === name ? '' : `, which normalize.gazetteerColumns names for ${field},`;
  return `the column "${name}"${whose} is missing${meant === undefined ? '' : `; is "${meant}" meant?`}`;
}
