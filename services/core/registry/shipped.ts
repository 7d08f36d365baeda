// The schemas this release knows, all versions, with the ids that `schemas/ids.json` fixes for them.
import { readFileSync } from 'node:fs';
import { canonicalText, parseShape } from './avro-shape.ts';

export interface ShippedSchema {
  /** Folder in `schemas/`, for example `trouble-ticket`. */
  readonly record: string;
  /** For example `signpost.TroubleTicket`. */
  readonly recordName: string;
  /** From 1 on. */
  readonly version: number;
  readonly id: number;
  /** The self-contained schema on one line, with its docs. */
  readonly text: string;
  /** Equal for schemas that differ in docs or spelling alone. */
  readonly canonical: string;
}

const folder = new URL('../../../schemas/', import.meta.url);
let shipped: readonly ShippedSchema[] | undefined;

/** Every record in every version, older versions first. */
export function shippedSchemas(): readonly ShippedSchema[] {
  return (shipped ??= readShipped());
}

function readShipped(): readonly ShippedSchema[] {
  const ids = readJson('ids.json') as Readonly<Record<string, Readonly<Record<string, number>>>>;
  return Object.entries(ids).flatMap(([record, versions]) =>
    Object.entries(versions)
      .map(([version, id]) => ({ version: Number(version), id }))
      .toSorted((a, b) => a.version - b.version)
      .map(({ version, id }): ShippedSchema => {
        const text = JSON.stringify(readJson(`generated/avro/${record}.v${version}.avsc`));
        const shape = parseShape(text);
        return {
          record,
          recordName: shape.name,
          version,
          id,
          text,
          canonical: canonicalText(shape),
        };
      }),
  );
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, folder), 'utf8'));
}
