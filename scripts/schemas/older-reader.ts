// Writes the functions that read an older published version and yield the newest shape: what was removed is read
// and let go, what was added takes its default (Avro's schema resolution, done once, when generating).
import {
  type AvroRecord,
  type AvroType,
  type NamedType,
  type ParsedSchema,
  shortName,
} from './avro-schema.ts';
import { readCode } from './expressions.ts';

/** `entry` is the name of the function that reads the whole record; `suffix` keeps versions apart, for example `V1`. */
export function olderReader(
  older: ParsedSchema,
  fullName: string,
  current: ReadonlyMap<string, NamedType>,
  suffix: string,
): { readonly entry: string; readonly code: string } {
  const functions = [...older.defined.values()].map((type) => {
    const now = current.get(type.name);
    if (type.kind === 'enum') {
      const known = now?.kind === 'enum' ? now : null;
      const symbols = type.symbols.map((symbol) =>
        known === null || known.symbols.includes(symbol) ? symbol : known.default,
      );
      const name = `${shortName(type.name)}${suffix}`;
      const of = known === null ? 'string' : shortName(type.name);
      return [
        `const symbolsOf${name}: readonly ${of}[] = ${JSON.stringify(symbols)};`,
        `function read${name}(reader: AvroReader): ${of} {`,
        `  return reader.symbol(symbolsOf${name});`,
        '}',
      ].join('\n');
    }
    return recordReader(type, now?.kind === 'record' ? now : null, current, suffix);
  });
  return { entry: `read${shortName(fullName)}${suffix}`, code: functions.join('\n\n') };
}

function recordReader(
  older: AvroRecord,
  now: AvroRecord | null,
  current: ReadonlyMap<string, NamedType>,
  suffix: string,
): string {
  const name = shortName(older.name);
  const kept = new Set(now?.fields.map((field) => field.name));
  const reads = older.fields.map((field) => {
    const read = readCode(field.type, suffix);
    return kept.has(field.name) ? `  const ${field.name}Field = ${read};` : `  void (${read});`;
  });
  const had = new Set(older.fields.map((field) => field.name));
  const values = (now?.fields ?? []).map((field) => {
    if (had.has(field.name)) return `${field.name}: ${field.name}Field`;
    if (field.default === undefined) {
      throw new Error(`${older.name}, field ${field.name}: added without a default`);
    }
    return `${field.name}: ${defaultLiteral(field.type, field.default.value, current)}`;
  });
  return [
    `function read${name}${suffix}(reader: AvroReader): ${now === null ? 'object' : name} {`,
    ...reads,
    `  return { ${values.join(', ')} };`,
    '}',
  ].join('\n');
}

/** A default as an expression; records within it get their own fields' defaults where it leaves them out. */
function defaultLiteral(
  type: AvroType,
  value: unknown,
  current: ReadonlyMap<string, NamedType>,
): string {
  if (type.kind === 'nullable') {
    return value === null ? 'null' : defaultLiteral(type.of, value, current);
  }
  const named = type.kind === 'named' ? current.get(type.name) : undefined;
  if (named?.kind === 'record') {
    const given = value as { readonly [field: string]: unknown };
    const fields = named.fields.map((field) => {
      const inner = field.name in given ? given[field.name] : field.default?.value;
      return `${field.name}: ${defaultLiteral(field.type, inner, current)}`;
    });
    return `{ ${fields.join(', ')} }`;
  }
  if (type.kind === 'primitive' && type.name === 'bytes') {
    const codes = [...Buffer.from(value as string, 'latin1')];
    return `new Uint8Array([${codes.join(', ')}])`;
  }
  return JSON.stringify(value);
}
