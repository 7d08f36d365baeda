// A claim store in memory, as simple as can be: what the others are compared with.
import type { ClaimStore } from '../../services/core/log/kafka/claim-store.ts';
import type { Position } from '../../services/core/log/port.ts';

interface Owner extends Position {
  readonly content: string;
}

interface Update extends Position {
  readonly id: string;
  readonly payload: Uint8Array;
}

/** Its claims are those of whoever holds it: one for several copies. */
export function createClaimModel(): ClaimStore {
  const owners = new Map<string, Owner>();
  const entities = new Map<string, Update[]>();
  return {
    async claim(at, claims) {
      const seen = claims.map(({ id, content, offset, entity, payload }) => {
        const position = { ...at, offset };
        const owner = owners.get(id) ?? { ...position, content };
        owners.set(id, owner);
        const answer = { owner: positionOf(owner), ownerContent: owner.content };
        if (entity === undefined) return { answer, updates: [], length: 0 };
        const updates = entities.get(entity) ?? [];
        entities.set(entity, updates);
        const isOwn = isSame(owner, position);
        const own = isOwn ? updates.findIndex((update) => update.id === id) : -1;
        if (own >= 0) return { answer, updates, length: own + 1 };
        if (isOwn && payload !== undefined) {
          updates.push({ ...position, id, payload });
          return { answer, updates, length: updates.length };
        }
        const later = updates.findIndex((update) => isLater(update, position));
        return { answer, updates, length: later < 0 ? updates.length : later };
      });
      return seen.map(({ answer, updates, length }) => ({
        ...answer,
        history: updates.slice(0, length).map(({ payload }) => payload),
      }));
    },
    close: async () => undefined,
  };
}

export function isSame(a: Position, b: Position): boolean {
  return a.topic === b.topic && a.partition === b.partition && a.offset === b.offset;
}

function isLater(a: Position, b: Position): boolean {
  return a.topic === b.topic && a.partition === b.partition && a.offset > b.offset;
}

function positionOf({ topic, partition, offset }: Position): Position {
  return { topic, partition, offset };
}
