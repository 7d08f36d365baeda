// The part of Avro that Signpost's schemas use, as TypeScript types, and the reading of it from JSON.
// What is outside of this part is refused with the place where it stands.

export type AvroType =
  | { readonly kind: 'primitive'; readonly name: Primitive; readonly timestamp: boolean }
  | { readonly kind: 'nullable'; readonly nullFirst: boolean; readonly of: AvroType }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'named'; readonly name: string };

export type Primitive = 'boolean' | 'int' | 'long' | 'double' | 'string' | 'bytes';

export interface AvroField {
  readonly name: string;
  readonly doc: string;
  readonly type: AvroType;
  /** Absent when the field has none; `{ value: null }` is a default too. */
  readonly default?: { readonly value: unknown };
  readonly aliases: readonly string[];
}

export interface AvroRecord {
  readonly kind: 'record';
  /** Full name. */
  readonly name: string;
  readonly doc: string;
  readonly aliases: readonly string[];
  readonly fields: readonly AvroField[];
}

export interface AvroEnum {
  readonly kind: 'enum';
  /** Full name. */
  readonly name: string;
  readonly doc: string;
  readonly aliases: readonly string[];
  readonly symbols: readonly string[];
  readonly default: string | null;
}

export type NamedType = AvroRecord | AvroEnum;

/** A schema file: the type it defines, and those defined within it, by full name and in order of definition. */
export interface ParsedSchema {
  readonly name: string;
  readonly defined: ReadonlyMap<string, NamedType>;
}

/** Parsed JSON of an Avro schema. */
export type SchemaJson = string | readonly SchemaJson[] | { readonly [key: string]: unknown };

const PRIMITIVES = new Set(['boolean', 'int', 'long', 'double', 'string', 'bytes']);

/** @throws Error naming `where` and the fault when the schema uses what Signpost's schemas do not. */
export function parseSchema(json: SchemaJson, where: string): ParsedSchema {
  const defined = new Map<string, NamedType>();
  const type = parseType(json, where, defined);
  if (type.kind !== 'named') throw new Error(`${where}: must define a record or an enum`);
  return { name: type.name, defined };
}

function parseType(json: SchemaJson, where: string, defined: Map<string, NamedType>): AvroType {
  if (typeof json === 'string') {
    if (PRIMITIVES.has(json)) return primitive(json as Primitive, false);
    if (json.includes('.')) return { kind: 'named', name: json };
    throw new Error(`${where}: type ${json} is not used here (refer to named types by full name)`);
  }
  if (isList(json)) return parseUnion(json, where, defined);
  const { type } = json;
  switch (type) {
    case 'record':
      return parseRecord(json, where, defined);
    case 'enum':
      return parseEnum(json, where, defined);
    case 'array':
      return { kind: 'array', items: parseType(json['items'] as SchemaJson, where, defined) };
    case 'map':
      return { kind: 'map', values: parseType(json['values'] as SchemaJson, where, defined) };
    case 'long':
      if (json['logicalType'] === 'timestamp-millis') return primitive('long', true);
  }
  throw new Error(`${where}: type ${JSON.stringify(json)} is not used here`);
}

function parseUnion(
  json: readonly SchemaJson[],
  where: string,
  defined: Map<string, NamedType>,
): AvroType {
  const others = json.filter((branch) => branch !== 'null');
  if (json.length !== 2 || others.length !== 1) {
    throw new Error(`${where}: a union must be null and one other type, else values are ambiguous`);
  }
  const of = parseType(others[0] as SchemaJson, where, defined);
  return { kind: 'nullable', nullFirst: json[0] === 'null', of };
}

function parseRecord(
  json: { readonly [key: string]: unknown },
  where: string,
  defined: Map<string, NamedType>,
): AvroType {
  const name = fullName(json, where);
  if (defined.has(name)) throw new Error(`${where}: ${name} is defined twice`);
  const fields: AvroField[] = [];
  // Set before its fields are read, so that `defined` is in order of definition.
  defined.set(name, {
    kind: 'record',
    name,
    doc: docOf(json, where),
    aliases: aliasesOf(json),
    fields,
  });
  for (const field of (json['fields'] as { readonly [key: string]: unknown }[] | undefined) ?? []) {
    const fieldWhere = `${where}, field ${String(field['name'])}`;
    if (!/^[a-z][A-Za-z0-9]*$/.test(String(field['name']))) {
      throw new Error(`${fieldWhere}: names are camelCase`);
    }
    fields.push({
      name: String(field['name']),
      doc: docOf(field, fieldWhere),
      type: parseType(field['type'] as SchemaJson, fieldWhere, defined),
      ...('default' in field ? { default: { value: field['default'] } } : {}),
      aliases: aliasesOf(field),
    });
  }
  if (fields.length === 0) throw new Error(`${where}: a record needs fields`);
  return { kind: 'named', name };
}

function parseEnum(
  json: { readonly [key: string]: unknown },
  where: string,
  defined: Map<string, NamedType>,
): AvroType {
  const name = fullName(json, where);
  if (defined.has(name)) throw new Error(`${where}: ${name} is defined twice`);
  defined.set(name, {
    kind: 'enum',
    name,
    doc: docOf(json, where),
    aliases: aliasesOf(json),
    symbols: json['symbols'] as readonly string[],
    default: (json['default'] as string | undefined) ?? null,
  });
  return { kind: 'named', name };
}

/** Names of the types that a type refers to, in order. */
export function references(type: AvroType): readonly string[] {
  switch (type.kind) {
    case 'named':
      return [type.name];
    case 'nullable':
      return references(type.of);
    case 'array':
      return references(type.items);
    case 'map':
      return references(type.values);
    case 'primitive':
      return [];
  }
}

/** `Place` of `signpost.Place`. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function primitive(name: Primitive, timestamp: boolean): AvroType {
  return { kind: 'primitive', name, timestamp };
}

function fullName(json: { readonly [key: string]: unknown }, where: string): string {
  const { name, namespace } = json;
  if (typeof name !== 'string' || typeof namespace !== 'string') {
    throw new Error(`${where}: a named type states its name and namespace`);
  }
  return `${namespace}.${name}`;
}

function docOf(json: { readonly [key: string]: unknown }, where: string): string {
  const { doc } = json;
  if (typeof doc !== 'string' || doc.trim() === '') throw new Error(`${where}: doc is missing`);
  return doc;
}

function aliasesOf(json: { readonly [key: string]: unknown }): readonly string[] {
  return (json['aliases'] as readonly string[] | undefined) ?? [];
}

function isList(json: SchemaJson): json is readonly SchemaJson[] {
  return Array.isArray(json);
}
