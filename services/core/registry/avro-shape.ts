// The shape of values that an Avro schema describes, without its docs. Schemas come from other releases and from
// registries: whatever they hold, reading one ends quickly, and what codecs cannot read is refused with its place.

/** The part of Avro in use; see docs/decisions/0003-schemas.md. Named types stand in place, none within itself. */
export type Shape =
  | { readonly kind: 'boolean' | 'int' | 'long' | 'double' | 'string' | 'bytes' }
  | { readonly kind: 'nullable'; readonly nullAt: 0 | 1; readonly of: Shape }
  | { readonly kind: 'array' | 'map'; readonly of: Shape }
  | RecordShape
  | EnumShape;

export interface RecordShape {
  readonly kind: 'record';
  /** Full name. */
  readonly name: string;
  readonly fields: readonly FieldShape[];
}

export interface FieldShape {
  readonly name: string;
  readonly of: Shape;
  /** As JSON; absent when the field has none. */
  readonly default?: { readonly value: unknown };
}

export interface EnumShape {
  readonly kind: 'enum';
  readonly name: string;
  readonly symbols: readonly string[];
  readonly default: string | null;
}

/** Longer schemas are not read. Those of Signpost have 3,000 to 8,000 characters. */
export const mostSchemaText = 256 * 1024;
const mostDepth = 64;
const names = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const primitives: ReadonlySet<string> = new Set([
  'boolean',
  'int',
  'long',
  'double',
  'string',
  'bytes',
]);

type Json = Readonly<Record<string, unknown>>;

interface Reading {
  /** How deep values of a type nest: a chain of names nests deeper than the text that defines it. */
  readonly depths: Map<Shape, number>;
  /** By full name; null while its own fields are being read. */
  readonly named: Map<string, Shape | null>;
  readonly depth: number;
  readonly namespace: string;
  readonly place: string;
}

/** @throws Error naming the place when `text` is no schema of a record, or one that codecs cannot read. */
export function parseShape(text: string): RecordShape {
  if (text.length > mostSchemaText) throw new Error(`longer than ${mostSchemaText} characters`);
  const shape = shapeOf(JSON.parse(text), {
    depths: new Map(),
    named: new Map(),
    depth: 0,
    namespace: '',
    place: 'the schema',
  });
  if (shape.kind !== 'record') throw new Error('not the schema of a record');
  return shape;
}

/** Two schemas with the same text here write the same bytes and read them the same. */
export function canonicalText(shape: RecordShape): string {
  const seen = new Set<string>();
  const plain = (of: Shape): unknown => {
    switch (of.kind) {
      case 'nullable':
        return of.nullAt === 0 ? ['null', plain(of.of)] : [plain(of.of), 'null'];
      case 'array':
      case 'map':
        return [of.kind, plain(of.of)];
      case 'enum':
        if (seen.has(of.name)) return of.name;
        seen.add(of.name);
        return [of.kind, of.name, of.symbols, of.default];
      case 'record':
        if (seen.has(of.name)) return of.name;
        seen.add(of.name);
        return [of.kind, of.name, of.fields.map((f) => [f.name, plain(f.of), f.default ?? null])];
      default:
        return of.kind;
    }
  };
  return JSON.stringify(plain(shape));
}

function shapeOf(json: unknown, reading: Reading): Shape {
  if (reading.depth > mostDepth) throw refusal(reading, `nested deeper than ${mostDepth}`);
  const shape = readType(json, reading);
  if (!reading.depths.has(shape)) {
    const within =
      'of' in shape ? [shape.of] : 'fields' in shape ? shape.fields.map((f) => f.of) : [];
    const depth = 1 + Math.max(0, ...within.map((of) => reading.depths.get(of) ?? 0));
    if (depth > mostDepth) throw refusal(reading, `nested deeper than ${mostDepth}`);
    reading.depths.set(shape, depth);
  }
  return shape;
}

