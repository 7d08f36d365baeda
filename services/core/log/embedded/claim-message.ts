// Claims on their way to the log's thread and back: packed, since a thousand small objects cost more to pass between
// threads than to look up. Ids become 16 bytes of SHA-256: they come from senders, and with a weaker hash a hostile one
// could make an id that swallows somebody else's message.
import { hash } from 'node:crypto';
import type { Claim, ClaimOutcome, Position } from '../port.ts';

/** Bytes of a hashed id, kept as latin1 text of as many characters: cheap to cut, to compare and as a key. */
export const ID_LENGTH = 16;

export interface PackedClaims {
  readonly ids: string;
  readonly offsets: Float64Array<ArrayBuffer>;
  readonly contents: readonly string[];
  /** Distinct entities' ids; for each claim its entity's index, or -1. */
  readonly entities: string;
  readonly entityOf: Int32Array<ArrayBuffer>;
  /** All payloads one after the other; for each claim its length, or -1. */
  readonly payloads: Uint8Array<ArrayBuffer>;
  readonly payloadLengths: Int32Array<ArrayBuffer>;
}

export interface PackedOutcomes {
  /** Claims whose owner is another record. */
  readonly owned: readonly { readonly index: number; readonly owner: Position }[];
  /** Content of each owner. */
  readonly ownerContents: readonly string[];
  /** Payloads of each entity, oldest first. */
  readonly histories: readonly (readonly Uint8Array[])[];
  /** How many of its entity's payloads each claim sees. */
  readonly historyLengths: Int32Array<ArrayBuffer>;
}

export function packClaims(claims: readonly Claim[]): PackedClaims {
  const entityIndex = new Map<string, number>();
  const entityOf = new Int32Array(claims.length).fill(-1);
  const payloadLengths = new Int32Array(claims.length).fill(-1);
  const offsets = new Float64Array(claims.length);
  const contents: string[] = [];
  const given: Uint8Array[] = [];
  let ids = '';
  let entities = '';
  for (const [i, { id, content, offset, entity, payload }] of claims.entries()) {
    ids += hashed(id);
    contents.push(content);
    offsets[i] = offset;
    if (entity === undefined) continue;
    let index = entityIndex.get(entity);
    if (index === undefined) {
      index = entityIndex.size;
      entityIndex.set(entity, index);
      entities += hashed(entity);
    }
    entityOf[i] = index;
    if (payload === undefined) continue;
    payloadLengths[i] = payload.length;
    given.push(payload);
  }
  const size = given.reduce((sum, { length }) => sum + length, 0);
  // Payloads may be views on whole batches, which must not travel along.
  const payloads = new Uint8Array(size);
  let at = 0;
  for (const payload of given) {
    payloads.set(payload, at);
    at += payload.length;
  }
  return { ids, offsets, contents, entities, entityOf, payloads, payloadLengths };
}

/** One outcome per claim; `topic` and `partition` are the claiming batch's. */
export function unpackOutcomes(
  claims: readonly Claim[],
  entityOf: Int32Array,
  { owned, ownerContents, histories, historyLengths }: PackedOutcomes,
  topic: string,
  partition: number,
): ClaimOutcome[] {
  const others = new Map(owned.map(({ index, owner }) => [index, owner]));
  return claims.map(({ offset, content }, i) => ({
    owner: others.get(i) ?? { topic, partition, offset },
    ownerContent: ownerContents[i] ?? content,
    history: histories[entityOf[i] ?? -1]?.slice(0, historyLengths[i]) ?? [],
  }));
}

/** The id that a name is kept by. */
export function hashed(text: string): string {
  return hash('sha256', text, 'binary').slice(0, ID_LENGTH);
}
