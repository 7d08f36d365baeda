// Ids as they are stored: 16 bytes of SHA-256. Ids come from senders, and with a weaker hash a hostile one could make
// an id that swallows somebody else's message.
import { hash } from 'node:crypto';
import type { Claim } from '../port.ts';
import type { HashedClaim } from './protocol.ts';

export function hashClaims(claims: readonly Claim[]): readonly HashedClaim[] {
  return claims.map(({ id, content, offset, entity, payload }) => ({
    id: hashed(id),
    content,
    offset,
    entity: entity === undefined ? undefined : hashed(entity),
    payload,
  }));
}

/** 128 bits as latin1: one character per byte, cheap as a key in memory. */
function hashed(text: string): string {
  return hash('sha256', text, 'binary').slice(0, 16);
}
