// The tables as the query builder sees them; the migrations make them. All live in the schema `signpost`.
import type { Generated } from 'kysely';

export interface Tables {
  'signpost.migrations': MigrationRow;
  'signpost.claim_sources': ClaimSourceRow;
  'signpost.claims': ClaimRow;
  'signpost.entity_updates': EntityUpdateRow;
}

export interface MigrationRow {
  version: number;
  name: string;
  applied_at: Generated<Date>;
}

/** A partition that claims came from: named once, so that a claim's row is small. */
export interface ClaimSourceRow {
  id: Generated<number>;
  topic: string;
  partition: number;
}

/** Who said something first. Ids are the first 16 bytes of their SHA-256, as a uuid. */
export interface ClaimRow {
  id: string;
  source: number;
  at_offset: number;
  claimed_on: Date;
  content: string;
}

/** What a claim added to its entity; `seq` counts an entity's from 1, in order of arrival, without gaps. */
export interface EntityUpdateRow {
  entity: string;
  seq: number;
  id: string;
  source: number;
  at_offset: number;
  claimed_at: Date;
  payload: Uint8Array;
}
