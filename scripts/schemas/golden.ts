// Golden bytes: what each sample is on the wire, written by the Avro library from the schema alone.
// Those of a published version are never rewritten: a codec that no longer gives them is wrong.
import type { AvroType, NamedType } from './avro-schema.ts';
import { avroType } from './compatibility.ts';
import { isPublished } from './published.ts';
import type { RecordSource, Sample, SchemaSource } from './source.ts';

/** Framed bytes in hex, by name of the sample. */
export type Golden = { readonly [sample: string]: string };

/** Texts by path of the golden bytes of versions that are not published yet: those of published ones are frozen. */
export function goldenFiles(root: string, source: SchemaSource): ReadonlyMap<string, string> {
  return new Map(
    source.records
      .filter(({ record, version }) => !isPublished(root, record, version))
      .map((record) => [
        `schemas/${record.record}/v${record.version}.golden.json`,
        `${JSON.stringify(goldenOf(record, source), null, 2)}\n`,
      ]),
  );
}

/** @throws Error naming the sample that does not fit its schema. */
export function goldenOf(record: RecordSource, source: SchemaSource): Golden {
  const type = avroType(record.schema);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(record.id, 1);
  return Object.fromEntries(
    record.samples.map((sample) => {
      const value = sampleValue(record.fullName, sample, source.types, (bytes) => bytes);
      try {
        return [sample.name, Buffer.concat([frame, type.toBuffer(value)]).toString('hex')];
      } catch (error) {
        const file = `${record.record}/v${record.version}.samples.json`;
        throw new Error(`${file}: ${sample.name} does not fit the schema`, { cause: error });
      }
    }),
  );
}

/** The record of a sample, whose bytes are base64 there; `bytesOf` makes the caller's kind of bytes of them. */
export function sampleValue(
  fullName: string,
  sample: Sample,
  types: ReadonlyMap<string, NamedType>,
  bytesOf: (bytes: Buffer) => Uint8Array = (bytes) => new Uint8Array(bytes),
): unknown {
  const convert = (type: AvroType, json: unknown): unknown => {
    switch (type.kind) {
      case 'primitive':
        return type.name === 'bytes' ? bytesOf(Buffer.from(json as string, 'base64')) : json;
      case 'nullable':
        return json === null ? null : convert(type.of, json);
      case 'array':
        return (json as unknown[]).map((item) => convert(type.items, item));
      case 'map':
        return json;
      case 'named': {
        const named = types.get(type.name);
        if (named?.kind !== 'record') return json;
        const record = json as Readonly<Record<string, unknown>>;
        return Object.fromEntries(
          named.fields.map((field) => [field.name, convert(field.type, record[field.name])]),
        );
      }
    }
  };
  return convert({ kind: 'named', name: fullName }, sample.record);
}
