// What shapes of Avro schemas do not tell of fields: their docs, and which longs are times.

export interface Fact {
  readonly doc: string;
  readonly isTimestamp: boolean;
}
/** By full name of the record and name of the field, joined by a dot. */
export type Facts = ReadonlyMap<string, Fact>;
type Json = Readonly<Record<string, unknown>>;

/** @param schema self-contained, as JSON */
export function factsOf(schema: unknown): Facts {
  const facts = new Map<string, Fact>();
  const read = (type: unknown, namespace: string): void => {
    if (Array.isArray(type)) type.forEach((branch) => read(branch, namespace));
    if (typeof type !== 'object' || type === null) return;
    const json = type as Json;
    read(json['items'] ?? json['values'], namespace);
    if (!Array.isArray(json['fields'])) return;
    const within = (json['namespace'] as string | undefined) ?? namespace;
    for (const field of json['fields'] as readonly Json[]) {
      facts.set(`${within}.${json['name'] as string}.${field['name'] as string}`, {
        doc: (field['doc'] as string | undefined) ?? '',
        isTimestamp: JSON.stringify(leafOf(field['type'])).includes('"timestamp-millis"'),
      });
      read(field['type'], within);
    }
  };
  read(schema, '');
  return facts;
}

/** The type of a field without null, array and map around it; records have facts of their own. */
function leafOf(type: unknown): unknown {
  if (Array.isArray(type)) return leafOf(type.find((branch) => branch !== 'null'));
  if (typeof type !== 'object' || type === null) return null;
  const { items, values, fields } = type as Json;
  if (fields !== undefined) return null;
  return items === undefined && values === undefined ? type : leafOf(items ?? values);
}
