// Reads records of a schema this release does not know as the record it does know: Avro's schema resolution, worked
// out once per pair of schemas when the first such record comes. It reads with `AvroReader`, so hostile bytes end as
// with any other record.
import type { AvroReader } from '../avro-reader.ts';
import type { EnumShape, RecordShape, Shape } from './avro-shape.ts';

type Read = (reader: AvroReader) => unknown;

/**
 * A function that reads what `writer` wrote and yields `reader`'s shape: what only the writer has is read and let go,
 * what only the reader has takes its default, a symbol the reader does not know becomes the enum's default (Avro 1.11,
 * "Schema Resolution"; types may not change, as FULL_TRANSITIVE in docs/decisions/0003-schemas.md).
 * @throws Error naming the field when the two do not fit.
 */
export function resolvingReader(writer: RecordShape, reader: RecordShape): Read {
  return resolveRecord(writer, reader, { done: new Map(), place: '' });
}

interface Resolving {
  /** A type used in several places is resolved once. */
  readonly done: Map<Shape, Map<Shape | null, Read>>;
  readonly place: string;
}

/** @param to null: the value is read and let go */
function resolve(from: Shape, to: Shape | null, resolving: Resolving): Read {
  const made = resolving.done.get(from)?.get(to);
  if (made !== undefined) return made;
  const read = resolveAnew(from, to, resolving);
  const of = resolving.done.get(from) ?? new Map<Shape | null, Read>();
  resolving.done.set(from, of.set(to, read));
  return read;
}

function resolveAnew(from: Shape, to: Shape | null, resolving: Resolving): Read {
  switch (from.kind) {
    case 'boolean':
    case 'int':
    case 'long':
    case 'double':
    case 'string':
    case 'bytes':
      if (to !== null && to.kind !== from.kind) throw unfit(from, to, resolving);
      return primitiveReads[from.kind];
    case 'nullable': {
      if (to !== null && to.kind !== 'nullable') throw unfit(from, to, resolving);
      const of = resolve(from.of, to === null ? null : to.of, resolving);
      const index = from.nullAt === 0 ? 1 : 0;
      return (reader) => (reader.present(index) ? of(reader) : null);
    }
    case 'array': {
      if (to !== null && to.kind !== 'array') throw unfit(from, to, resolving);
      const of = resolve(from.of, to === null ? null : to.of, resolving);
      return (reader) => reader.array(of);
    }
    case 'map': {
      if (to !== null && to.kind !== 'map') throw unfit(from, to, resolving);
      const of = resolve(from.of, to === null ? null : to.of, resolving);
      return (reader) => reader.map(of);
    }
    case 'enum':
      if (to !== null && to.kind !== 'enum') throw unfit(from, to, resolving);
      return resolveEnum(from, to);
    case 'record':
      if (to !== null && to.kind !== 'record') throw unfit(from, to, resolving);
      return resolveRecord(from, to, resolving);
  }
}

const primitiveReads = {
  boolean: (reader) => reader.boolean(),
  int: (reader) => reader.int(),
  long: (reader) => reader.long(),
  double: (reader) => reader.double(),
  string: (reader) => reader.string(),
  bytes: (reader) => reader.bytesValue(),
} satisfies Record<string, Read>;

function resolveEnum(from: EnumShape, to: EnumShape | null): Read {
  if (to === null) return (reader) => reader.symbol(from.symbols);
  const known = new Set(to.symbols);
  const symbols = from.symbols.map((symbol) => (known.has(symbol) ? symbol : to.default));
  return (reader) => {
    const symbol = reader.symbol(symbols as readonly string[]) as string | null;
    if (symbol === null) throw reader.failure('a symbol that this release does not know');
    return symbol;
  };
}

function resolveRecord(from: RecordShape, to: RecordShape | null, resolving: Resolving): Read {
  const places = new Map(to?.fields.map((field, index) => [field.name, index]));
  const steps = from.fields.map((field) => {
    const index = places.get(field.name);
    const target = index === undefined ? null : (to?.fields[index]?.of ?? null);
    const place = `${resolving.place}${resolving.place && '.'}${field.name}`;
    return { index, read: resolve(field.of, target, { ...resolving, place }) };
  });
  if (to === null) {
    return (reader) => {
      for (const { read } of steps) read(reader);
      return null;
    };
  }
  const written = new Set(from.fields.map(({ name }) => name));
  const slots = to.fields.map(({ name, of, default: fallback }) => {
    if (written.has(name)) return { name, missing: undefined };
    if (fallback === undefined) {
      throw new Error(`field ${resolving.place}${resolving.place && '.'}${name} is not written`);
    }
    return { name, missing: defaultOf(of, fallback.value) };
  });
  return (reader) => {
    const values: unknown[] = Array.from({ length: slots.length });
    for (const { index, read } of steps) {
      const value = read(reader);
      if (index !== undefined) values[index] = value;
    }
    const record: Record<string, unknown> = {};
    for (const [index, { name, missing }] of slots.entries()) {
      record[name] = missing === undefined ? values[index] : missing();
    }
    return record;
  };
}

/** Makes a field's default anew for each record; records within it get their own fields' where it leaves them out. */
export function defaultOf(of: Shape, json: unknown): () => unknown {
  switch (of.kind) {
    case 'nullable':
      return json === null ? () => null : defaultOf(of.of, json);
    case 'array': {
      const items = (json as readonly unknown[]).map((item) => defaultOf(of.of, item));
      return () => items.map((item) => item());
    }
    case 'map': {
      const entries = Object.entries(json as object).map(
        ([key, value]) => [key, defaultOf(of.of, value)] as const,
      );
      return () => Object.fromEntries(entries.map(([key, value]) => [key, value()]));
    }
    case 'record': {
      const given = json as Readonly<Record<string, unknown>>;
      const fields = of.fields.map((field) => {
        const value = Object.hasOwn(given, field.name) ? given[field.name] : field.default?.value;
        return [field.name, defaultOf(field.of, value)] as const;
      });
      return () => Object.fromEntries(fields.map(([name, value]) => [name, value()]));
    }
    case 'bytes':
      return () => new Uint8Array(Buffer.from(json as string, 'latin1'));
    default:
      return () => json;
  }
}

function unfit(from: Shape, to: Shape, { place }: Resolving): Error {
  return new Error(`field ${place} is ${from.kind} and should be ${to.kind}`);
}
