// Claims of ids and the payloads of their entities. New ones are held in memory and in a journal, written with the
// commit they belong to, and moved to runs (keyed-runs.ts) when there are many.
import type { DatabaseSync } from 'node:sqlite';
import { SignpostError } from '../../errors.ts';
import type { Position } from '../port.ts';
import {
  decodeJournal,
  decodeOwner,
  decodePayloads,
  encodeJournal,
  encodeOwner,
  encodePayloads,
} from './claim-codec.ts';
import type { EntityPayload, JournalEntry, Owner } from './claim-codec.ts';
import { ID_LENGTH } from './claim-message.ts';
import type { PackedClaims, PackedOutcomes } from './claim-message.ts';
import { openKeyedRuns } from './keyed-runs.ts';
import type { KeyedRuns } from './keyed-runs.ts';
import type { UndoLog } from './write-queue.ts';

export const CLAIMS_SCHEMA = `
CREATE TABLE claim_journal (
  seq INTEGER PRIMARY KEY,
  claimed_at INTEGER NOT NULL,
  payload BLOB NOT NULL
) STRICT;
`;

/** What may wait in memory before it becomes a run. */
const MAX_FRESH_CLAIMS = 65_536;
const MAX_FRESH_PAYLOAD_BYTES = 16 * 1024 * 1024;
/** A trickle becomes a run a day, so that retention, which forgets whole runs, is exact to a day. */
const MAX_FRESH_AGE_MS = 24 * 60 * 60 * 1000;

/** Claims of a batch that is out; written by its commit. */
export interface PendingClaims {
  readonly owners: readonly (readonly [id: string, owner: Owner])[];
  readonly payloads: readonly (readonly [entity: string, payload: EntityPayload])[];
  /** Which runs were looked into; later ones are looked into again when written. */
  readonly runsSeen: number;
}

export interface Claims {
  /** Looks up and answers; what is new is pending until `write`. */
  look(
    claims: PackedClaims,
    partitionId: number,
  ): { readonly outcomes: PackedOutcomes; readonly pending: PendingClaims };
  /** Inside a transaction. @throws SignpostError `claim-conflict` when somebody else came first. */
  write(pending: PendingClaims, undo: UndoLog): void;
  /** Whether `compact` has something to do. */
  isFull(): boolean;
  /** Moves what waits in memory to runs; inside a transaction. */
  compact(undo: UndoLog): void;
  /** All payloads of an entity, oldest first. */
  payloads(entity: string): readonly EntityPayload[];
  /** Changes an entity's payloads wherever the file has them; inside a transaction. @param changed by id of their claims */
  rewrite(entity: string, changed: ReadonlyMap<string, Uint8Array>, undo: UndoLog): void;
  /** What to forget at this time, a run each; called inside a transaction. */
  expired(now: number): readonly ((undo: UndoLog) => void)[];
}

export interface ClaimsOptions {
  readonly now: () => number;
  readonly claimRetentionMs: number;
  /** Counted from an entity's last update: its payloads hold what people said. */
  readonly entityRetentionMs: number;
  readonly positionOf: (owner: Owner) => Position;
}

