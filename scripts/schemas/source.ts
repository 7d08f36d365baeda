// Reads `schemas/`: the newest version of each record, the types they share, the fixed ids, what was published.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type NamedType,
  type ParsedSchema,
  type SchemaJson,
  parseSchema,
  references,
} from './avro-schema.ts';

export interface RecordSource {
  /** Kebab-case, for example `trouble-ticket`. */
  readonly record: string;
  readonly fullName: string;
  /** The newest version. */
  readonly version: number;
  readonly id: number;
  /** Self-contained: every named type in full at its first use. */
  readonly schema: SchemaJson;
  /** Types that its file defines, in order. */
  readonly own: ReadonlyMap<string, NamedType>;
  /** Self-contained schemas of older published versions, oldest first. */
  readonly older: readonly {
    readonly version: number;
    readonly id: number;
    readonly schema: SchemaJson;
  }[];
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly name: string;
  /** As JSON; bytes are base64 text. */
  readonly record: { readonly [field: string]: unknown };
}

export interface SchemaSource {
  readonly records: readonly RecordSource[];
  /** Types of `schemas/types`, each after those it refers to. */
  readonly shared: readonly NamedType[];
  /** Every type by full name. */
  readonly types: ReadonlyMap<string, NamedType>;
}

/** @throws Error that names the file when a schema, sample or id is missing or wrong. */
export function readSchemas(root: string): SchemaSource {
  const raw = new Map<string, SchemaJson>();
  const types = new Map<string, NamedType>();
  const own = new Map<string, ParsedSchema>();
  const read = (path: string): ParsedSchema => {
    const json = readJson(join(root, path)) as SchemaJson;
    const parsed = parseSchema(json, path);
    for (const [name, type] of parsed.defined) {
      if (types.has(name)) throw new Error(`${path}: ${name} is defined elsewhere too`);
      types.set(name, type);
    }
    raw.set(parsed.name, json);
    own.set(path, parsed);
    return parsed;
  };

  const shared = readdirSync(join(root, 'types'))
    .toSorted()
    .filter((file) => file.endsWith('.avsc'))
    .flatMap((file) => [...read(`types/${file}`).defined.values()]);

  const ids = readJson(join(root, 'ids.json')) as Ids;
  checkIds(ids);
  const found = recordFolders(root).map((record) => {
    const version = newestVersion(join(root, record));
    return { record, version, parsed: read(`${record}/v${version}.avsc`) };
  });
  for (const type of types.values()) checkReferences(type, types);

  const records = found.map(({ record, version, parsed }): RecordSource => {
    const idOf = (v: number) => {
      const id = ids[record]?.[v];
      if (id === undefined) throw new Error(`ids.json: ${record} version ${v} has no id`);
      return id;
    };
    const older = Array.from({ length: version - 1 }, (_, i) => i + 1).map((v) => ({
      version: v,
      id: idOf(v),
      schema: readJson(join(root, 'published', record, `v${v}.avsc`)) as SchemaJson,
    }));
    const samplesFile = join(root, record, `v${version}.samples.json`);
    return {
      record,
      fullName: parsed.name,
      version,
      id: idOf(version),
      schema: inline(raw.get(parsed.name) as SchemaJson, raw, new Set()),
      own: parsed.defined,
      older,
      samples: existsSync(samplesFile) ? (readJson(samplesFile) as Sample[]) : [],
    };
  });
  return { records, shared: inDependencyOrder(shared, types), types };
}

type Ids = { readonly [record: string]: { readonly [version: string]: number } };

function checkIds(ids: Ids): void {
  const owner = new Map<number, string>();
  for (const [record, versions] of Object.entries(ids)) {
    for (const [version, id] of Object.entries(versions)) {
      const name = `${record} version ${version}`;
      if (!Number.isInteger(id) || id < 1)
        throw new Error(`ids.json: ${name} needs a whole number from 1`);
      const other = owner.get(id);
      if (other !== undefined) throw new Error(`ids.json: ${other} and ${name} share id ${id}`);
      owner.set(id, name);
    }
  }
}

/** Folders of `schemas/` that hold a record, by name. */
function recordFolders(root: string): readonly string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .filter((name) => !['types', 'generated', 'published'].includes(name))
    .toSorted();
}

function newestVersion(folder: string): number {
  const versions = readdirSync(folder)
    .map((file) => /^v([1-9][0-9]{0,5})\.avsc$/.exec(file)?.[1])
    .filter((version) => version !== undefined)
    .map(Number);
  if (versions.length === 0) throw new Error(`${folder}: holds no v1.avsc`);
  return Math.max(...versions);
}

/** Puts each named type in full where it is first referred to, in Avro's order of reading. */
function inline(
  json: SchemaJson,
  raw: ReadonlyMap<string, SchemaJson>,
  seen: Set<string>,
): SchemaJson {
  if (typeof json === 'string') {
    const definition = raw.get(json);
    return definition === undefined || seen.has(json) ? json : inline(definition, raw, seen);
  }
  if (Array.isArray(json)) return json.map((branch: SchemaJson) => inline(branch, raw, seen));
  const object = json as { readonly [key: string]: unknown };
  if (typeof object['name'] === 'string' && typeof object['namespace'] === 'string') {
    seen.add(`${object['namespace']}.${object['name']}`);
  }
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => {
      if (key === 'items' || key === 'values' || key === 'type') {
        return [key, inline(value as SchemaJson, raw, seen)];
      }
      if (key === 'fields') {
        return [key, (value as SchemaJson[]).map((field) => inline(field, raw, seen))];
      }
      return [key, value];
    }),
  );
}

function checkReferences(type: NamedType, types: ReadonlyMap<string, NamedType>): void {
  if (type.kind === 'enum') return;
  for (const field of type.fields) {
    for (const name of references(field.type)) {
      if (!types.has(name)) throw new Error(`${type.name}, field ${field.name}: no type ${name}`);
    }
  }
}

/** Each type after those it refers to. @throws Error on a cycle: decoding depth must be bounded by the schema. */
function inDependencyOrder(
  wanted: readonly NamedType[],
  types: ReadonlyMap<string, NamedType>,
): readonly NamedType[] {
  const done = new Set<NamedType>();
  const visit = (type: NamedType, above: readonly string[]) => {
    if (above.includes(type.name)) throw new Error(`${type.name} refers to itself`);
    if (type.kind === 'record') {
      for (const field of type.fields) {
        for (const name of references(field.type)) {
          visit(types.get(name) as NamedType, [...above, type.name]);
        }
      }
    }
    done.add(type);
  };
  for (const type of types.values()) visit(type, []);
  return [...done].filter((type) => wanted.includes(type));
}

export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path} cannot be read as JSON`, { cause: error });
  }
}
