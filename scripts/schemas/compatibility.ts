// Decides whether a schema may follow another under FULL_TRANSITIVE: every version reads every other. Avro's own
// resolution is the net below the rules, which are stricter where Avro would resolve and still lose something.
import avsc from 'avsc';
import {
  type AvroEnum,
  type AvroField,
  type AvroRecord,
  type AvroType,
  type ParsedSchema,
  type SchemaJson,
  parseSchema,
} from './avro-schema.ts';

export type CompatibilityRule =
  | 'record-renamed'
  | 'field-renamed'
  | 'field-added-without-default'
  | 'field-removed-without-default'
  | 'type-changed'
  | 'default-changed'
  | 'default-removed'
  | 'aliases-changed'
  | 'enum-renamed'
  | 'enum-symbol-removed'
  | 'enum-without-default'
  | 'enum-default-changed'
  | 'not-resolvable'
  | 'published-version-changed'
  | 'published-file-changed'
  | 'published-id-changed';

export interface Problem {
  readonly rule: CompatibilityRule;
  /** Names record, field and rule. */
  readonly message: string;
}

/** What keeps `newer` from following `older`; both self-contained. Empty when each reads the other. */
export function compatibilityProblems(
  record: string,
  older: SchemaJson,
  newer: SchemaJson,
): readonly Problem[] {
  const was = parseSchema(older, `${record} (published)`);
  const is = parseSchema(newer, record);
  const problems: Problem[] = [];
  const found = (rule: CompatibilityRule, place: string, why: string) => {
    const message = `${record}, ${place}: ${why} (${rule})`;
    if (!problems.some((problem) => problem.message === message)) problems.push({ rule, message });
  };
  compareNamed({ was, is, found }, was.name, is.name, 'the record itself');
  if (problems.length === 0) {
    for (const [reader, writer, way] of [
      [newer, older, 'the new version cannot read the old one'],
      [older, newer, 'the old version cannot read the new one'],
    ] as const) {
      try {
        avroType(reader).createResolver(avroType(writer));
      } catch (error) {
        found('not-resolvable', 'the record itself', `${way}: ${(error as Error).message}`);
      }
    }
  }
  return problems;
}

/** The type by the Avro library, which knows nothing of the generated codecs. @throws Error when it is no valid Avro. */
export function avroType(schema: SchemaJson): avsc.Type {
  return avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'never' });
}

interface Comparison {
  readonly was: ParsedSchema;
  readonly is: ParsedSchema;
  readonly found: (rule: CompatibilityRule, place: string, why: string) => void;
}

function compareNamed(comparison: Comparison, was: string, is: string, place: string): void {
  const before = comparison.was.defined.get(was);
  const now = comparison.is.defined.get(is);
  if (before?.kind === 'record' && now?.kind === 'record') {
    compareRecords(comparison, before, now, place);
  } else if (before?.kind === 'enum' && now?.kind === 'enum') {
    compareEnums(comparison, before, now, place);
  } else {
    comparison.found('type-changed', place, `was ${before?.kind ?? was}, is ${now?.kind ?? is}`);
  }
}

function compareRecords(
  comparison: Comparison,
  was: AvroRecord,
  is: AvroRecord,
  place: string,
): void {
  const { found } = comparison;
  if (was.name !== is.name) found('record-renamed', place, `${was.name} became ${is.name}`);
  compareAliases(comparison, was.aliases, is.aliases, place);
  const before = new Map(was.fields.map((field) => [field.name, field]));
  const now = new Map(is.fields.map((field) => [field.name, field]));
  const within = (name: string) =>
    `field ${place.startsWith('field ') ? `${place.slice(6)}.` : ''}${name}`;
  const renamed = new Set<string>();
  for (const field of is.fields.filter(({ name }) => !before.has(name))) {
    const old = field.aliases.find((alias) => before.has(alias) && !now.has(alias));
    if (old !== undefined) {
      renamed.add(old);
      found('field-renamed', within(old), `became ${field.name}; aliases help new readers only`);
    } else if (field.default === undefined) {
      found('field-added-without-default', within(field.name), 'new fields need a default');
    }
  }
  for (const field of was.fields) {
    const same = now.get(field.name);
    if (same !== undefined) compareFields(comparison, field, same, within(field.name));
    else if (field.default === undefined && !renamed.has(field.name)) {
      found('field-removed-without-default', within(field.name), 'old readers need it');
    }
  }
}

function compareFields(comparison: Comparison, was: AvroField, is: AvroField, place: string): void {
  compareTypes(comparison, was.type, is.type, place);
  compareAliases(comparison, was.aliases, is.aliases, place);
  if (was.default === undefined) return;
  const before = JSON.stringify(was.default.value);
  if (is.default === undefined) {
    comparison.found('default-removed', place, `had the default ${before}`);
  } else if (JSON.stringify(is.default.value) !== before) {
    const now = JSON.stringify(is.default.value);
    comparison.found('default-changed', place, `${before} became ${now}: versions would disagree`);
  }
}

function compareTypes(comparison: Comparison, was: AvroType, is: AvroType, place: string): void {
  if (was.kind === 'named' && is.kind === 'named') {
    compareNamed(comparison, was.name, is.name, place);
  } else if (was.kind === 'array' && is.kind === 'array') {
    compareTypes(comparison, was.items, is.items, place);
  } else if (was.kind === 'map' && is.kind === 'map') {
    compareTypes(comparison, was.values, is.values, place);
  } else if (was.kind === 'nullable' && is.kind === 'nullable' && was.nullFirst === is.nullFirst) {
    compareTypes(comparison, was.of, is.of, place);
  } else if (JSON.stringify(was) !== JSON.stringify(is)) {
    comparison.found('type-changed', place, `was ${describe(was)}, is ${describe(is)}`);
  }
}

function compareEnums(comparison: Comparison, was: AvroEnum, is: AvroEnum, place: string): void {
  const { found } = comparison;
  if (was.name !== is.name) found('enum-renamed', place, `${was.name} became ${is.name}`);
  compareAliases(comparison, was.aliases, is.aliases, place);
  for (const symbol of was.symbols) {
    if (!is.symbols.includes(symbol)) {
      found('enum-symbol-removed', place, `${symbol} of ${was.name} stands in published records`);
    }
  }
  const grew = is.symbols.some((symbol) => !was.symbols.includes(symbol));
  if (is.default === null || (grew && was.default === null)) {
    found(
      'enum-without-default',
      place,
      `${is.name} needs a default for symbols a reader does not know`,
    );
  } else if (was.default !== null && was.default !== is.default) {
    found('enum-default-changed', place, `${was.default} became ${is.default}`);
  }
}

function compareAliases(
  comparison: Comparison,
  was: readonly string[],
  is: readonly string[],
  place: string,
): void {
  if (was.toSorted().join() !== is.toSorted().join()) {
    comparison.found('aliases-changed', place, 'aliases are not read the same by every client');
  }
}

function describe(type: AvroType): string {
  switch (type.kind) {
    case 'primitive':
      return type.timestamp ? `${type.name} (timestamp-millis)` : type.name;
    case 'nullable':
      return type.nullFirst ? `null or ${describe(type.of)}` : `${describe(type.of)} or null`;
    case 'array':
      return `array of ${describe(type.items)}`;
    case 'map':
      return `map of ${describe(type.values)}`;
    case 'named':
      return type.name;
  }
}
