// Ids of the store: hashes of 16 bytes, as PostgreSQL writes a uuid.
import { hash } from 'node:crypto';

/** The first 16 bytes of a SHA-256. */
export function shortHash(text: string): string {
  const hex = hash('sha256', text, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** Of a ticket, post or answer, whichever of its records tells: the same in every table. */
export function entityOf(signal: {
  readonly kind: string;
  readonly source: string;
  readonly sourceId: string;
}): string {
  return shortHash(`${signal.kind}\u0000${signal.source}\u0000${signal.sourceId}`);
}
