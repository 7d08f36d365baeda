// Says which field of a value does not fit its Avro schema; used only once writing has failed, so it may be slow.

/** An Avro schema as parsed from JSON. */
export type AvroSchema =
  | string
  | readonly AvroSchema[]
  | {
      readonly type: AvroSchema;
      readonly name?: string;
      readonly namespace?: string;
      readonly symbols?: readonly string[];
      readonly items?: AvroSchema;
      readonly values?: AvroSchema;
      readonly fields?: readonly { readonly name: string; readonly type: AvroSchema }[];
    };

/** First fault, for example `place.lat must be double or null, is a string`; null when the value fits. Never holds a value. */
export function findMismatch(schema: AvroSchema, value: unknown): string | null {
  return mismatchAt(schema, value, '', new Map());
}

function mismatchAt(
  schema: AvroSchema,
  value: unknown,
  path: string,
  named: Map<string, AvroSchema>,
): string | null {
  const wrong = (wanted: string) => `${path || 'it'} must be ${wanted}, is ${kindOf(value)}`;
  if (typeof schema === 'string') {
    const definition = named.get(schema);
    if (definition !== undefined) return mismatchAt(definition, value, path, named);
    return fitsPrimitive(schema, value) ? null : wrong(schema);
  }
  if (isUnion(schema)) {
    const other = schema.find((branch) => branch !== 'null');
    if (other === undefined) return null;
    // Walk it for the names it defines even when null.
    if (value === null) {
      mismatchAt(other, value, path, named);
      return null;
    }
    const fault = mismatchAt(other, value, path, named);
    return fault?.startsWith(`${path || 'it'} must be `) ? fault.replace(', is', ' or null, is') : fault;
  }
  if (schema.name !== undefined) {
    named.set(`${schema.namespace ?? 'signpost'}.${schema.name}`, schema);
  }
  switch (schema.type) {
    case 'record': {
      const isObject = typeof value === 'object' && value !== null;
      let first: string | null = isObject ? null : wrong('a record');
      for (const field of schema.fields ?? []) {
        const inner = isObject ? (value as Record<string, unknown>)[field.name] : undefined;
        const fault = mismatchAt(field.type, inner, path ? `${path}.${field.name}` : field.name, named);
        first ??= fault;
      }
      return first;
    }
    case 'enum':
      return schema.symbols?.includes(value as string)
        ? null
        : wrong(`one of ${schema.symbols?.join(', ')}`);
    case 'array': {
      if (!Array.isArray(value)) return wrong('an array');
      return firstFault(value.map((item, i) => mismatchAt(schema.items!, item, `${path}[${i}]`, named)));
    }
    case 'map': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('an object');
      return firstFault(
        Object.values(value).map((item) => mismatchAt(schema.values!, item, `${path}{}`, named)),
      );
    }
    default:
      return mismatchAt(schema.type, value, path, named);
  }
}

function firstFault(faults: readonly (string | null)[]): string | null {
  return faults.find((fault) => fault !== null) ?? null;
}

function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}

function fitsPrimitive(name: string, value: unknown): boolean {
  switch (name) {
    case 'null':
      return value === null;
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
    case 'bytes':
      return value instanceof Uint8Array;
    default:
      return true;
  }
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
