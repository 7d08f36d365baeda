// Claims as the database takes them, and its answers as outcomes. Pure: which rows there are is all that decides.
import { hash } from 'node:crypto';
import type { Claim, ClaimOutcome, Position } from '../log/port.ts';

/** A batch's claims by distinct ids and entities, in order of first sight; hashes are 32 hexadecimal digits. */
export interface PackedClaims {
  readonly ids: readonly string[];
  /** The claim that each id is claimed by, as an index into the batch's claims. */
  readonly firsts: readonly number[];
  /** For each claim, its id as an index into `ids`. */
  readonly idOf: readonly number[];
  readonly entities: readonly string[];
  /** For each claim, its entity as an index into `entities`, or -1. */
  readonly entityOf: readonly number[];
}

/** Who owns an id that this batch did not claim anew. */
export interface StoredOwner extends Position {
  readonly content: string;
}

/** One of an entity's updates. */
export interface StoredUpdate {
  readonly seq: number;
  readonly id: string;
  readonly source: number;
  readonly offset: number;
  readonly payload: Uint8Array;
}

/** What the database knows of a batch. */
export interface Found {
  readonly at: Pick<Position, 'topic' | 'partition'>;
  readonly source: number;
  /** Per index into `ids`; none for those that were claimed just now. */
  readonly owners: ReadonlyMap<number, StoredOwner>;
  /** Per index into `entities`, by `seq`: as it was before this batch's new claims. */
  readonly histories: readonly (readonly StoredUpdate[])[];
}

export interface Answers {
  readonly outcomes: readonly ClaimOutcome[];
  /** Claims of earlier deliveries of their records whose payloads retention took: to be kept again. */
  readonly lost: readonly number[];
}

export function packClaims(claims: readonly Claim[]): PackedClaims {
  const ids = new Map<string, number>();
  const entities = new Map<string, number>();
  const firsts: number[] = [];
  const idOf: number[] = [];
  const entityOf: number[] = [];
  for (const [i, { id, entity }] of claims.entries()) {
    const known = ids.get(id);
    if (known === undefined) firsts.push(i);
    idOf.push(known ?? ids.size);
    if (known === undefined) ids.set(id, ids.size);
    if (entity === undefined) {
      entityOf.push(-1);
      continue;
    }
    const index = entities.get(entity) ?? entities.size;
    entityOf.push(index);
    if (index === entities.size) entities.set(entity, index);
  }
  return {
    ids: Array.from(ids.keys(), hashed),
    firsts,
    idOf,
    entities: Array.from(entities.keys(), hashed),
    entityOf,
  };
}

/**
 * One outcome per claim. A claim that owns its id sees its entity's updates up to its own by `seq`, whenever it asks. A
 * duplicate, which has no `seq`, sees those that are not from later records of its own partition.
 */
export function answer(claims: readonly Claim[], packed: PackedClaims, found: Found): Answers {
  const { at, source, owners } = found;
  const histories = found.histories.map((updates) => ({
    updates: [...updates],
    places: new Map(updates.map(({ id }, place) => [id, place])),
  }));
  const lost: number[] = [];
  const seen = claims.map((claim, i) => {
    const idIndex = packed.idOf[i]!;
    const first = claims[packed.firsts[idIndex]!]!;
    const owner = owners.get(idIndex) ?? { ...at, offset: first.offset, content: first.content };
    const history = histories[packed.entityOf[i]!];
    if (history === undefined) return { owner, updates: [], length: 0 };
    const { updates, places } = history;
    const id = packed.ids[idIndex]!;
    const { offset, payload } = claim;
    const isOwn =
      owner.topic === at.topic && owner.partition === at.partition && owner.offset === offset;
    const place = isOwn ? places.get(id) : undefined;
    if (place !== undefined) return { owner, updates, length: place + 1 };
    if (isOwn && payload !== undefined) {
      if (owners.has(idIndex)) lost.push(i);
      places.set(id, updates.length);
      const seq = (updates.at(-1)?.seq ?? 0) + 1;
      updates.push({ seq, id, source, offset, payload: plain(payload) });
      return { owner, updates, length: updates.length };
    }
    const later = updates.findIndex((update) => update.source === source && update.offset > offset);
    return { owner, updates, length: later < 0 ? updates.length : later };
  });
  // Updates are only added at the end, so that each claim's history is still the beginning of what came out.
  const outcomes = seen.map(({ owner: { content, ...owner }, updates, length }) => ({
    owner,
    ownerContent: content,
    history: updates.slice(0, length).map(({ payload }) => payload),
  }));
  return { outcomes, lost };
}

/** The bytes without what a Buffer adds: what was just said and what was stored are answered alike. */
export function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

/** 16 bytes of SHA-256: ids come from senders, and a weaker hash would let a hostile one swallow another's message. */
function hashed(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}