function readType(json: unknown, reading: Reading): Shape {
  if (typeof json === 'string') return byName(json, reading);
  const inner = { ...reading, depth: reading.depth + 1 };
  if (Array.isArray(json)) return unionOf(json, inner);
  if (!isJson(json)) throw refusal(reading, 'no type');
  switch (json['type']) {
    case 'record':
      return recordOf(json, inner);
    case 'enum':
      return enumOf(json, inner);
    case 'array':
      return { kind: 'array', of: shapeOf(json['items'], inner) };
    case 'map':
      return { kind: 'map', of: shapeOf(json['values'], inner) };
    default:
      // A primitive or a name with properties beside it, such as a logical type, which changes no byte.
      return shapeOf(json['type'], inner);
  }
}

function byName(name: string, reading: Reading): Shape {
  if (primitives.has(name)) return { kind: name as 'string' };
  const full = name.includes('.') ? name : qualified(name, reading.namespace);
  const shape = reading.named.get(reading.named.has(full) ? full : name);
  if (shape === null) throw refusal(reading, `${name} within itself`);
  if (shape === undefined) throw refusal(reading, `no type ${name.slice(0, 100)} that can be read`);
  return shape;
}

function unionOf(branches: readonly unknown[], reading: Reading): Shape {
  const nullAt = branches.indexOf('null');
  if (branches.length !== 2 || (nullAt !== 0 && nullAt !== 1) || branches[1 - nullAt] === 'null') {
    throw refusal(reading, 'a union of other than null and one type');
  }
  return { kind: 'nullable', nullAt, of: shapeOf(branches[1 - nullAt], reading) };
}

function recordOf(json: Json, reading: Reading): RecordShape {
  const { name, namespace } = fullName(json, reading);
  reading.named.set(name, null);
  const listed = json['fields'];
  if (!Array.isArray(listed) || listed.length === 0) throw refusal(reading, `${name} has no field`);
  const taken = new Set<string>();
  const fields = listed.map((field: unknown): FieldShape => {
    if (!isJson(field) || typeof field['name'] !== 'string' || !names.test(field['name'])) {
      throw refusal(reading, `${name} has a field without a name`);
    }
    if (taken.has(field['name'])) throw refusal(reading, `${name} has ${field['name']} twice`);
    taken.add(field['name']);
    const place = `${name}, field ${field['name']}`;
    return {
      name: field['name'],
      of: shapeOf(field['type'], { ...reading, namespace, place }),
      ...('default' in field ? { default: { value: field['default'] } } : {}),
    };
  });
  const shape: RecordShape = { kind: 'record', name, fields };
  reading.named.set(name, shape);
  return shape;
}

function enumOf(json: Json, reading: Reading): EnumShape {
  const { name } = fullName(json, reading);
  const { symbols, default: fallback } = json;
  const valid = (symbol: unknown) => typeof symbol === 'string' && names.test(symbol);
  if (!Array.isArray(symbols) || symbols.length === 0 || !symbols.every(valid)) {
    throw refusal(reading, `${name} has no symbols`);
  }
  const shape: EnumShape = {
    kind: 'enum',
    name,
    symbols: symbols as readonly string[],
    default: typeof fallback === 'string' ? fallback : null,
  };
  reading.named.set(name, shape);
  return shape;
}

/** Names inherit the namespace around them (Avro 1.11, "Names"). */
function fullName(json: Json, reading: Reading): { name: string; namespace: string } {
  const { name, namespace } = json;
  if (typeof name !== 'string' || !name.split('.').every((part) => names.test(part))) {
    throw refusal(reading, 'a named type without a name');
  }
  const own = typeof namespace === 'string' ? namespace : reading.namespace;
  const full = name.includes('.') ? name : qualified(name, own);
  if (reading.named.has(full)) throw refusal(reading, `${full} is defined twice`);
  return { name: full, namespace: full.slice(0, Math.max(0, full.lastIndexOf('.'))) };
}

function qualified(name: string, namespace: string): string {
  return namespace === '' ? name : `${namespace}.${name}`;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refusal({ place }: Reading, problem: string): Error {
  return new Error(`${place}: ${problem}`);
}
