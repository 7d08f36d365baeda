// Everything that is generated from the schemas, as text by path: the same input gives the same bytes.
import { recordFile, sharedFile } from './typescript.ts';
import type { SchemaSource } from './source.ts';

/** Texts by path below the root of the repository. */
export function generatedFiles(source: SchemaSource): ReadonlyMap<string, string> {
  const files = new Map<string, string>([['schemas/generated/shared.ts', sharedFile(source)]]);
  for (const record of source.records) {
    files.set(`schemas/generated/${record.record}.ts`, recordFile(record, source));
    files.set(
      `schemas/generated/avro/${record.record}.v${record.version}.avsc`,
      `${JSON.stringify(record.schema, null, 2)}\n`,
    );
  }
  return files;
}
