// The table that Trino and Athena are told of, from the columns that files of the archive have.
import type { Dataset } from '../../services/archive/datasets.ts';
import { fileSchemaOf, type Column } from '../../services/archive/parquet/schema.ts';

/** Columns of `CREATE EXTERNAL TABLE`, one on each line. */
export function hiveColumns(dataset: Pick<Dataset<unknown>, 'topic'>): string {
  const { fields, bookkeeping } = fileSchemaOf(dataset);
  return [...fields, ...bookkeeping]
    .map((column) => `  ${quoted(column.name)} ${hiveType(column)}`)
    .join(',\n');
}

const plain = {
  boolean: 'boolean',
  int: 'int',
  long: 'bigint',
  timestamp: 'timestamp',
  double: 'double',
  string: 'string',
  bytes: 'binary',
  enum: 'string',
} as const;

function hiveType({ of }: Column): string {
  switch (of.kind) {
    case 'group':
      return `struct<${of.fields.map((field) => `${quoted(field.name)}:${hiveType(field)}`).join(',')}>`;
    case 'list':
      return `array<${hiveType(of.element)}>`;
    case 'map':
      return `map<${hiveType(of.key)},${hiveType(of.value)}>`;
    default:
      return plain[of.kind];
  }
}

/** A name that begins with an underscore, or is a word of the language, needs quotes. */
function quoted(name: string): string {
  return name.startsWith('_') || name === 'end' ? `\`${name}\`` : name;
}
