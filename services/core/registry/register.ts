// Makes a registry know the schemas of this release, and Signpost the ids it gave: whoever reads the topics by that
// registry finds every schema there before the first record of it is written.
import { SignpostError } from '../errors.ts';
import { noRegistry, type RegistryAnswer, type RegistryClient } from './registry-client.ts';
import { foreignId, isForeign, wireIdOf, type SchemaSource } from './schema-source.ts';
import { shippedSchemas, type ShippedSchema } from './shipped.ts';

/** A topic by what its values are; its subject is `<name>-value` (Confluent's TopicNameStrategy). */
export interface RegisteredTopic {
  /** On the cluster: with the prefix. */
  readonly name: string;
  readonly recordName: string;
}

/** Ids on the wire against the repository's. Both ways answer at once; see `foreignId` for what is not ours. */
export interface WireIds {
  toWire(id: number): number;
  fromWire(wireId: number): number;
}

export interface Registration {
  readonly ids: WireIds;
  /** Finds schemas of other releases at the registry. */
  readonly source: SchemaSource;
}

export function subjectOf(topic: string): string {
  return `${topic}-value`;
}

/**
 * Registers every version of every topic's record, older ones first, and takes over the ids. What the registry knows is
 * only looked up, so that a user who may read is enough once another has registered. Waits while the registry is away.
 * @throws SignpostError `schema-incompatible` naming the subject and what the registry says; `registry-refused`,
 *   `registry-away`, `no-registry`.
 */
export async function registerSchemas(
  client: RegistryClient,
  topics: readonly RegisteredTopic[],
): Promise<Registration> {
  const toWire = new Map<number, number>();
  const fromWire = new Map<number, number>();
  for (const { name, recordName } of topics) {
    for (const schema of shippedSchemas()) {
      if (schema.recordName !== recordName) continue;
      const wireId = await register(client, subjectOf(name), schema);
      // A registry may give one schema an id for each subject; any of them finds it.
      if (!toWire.has(schema.id)) toWire.set(schema.id, wireId);
      const other = fromWire.get(wireId);
      if (other !== undefined && other !== schema.id) {
        throw new SignpostError(
          'registry-refused',
          `The schema registry at ${client.name} gave id ${wireId} to two schemas, ${other} and ${schema.id} here`,
        );
      }
      fromWire.set(wireId, schema.id);
    }
  }
  return {
    ids: {
      toWire: (id) => (isForeign(id) ? wireIdOf(id) : registered(toWire, id)),
      fromWire: (wireId) => fromWire.get(wireId) ?? foreignId(wireId),
    },
    source: registrySource(client),
  };
}

function registered(ids: ReadonlyMap<number, number>, id: number): number {
  const wireId = ids.get(id);
  if (wireId !== undefined) return wireId;
  throw new SignpostError(
    'schema-not-registered',
    `Schema ${id} belongs to no topic, so that no registry knows it`,
  );
}

async function register(
  client: RegistryClient,
  subject: string,
  { text, record, version }: ShippedSchema,
): Promise<number> {
  const path = `subjects/${encodeURIComponent(subject)}`;
  // Without a schemaType: Avro is what every version of the API takes it for.
  const known = await client.ask('POST', path, { schema: text });
  const knownId = idIn(known);
  if (knownId !== undefined) return knownId;
  const made = await client.ask('POST', `${path}/versions`, { schema: text });
  const id = idIn(made);
  if (id !== undefined) return id;
  if (made.errorCode === 0) throw noRegistry(client, made);
  const says = `${made.status} / ${made.errorCode}: ${made.message || 'no reason given'}`;
  if (made.status === 409) {
    throw new SignpostError(
      'schema-incompatible',
      `The schema registry at ${client.name} refuses ${record} version ${version} for subject ${subject} (${says})`,
      {
        hint: 'Another schema stands under that subject. Is the topic prefix right, and nobody else using the subject?',
      },
    );
  }
  throw new SignpostError(
    'registry-refused',
    `The schema registry at ${client.name} does not take ${record} version ${version} for subject ${subject} (${says})`,
  );
}

function idIn({ status, body }: RegistryAnswer): number | undefined {
  if (status < 200 || status > 299 || typeof body !== 'object' || body === null) return undefined;
  const id = 'id' in body ? body.id : undefined;
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 && id < 2 ** 31
    ? id
    : undefined;
}

/** A look-up fails after so many tries: whoever asked comes again, and says so meanwhile. */
const patience = 3;
/** A registry's copies may be behind by moments: an id that one does not know is asked for so many times in all. */
const rounds = 3;
const atOnce = 8;

function registrySource(client: RegistryClient): SchemaSource {
  const find = async (id: number): Promise<readonly [number, string] | null> => {
    const { body } = await client.ask('GET', `schemas/ids/${wireIdOf(id)}`, undefined, patience);
    const schema =
      typeof body === 'object' && body !== null && 'schema' in body ? body.schema : undefined;
    return typeof schema === 'string' ? [id, schema] : null;
  };
  return {
    async find(ids) {
      const found = new Map<number, string>();
      for (let round = 1; round <= rounds; round += 1) {
        const open = ids.filter((id) => isForeign(id) && !found.has(id));
        if (open.length === 0) break;
        if (round > 1) await client.pause(500);
        for (let at = 0; at < open.length; at += atOnce) {
          const answers = await Promise.all(open.slice(at, at + atOnce).map(find));
          for (const answer of answers) if (answer !== null) found.set(...answer);
        }
      }
      return found;
    },
  };
}
