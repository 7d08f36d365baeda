// How columns come out of either database: dates as days in text and 64-bit numbers as text, for JavaScript has neither.
import { types, type CustomTypesConfig } from 'pg';

const date = 1082;

/** Of `pg`, whose own reading of a date is midnight where the process happens to be. */
export const pgTypes: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === date && format !== 'binary' ? (text: string) => text : types.getTypeParser(oid, format),
};

const int8 = 20;

/** Of PGlite, which reads 64-bit numbers as numbers or bigints, as they fit. */
export const pgliteParsers: Readonly<Record<number, (text: string) => unknown>> = {
  [date]: (text) => text,
  [int8]: (text) => text,
};
