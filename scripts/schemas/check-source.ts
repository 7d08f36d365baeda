// What must hold of every schema, beyond being Avro: docs, room for later versions, samples.
import type { AvroField, NamedType } from './avro-schema.ts';
import type { SchemaSource } from './source.ts';

const SAMPLES_AT_LEAST = 3;

/** Faults as sentences that name the type and the field. */
export function sourceProblems(source: SchemaSource): readonly string[] {
  const problems: string[] = [];
  for (const type of source.types.values()) problems.push(...typeProblems(type));
  for (const { record, version, samples } of source.records) {
    if (samples.length < SAMPLES_AT_LEAST) {
      problems.push(
        `${record}/v${version}.samples.json: needs ${SAMPLES_AT_LEAST} samples or more`,
      );
    }
  }
  return problems;
}

function typeProblems(type: NamedType): readonly string[] {
  if (type.kind === 'enum') {
    return type.default === null || !type.symbols.includes(type.default)
      ? [`${type.name}: an enum needs a default among its symbols, for readers of later symbols`]
      : [];
  }
  return type.fields.flatMap((field) => fieldProblems(type.name, field));
}

function fieldProblems(record: string, field: AvroField): readonly string[] {
  const problems: string[] = [];
  const place = `${record}, field ${field.name}`;
  if (field.type.kind === 'nullable') {
    if (!field.type.nullFirst || field.default?.value !== null) {
      problems.push(`${place}: a nullable field puts null first and has it as default`);
    }
  }
  if (!/[.)]$/.test(field.doc)) problems.push(`${place}: doc is a sentence`);
  return problems;
}
