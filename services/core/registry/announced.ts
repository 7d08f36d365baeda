// Schemas on the log itself: each release writes down the schema of every id before it writes a record with it, so a
// release that runs beside it, or is put back after it, finds what it does not know where the record lies.
import { SignpostError } from '../errors.ts';
import type { Log, LogReader, OutgoingRecord } from '../log/port.ts';
import { canonicalText, parseShape } from './avro-shape.ts';
import type { SchemaSource } from './schema-source.ts';
import { shippedSchemas } from './shipped.ts';

/**
 * Writes down the schemas of this release that `topic` does not hold yet; to be called before the first record is
 * written. Two processes may do so at once.
 * @returns names of what was written, for example `insight v2 (id 42)`.
 * @throws SignpostError `schema-id-taken` when the log knows another schema by one of our ids; `schemas-not-announced`
 *   when some are missing and cannot be written here.
 */
export async function announceSchemas(
  log: Pick<Log, 'topics' | 'read' | 'append'>,
  topic: string,
  clock: () => number,
): Promise<readonly string[]> {
  const written = new Map<number, string>();
  await readOn(log, topic, 0, written);
  const missing = shippedSchemas().filter((schema) => {
    const text = written.get(schema.id);
    if (text === undefined) return true;
    if (isSame(text, schema.canonical)) return false;
    throw new SignpostError(
      'schema-id-taken',
      `Schema id ${schema.id} is ${schema.record} version ${schema.version} here, and another schema on this log`,
      {
        hint: 'Two releases gave one id to different schemas. Give the unpublished one another id in schemas/ids.json.',
      },
    );
  });
  if (missing.length === 0) return [];
  const names = missing.map(({ record, version, id }) => `${record} v${version} (id ${id})`);
  try {
    await log.append(missing.map(({ id, text }) => announcement(topic, id, text, clock())));
  } catch (cause) {
    throw new SignpostError(
      'schemas-not-announced',
      `The log does not know these schemas yet, and they cannot be written here: ${names.join(', ')}`,
      { cause, hint: 'Run `signpost topics apply` of this release first, as the operator.' },
    );
  }
  return names;
}

/** Finds schemas in `topic`, reading on from where it was last. */
export function announcedSchemas(log: Pick<LogReader, 'topics' | 'read'>, topic: string) {
  const known = new Map<number, string>();
  let offset = 0;
  return {
    async find(ids) {
      if (!ids.every((id) => known.has(id))) offset = await readOn(log, topic, offset, known);
      return new Map(
        ids.flatMap((id) => {
          const text = known.get(id);
          return text === undefined ? [] : [[id, text] as const];
        }),
      );
    },
  } satisfies SchemaSource;
}

function announcement(topic: string, id: number, text: string, timestamp: number): OutgoingRecord {
  const headers = { 'content-type': 'application/vnd.apache.avro+json' };
  return { topic, key: String(id), value: Buffer.from(text), headers, timestamp };
}

/** Reads `topic` from `offset` to its end into `into`; the first schema of an id counts. @returns where to read on. */
async function readOn(
  log: Pick<LogReader, 'topics' | 'read'>,
  topic: string,
  offset: number,
  into: Map<number, string>,
): Promise<number> {
  // A log of before there was such a topic knows no schemas but those of every release.
  if (!(await log.topics()).some(({ name }) => name === topic)) return 0;
  for (let at = offset; ;) {
    const { records, nextOffset, endOffset } = await log.read(topic, 0, at);
    for (const { key, value } of records) {
      const id = key !== null && /^\d{1,10}$/.test(key) ? Number(key) : undefined;
      if (id === undefined || value === null || into.has(id)) continue;
      into.set(id, Buffer.from(value).toString());
    }
    if (nextOffset >= endOffset || nextOffset === at) return nextOffset;
    at = nextOffset;
  }
}

function isSame(text: string, canonical: string): boolean {
  try {
    return canonicalText(parseShape(text)) === canonical;
  } catch {
    return false;
  }
}
