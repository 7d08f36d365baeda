// Whether the generated codecs are those of the schemas that lie beside them.
import { readFileSync } from 'node:fs';
import { codecs } from '../decode-value.ts';

const schemas = new URL('../../../schemas/', import.meta.url);

/** What does not fit, in words; none when all does. */
export function schemaProblems(): readonly string[] {
  const ids = JSON.parse(readFileSync(new URL('ids.json', schemas), 'utf8')) as Record<
    string,
    Record<string, number>
  >;
  const problems: string[] = [];
  for (const [record, versions] of Object.entries(ids)) {
    const [version, id] =
      Object.entries(versions)
        .toSorted(([a], [b]) => Number(a) - Number(b))
        .at(-1) ?? [];
    const codec = codecs.find(({ schemaId }) => schemaId === id);
    if (codec === undefined) {
      problems.push(`no codec writes ${record}, version ${version}`);
      continue;
    }
    const { namespace, name } = JSON.parse(
      readFileSync(new URL(`generated/avro/${record}.v${version}.avsc`, schemas), 'utf8'),
    ) as {
      namespace?: string;
      name: string;
    };
    const fullName = namespace === undefined ? name : `${namespace}.${name}`;
    if (codec.recordName !== fullName)
      problems.push(`schema ${id} is ${fullName} on disk and ${codec.recordName} in code`);
  }
  return problems;
}
