// Says which field of a value does not fit its Avro schema; used only once writing has failed, so it may be slow.

/** An Avro schema as parsed from JSON, self-contained. */
export type AvroSchema = string | readonly AvroSchema[] | AvroDefinition;

interface AvroDefinition {
  readonly type: AvroSchema;
  readonly name?: string;
  readonly namespace?: string;
  readonly symbols?: readonly string[];
  readonly items?: AvroSchema;
  readonly values?: AvroSchema;
  readonly fields?: readonly { readonly name: string; readonly type: AvroSchema }[];
}

type Definitions = Map<string, AvroDefinition>;

/** First fault, for example `place.lat must be double or null, is a string`; null when the value fits. Never holds a value. */
export function findMismatch(schema: AvroSchema, value: unknown): string | null {
  const definitions: Definitions = new Map();
  collect(schema, definitions);
  return mismatchAt(schema, value, '', definitions);
}

function mismatchAt(
  schema: AvroSchema,
  value: unknown,
  path: string,
  definitions: Definitions,
  orNull = '',
): string | null {
  const wrong = (wanted: string) =>
    `${path || 'it'} must be ${wanted}${orNull}, is ${kindOf(value)}`;
  if (typeof schema === 'string') {
    const definition = definitions.get(schema);
    if (definition !== undefined) return mismatchAt(definition, value, path, definitions, orNull);
    return fitsPrimitive(schema, value) ? null : wrong(schema);
  }
  if (isUnion(schema)) {
    const other = schema.find((branch) => branch !== 'null');
    if (other === undefined || value === null) return null;
    return mismatchAt(other, value, path, definitions, ' or null');
  }
  const inner = (type: AvroSchema, at: unknown, place: string) =>
    mismatchAt(type, at, path + place, definitions);
  switch (schema.type) {
    case 'record':
      if (!isObject(value)) return wrong('a record');
      return firstFault(schema.fields ?? [], (field) =>
        inner(field.type, value[field.name], path === '' ? field.name : `.${field.name}`),
      );
    case 'enum':
      return schema.symbols?.includes(String(value))
        ? null
        : wrong(`one of ${schema.symbols?.join(', ')}`);
    case 'array':
      if (!Array.isArray(value)) return wrong('an array');
      return firstFault([...value.keys()], (i) =>
        inner(schema.items ?? 'null', value[i], `[${i}]`),
      );
    case 'map':
      if (!isObject(value) || Array.isArray(value)) return wrong('an object');
      return firstFault(Object.values(value), (item) => inner(schema.values ?? 'null', item, '{}'));
    default:
      return mismatchAt(schema.type, value, path, definitions, orNull);
  }
}

function firstFault<T>(items: readonly T[], faultOf: (item: T) => string | null): string | null {
  for (const item of items) {
    const fault = faultOf(item);
    if (fault !== null) return fault;
  }
  return null;
}

function collect(schema: AvroSchema, definitions: Definitions): void {
  if (typeof schema === 'string') return;
  if (isUnion(schema)) {
    for (const branch of schema) collect(branch, definitions);
    return;
  }
  if (schema.name !== undefined) definitions.set(`${schema.namespace}.${schema.name}`, schema);
  for (const part of [schema.type, schema.items, schema.values]) {
    if (part !== undefined) collect(part, definitions);
  }
  for (const field of schema.fields ?? []) collect(field.type, definitions);
}

function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function fitsPrimitive(name: string, value: unknown): boolean {
  switch (name) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
      return typeof value === 'number' && (value | 0) === value;
    case 'long':
      return Number.isSafeInteger(value);
    case 'double':
      return typeof value === 'number';
    case 'string':
      return typeof value === 'string';
    default:
      return name === 'bytes' ? value instanceof Uint8Array : value === null;
  }
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'an integer' : 'a number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
