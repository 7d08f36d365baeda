// The columns of a dataset's files: the fields of its topic's record by their names, nested as they are there, and behind
// them where the record was on the topic. They follow from the Avro schema that the topic's codec writes with.
import type { ParquetWriter } from 'hyparquet-writer';
import { type FieldShape, parseShape, type Shape } from '#core/registry/avro-shape.ts';
import { defaultOf } from '#core/registry/resolve.ts';
import { shippedSchemas } from '#core/registry/shipped.ts';
import type { Dataset } from '../datasets.ts';
import { type Fact, type Facts, factsOf } from './field-facts.ts';

export type SchemaElement = ParquetWriter['schema'][number];

export type LeafKind =
  | 'boolean'
  | 'int'
  | 'long'
  /** Milliseconds since the epoch. */
  | 'timestamp'
  | 'double'
  | 'string'
  | 'bytes';

export type ColumnType =
  | { readonly kind: LeafKind }
  | { readonly kind: 'enum'; readonly symbols: ReadonlySet<string>; readonly other: string | null }
  | { readonly kind: 'group'; readonly fields: readonly Column[] }
  | { readonly kind: 'list'; readonly element: Column }
  | { readonly kind: 'map'; readonly key: Column; readonly value: Column };

/** A column, or a group of them. */
export interface Column {
  readonly name: string;
  /** From the root, with the levels that Parquet puts into lists and maps. */
  readonly path: readonly string[];
  readonly doc: string;
  /** Whether it may be null. */
  readonly optional: boolean;
  readonly of: ColumnType;
  /** What the field is where an older file does not have it. */
  readonly missing?: () => unknown;
}

export interface FileSchema {
  /** Fields of the record. */
  readonly fields: readonly Column[];
  /** Where it was on the topic: see `row.ts`. */
  readonly bookkeeping: readonly Column[];
  /** As Parquet lists them: each group before what it holds. */
  readonly elements: readonly SchemaElement[];
  readonly avroSchema: string;
}

/** Of the files that are written now. */
export function fileSchemaOf({ topic: { codec } }: Pick<Dataset<unknown>, 'topic'>): FileSchema {
  const shipped = shippedSchemas().find(({ id }) => id === codec.schemaId);
  if (shipped === undefined) throw new Error(`no schema of id ${codec.schemaId} is shipped`);
  return fileSchemaOfText(shipped.text);
}

const known = new Map<string, FileSchema>();

/** Of files whose records have that Avro schema. @throws Error where it is none that codecs read */
export function fileSchemaOfText(avroSchema: string): FileSchema {
  const made = known.get(avroSchema);
  if (made !== undefined) return made;
  const facts = factsOf(JSON.parse(avroSchema));
  const shape = parseShape(avroSchema);
  const fields = shape.fields.map((field) => columnOfField(shape.name, field, [], facts));
  const columns = [...fields, ...bookkeeping];
  const root: SchemaElement = { name: 'schema', num_children: columns.length };
  const elements = [root, ...columns.flatMap(elementsOf)];
  const schema = { fields, bookkeeping, elements, avroSchema };
  known.set(avroSchema, schema);
  return schema;
}

/** Doc of each column by its path, the parts joined by dots. */
export function docsOf({ fields }: FileSchema): Readonly<Record<string, string>> {
  const docs: Record<string, string> = {};
  const note = ({ path, doc, of }: Column): void => {
    if (doc !== '') docs[path.join('.')] = doc;
    if (of.kind === 'group') of.fields.forEach(note);
    else if (of.kind === 'list') note(of.element);
    else if (of.kind === 'map') note(of.value);
  };
  [...fields, ...bookkeeping].forEach(note);
  return docs;
}

const own = (name: string, kind: LeafKind, optional: boolean, doc: string): Column => ({
  name,
  path: [name],
  doc,
  optional,
  of: { kind },
});

