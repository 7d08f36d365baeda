// Everything that is generated, as text by path below the repository's root: the same input gives the same bytes.
import { asyncApi } from './asyncapi.ts';
import { catalogue } from './catalogue.ts';
import type { SchemaSource } from './source.ts';
import type { TopologySource } from './topology-source.ts';
import { recordFile, sharedFile } from './typescript.ts';

/** Types, codecs and self-contained schemas. */
export function codeFiles(source: SchemaSource): ReadonlyMap<string, string> {
  const files = new Map<string, string>([['schemas/generated/shared.ts', sharedFile(source)]]);
  for (const record of source.records) {
    files.set(`schemas/generated/${record.record}.ts`, recordFile(record, source));
    for (const { version, schema } of [...record.older, record]) {
      files.set(
        `schemas/generated/avro/${record.record}.v${version}.avsc`,
        `${JSON.stringify(schema, null, 2)}\n`,
      );
    }
  }
  return files;
}

/** The event catalogue and the AsyncAPI document. */
export function documentFiles(
  source: SchemaSource,
  topology: TopologySource,
): ReadonlyMap<string, string> {
  return new Map([
    ['docs/events.md', catalogue(source, topology)],
    ['docs/asyncapi.json', `${JSON.stringify(asyncApi(source, topology), null, 2)}\n`],
  ]);
}
