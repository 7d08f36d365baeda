// Reads insights by a schema registry: whatever release wrote them and whatever ids the registry gave, they come in the
// shape that this release knows.
import type { Codec } from '#core/codec.ts';
import { SignpostError } from '#core/errors.ts';
import { canonicalText, parseShape } from '#core/registry/avro-shape.ts';
import { learnSchema } from '#core/registry/learned-schemas.ts';
import type { RegistryClient } from '#core/registry/registry-client.ts';
import { foreignId } from '#core/registry/schema-source.ts';
import { shippedSchemas } from '#core/registry/shipped.ts';

const headerBytes = 5;

/**
 * A function that decodes with `codec`, asking the registry once for each id.
 * It throws SignpostError `undecodable` when the registry knows no such schema or the bytes do not fit it, and
 * `registry-away` or `registry-refused` when that cannot be known now.
 */
export function registryDecoder<T>(
  codec: Codec<T>,
  registry: RegistryClient,
): (value: Uint8Array) => Promise<T> {
  const own = new Map<number, number>();
  return async (value) => {
    if (value.length < headerBytes || value[0] !== 0) return codec.decode(value);
    const wireId = new DataView(value.buffer, value.byteOffset).getUint32(1);
    let id = own.get(wireId);
    if (id === undefined) own.set(wireId, (id = await learn(registry, wireId)));
    if (id === wireId) return codec.decode(value);
    const copy = Uint8Array.from(value);
    new DataView(copy.buffer).setUint32(1, id);
    return codec.decode(copy);
  };
}

/** The id by which codecs read what the registry calls `wireId`: the repository's for a schema of this release. */
async function learn(registry: RegistryClient, wireId: number): Promise<number> {
  // Once only: the caller repeats, with pauses of its own.
  const { status, body } = await registry.ask('GET', `schemas/ids/${wireId}`, undefined, 1);
  const text = (body as { readonly schema?: unknown } | null)?.schema;
  if (status !== 200 || typeof text !== 'string') {
    throw new SignpostError('undecodable', `${registry.name} knows no schema ${wireId}`);
  }
  try {
    const canonical = canonicalText(parseShape(text));
    const shipped = shippedSchemas().find((schema) => schema.canonical === canonical);
    if (shipped !== undefined) return shipped.id;
    learnSchema(foreignId(wireId), text);
    return foreignId(wireId);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SignpostError('undecodable', `Schema ${wireId} cannot be used: ${why}`, { cause });
  }
}