const bookkeeping: readonly Column[] = [
  own('_partition', 'int', false, 'Partition of the topic that the record was on.'),
  own('_offset', 'long', false, 'Its offset there: with the partition it names the record.'),
  own('_timestamp', 'timestamp', false, "The record's own time on the topic."),
  own(
    '_origin',
    'string',
    true,
    'topic/partition/offset of the intake record that it stems from; null where it began here.',
  ),
  own('_traceparent', 'string', true, 'W3C trace context that it was written in.'),
  own('_replay_of', 'string', true, 'Id of the dead letter that it replays.'),
  own(
    '_erased_at',
    'timestamp',
    true,
    'When the words of its customer were erased: what is left of it has none. Null otherwise.',
  ),
];

function columnOfField(
  record: string,
  { name, of, default: fallback }: FieldShape,
  above: readonly string[],
  facts: Facts,
): Column {
  const fact = facts.get(`${record}.${name}`) ?? { doc: '', isTimestamp: false };
  const column = columnOf(name, of, above, fact, facts);
  return fallback === undefined ? column : { ...column, missing: defaultOf(of, fallback.value) };
}

function columnOf(
  name: string,
  shape: Shape,
  above: readonly string[],
  fact: Fact,
  facts: Facts,
): Column {
  const path = [...above, name];
  if (shape.kind === 'nullable')
    return { ...columnOf(name, shape.of, above, fact, facts), optional: true };
  const inner = { ...fact, doc: '' };
  const typeOf = (): ColumnType => {
    switch (shape.kind) {
      case 'record':
        return {
          kind: 'group',
          fields: shape.fields.map((field) => columnOfField(shape.name, field, path, facts)),
        };
      case 'array':
        return {
          kind: 'list',
          element: columnOf('element', shape.of, [...path, 'list'], inner, facts),
        };
      case 'map': {
        const within = [...path, 'key_value'];
        return {
          kind: 'map',
          key: columnOf('key', { kind: 'string' }, within, inner, facts),
          value: columnOf('value', shape.of, within, inner, facts),
        };
      }
      case 'enum':
        return { kind: 'enum', symbols: new Set(shape.symbols), other: shape.default };
      case 'long':
        return { kind: fact.isTimestamp ? 'timestamp' : 'long' };
      default:
        return { kind: shape.kind };
    }
  };
  const symbols = shape.kind === 'enum' ? ` One of: ${shape.symbols.join(', ')}.` : '';
  return { name, path, doc: `${fact.doc}${symbols}`.trim(), optional: false, of: typeOf() };
}

/** Lists and maps have the levels of the standard: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#nested-types */
function elementsOf({ name, optional, of }: Column): readonly SchemaElement[] {
  const repetition_type = optional ? 'OPTIONAL' : 'REQUIRED';
  switch (of.kind) {
    case 'group':
      return [
        { name, repetition_type, num_children: of.fields.length },
        ...of.fields.flatMap(elementsOf),
      ];
    case 'list':
      return [
        {
          name,
          repetition_type,
          num_children: 1,
          converted_type: 'LIST',
          logical_type: { type: 'LIST' },
        },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...elementsOf(of.element),
      ];
    case 'map':
      return [
        {
          name,
          repetition_type,
          num_children: 1,
          converted_type: 'MAP',
          logical_type: { type: 'MAP' },
        },
        { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
        ...elementsOf(of.key),
        ...elementsOf(of.value),
      ];
    default:
      return [{ name, repetition_type, ...leafElements[of.kind] }];
  }
}

/** Enums are strings to every engine; the logical type ENUM is bytes to some. */
const text = {
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
} as const;
const leafElements = {
  boolean: { type: 'BOOLEAN' },
  int: { type: 'INT32' },
  long: { type: 'INT64' },
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
  double: { type: 'DOUBLE' },
  string: text,
  enum: text,
  bytes: { type: 'BYTE_ARRAY' },
} as const satisfies Record<LeafKind | 'enum', Partial<SchemaElement>>;

/** How a leaf's values lie in the file. */
export function physicalType(kind: LeafKind | 'enum'): (typeof leafElements)[LeafKind]['type'] {
  return leafElements[kind].type;
}