export function openClaims(db: DatabaseSync, options: ClaimsOptions): Claims {
  const { now } = options;
  const ownerRuns: KeyedRuns = openKeyedRuns(db, 'claims');
  const entityRuns: KeyedRuns = openKeyedRuns(db, 'entities');
  const insertJournal = db.prepare('INSERT INTO claim_journal (claimed_at, payload) VALUES (?, ?)');
  const clearJournal = db.prepare('DELETE FROM claim_journal');

  let owners = new Map<string, Owner>();
  // The whole history of each entity touched lately, so that the newest run of an entity always holds all of it.
  let entities = new Map<string, readonly EntityPayload[]>();
  let payloadBytes = 0;
  let oldestAt = Number.POSITIVE_INFINITY;
  let newestAt = 0;
  let runsWritten = 0;

  const ownerOf = (id: string): Owner | undefined => {
    const fresh = owners.get(id);
    if (fresh !== undefined) return fresh;
    const stored = ownerRuns.get(id);
    return stored === undefined ? undefined : decodeOwner(stored);
  };
  const payloadsOf = (entity: string): readonly EntityPayload[] => {
    const fresh = entities.get(entity);
    if (fresh !== undefined) return fresh;
    const stored = entityRuns.get(entity);
    return stored === undefined ? [] : decodePayloads(stored);
  };

  function remember(pending: JournalEntry, claimedAt: number): void {
    for (const [id, owner] of pending.owners) owners.set(id, owner);
    for (const [entity, entry] of pending.payloads) {
      const earlier = payloadsOf(entity);
      if (earlier.some(({ id }) => id === entry.id)) continue;
      entities.set(entity, [...earlier, entry]);
      payloadBytes += entry.payload.length;
    }
    oldestAt = Math.min(oldestAt, claimedAt);
    newestAt = Math.max(newestAt, claimedAt);
  }

  for (const row of db
    .prepare('SELECT claimed_at, payload FROM claim_journal ORDER BY seq')
    .all()) {
    const payload = row['payload'] as Uint8Array;
    remember(decodeJournal(Buffer.from(payload.buffer)), row['claimed_at'] as number);
  }

  function compact(undo: UndoLog): void {
    const before = { owners, entities, payloadBytes, oldestAt, newestAt, runsWritten };
    undo.add(() => {
      ({ owners, entities, payloadBytes, oldestAt, newestAt, runsWritten } = before);
    });
    if (owners.size > 0) ownerRuns.write(mapValues(owners, encodeOwner), newestAt, undo);
    if (entities.size > 0) {
      entityRuns.write(mapValues(entities, encodePayloads), newestAt, undo);
    }
    clearJournal.run();
    // At once, not when the transaction is done: later writes in it must find the runs and fill new maps.
    owners = new Map();
    entities = new Map();
    payloadBytes = 0;
    oldestAt = Number.POSITIVE_INFINITY;
    newestAt = 0;
    runsWritten += 1;
  }

  return {
    look(claims, partitionId) {
      const count = claims.offsets.length;
      const fresh = new Map<string, Owner>();
      const newPayloads: [string, EntityPayload][] = [];
      const owned: { index: number; owner: Position }[] = [];
      const ownerContents: string[] = [];
      const historyLengths = new Int32Array(count);
      const entityIds = cut(claims.entities);
      const histories = entityIds.map((entity) => [...payloadsOf(entity)]);
      let payloadAt = 0;

      for (const [i, id] of cut(claims.ids).entries()) {
        const offset = claims.offsets[i] as number;
        const content = claims.contents[i] as string;
        let owner = fresh.get(id) ?? ownerOf(id);
        if (owner === undefined) {
          owner = { partitionId, offset, content };
          fresh.set(id, owner);
        }
        const isOwn = owner.partitionId === partitionId && owner.offset === offset;
        if (!isOwn) owned.push({ index: i, owner: options.positionOf(owner) });
        ownerContents.push(owner.content);

        const length = claims.payloadLengths[i] as number;
        const payload =
          length < 0 ? undefined : claims.payloads.slice(payloadAt, payloadAt + length);
        payloadAt += Math.max(0, length);
        const entityIndex = claims.entityOf[i] as number;
        const history = histories[entityIndex];
        if (history === undefined) continue;
        const own = isOwn ? history.findIndex((entry) => entry.id === id) : -1;
        if (own >= 0) {
          historyLengths[i] = own + 1;
          continue;
        }
        // A redelivered record must not see what came after it.
        const later = history.findIndex(
          (entry) => entry.partitionId === partitionId && entry.offset > offset,
        );
        if (isOwn && payload !== undefined) {
          const entry = { id, partitionId, offset, payload };
          newPayloads.push([entityIds[entityIndex] as string, entry]);
          if (later < 0) history.push(entry);
          else history.splice(later, 0, entry);
          historyLengths[i] = later < 0 ? history.length : later + 1;
        } else {
          historyLengths[i] = later < 0 ? history.length : later;
        }
      }
      return {
        outcomes: {
          owned,
          ownerContents,
          histories: histories.map((history) => history.map(({ payload }) => payload)),
          historyLengths,
        },
        pending: { owners: [...fresh], payloads: newPayloads, runsSeen: runsWritten },
      };
    },

    write(pending, undo) {
      const known = new Set<string>();
      for (const [id, owner] of pending.owners) {
        const other = pending.runsSeen === runsWritten ? owners.get(id) : ownerOf(id);
        if (other === undefined) continue;
        if (other.partitionId === owner.partitionId && other.offset === owner.offset) {
          known.add(id);
          continue;
        }
        const { topic, partition, offset } = options.positionOf(owner);
        throw new SignpostError(
          'claim-conflict',
          `Another partition claimed an id of ${topic}, partition ${partition}, offset ${offset}, meanwhile`,
          {
            hint: 'Nothing was written. Released, the batch comes again and sees the other claim.',
          },
        );
      }
      if (pending.owners.length + pending.payloads.length === 0) return;
      const claimedAt = now();
      insertJournal.run(claimedAt, encodeJournal(pending));
      const before = { payloadBytes, oldestAt, newestAt };
      const earlier = pending.payloads.map(([entity]) => [entity, entities.get(entity)] as const);
      remember(pending, claimedAt);
      undo.add(() => {
        ({ payloadBytes, oldestAt, newestAt } = before);
        for (const [id] of pending.owners) if (!known.has(id)) owners.delete(id);
        for (const [entity, payloads] of earlier) {
          if (payloads === undefined) entities.delete(entity);
          else entities.set(entity, payloads);
        }
      });
    },

    isFull: () =>
      owners.size >= MAX_FRESH_CLAIMS ||
      payloadBytes >= MAX_FRESH_PAYLOAD_BYTES ||
      (owners.size + entities.size > 0 && oldestAt < now() - MAX_FRESH_AGE_MS),

    compact,

    payloads: (entity) => [...payloadsOf(entity)],

    rewrite(entity, changed, undo) {
      // The journal has the words too: it is emptied first.
      if (owners.size + entities.size > 0) compact(undo);
      entityRuns.rewrite(entity, (value) =>
        encodePayloads(
          decodePayloads(value).map((entry) => {
            const payload = changed.get(entry.id);
            return payload === undefined ? entry : { ...entry, payload };
          }),
        ),
      );
    },

    expired(time) {
      const of = (runs: KeyedRuns, retentionMs: number): ((undo: UndoLog) => void)[] =>
        runs.olderThan(time - retentionMs).map((id) => (undo) => runs.remove(id, undo));
      return [
        ...of(ownerRuns, options.claimRetentionMs),
        ...of(entityRuns, options.entityRetentionMs),
      ];
    },
  };
}

function mapValues<V>(
  map: ReadonlyMap<string, V>,
  encode: (value: V) => Buffer,
): Map<string, Buffer> {
  return new Map(Array.from(map, ([key, value]) => [key, encode(value)]));
}

/** Hashed ids that were packed one after the other. */
export function cut(ids: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < ids.length; at += ID_LENGTH) parts.push(ids.slice(at, at + ID_LENGTH));
  return parts;
}
