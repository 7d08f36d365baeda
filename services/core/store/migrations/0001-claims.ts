// Claims of ids, and the payloads of their entities.
import type { Migration } from '../migrate.ts';

export const claims: Migration = {
  name: 'claims',
  statements: [
    `CREATE TABLE signpost.claim_sources (
      id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      topic text NOT NULL,
      partition integer NOT NULL,
      UNIQUE (topic, partition)
    )`,
    // No foreign key: it would cost each claim a look-up, and sources are never deleted.
    `CREATE TABLE signpost.claims (
      id uuid PRIMARY KEY,
      source integer NOT NULL,
      claimed_on date NOT NULL,
      at_offset bigint NOT NULL,
      content text NOT NULL
    )`,
    'CREATE INDEX claims_by_day ON signpost.claims (claimed_on)',
    `CREATE TABLE signpost.entity_updates (
      entity uuid NOT NULL,
      seq integer NOT NULL,
      source integer NOT NULL,
      id uuid NOT NULL,
      at_offset bigint NOT NULL,
      claimed_at timestamptz NOT NULL,
      payload bytea NOT NULL,
      PRIMARY KEY (entity, seq)
    )`,
    'CREATE INDEX entity_updates_by_time ON signpost.entity_updates (claimed_at, entity)',
    // What was deleted holds words until it is vacuumed.
    `ALTER TABLE signpost.entity_updates SET (
      autovacuum_vacuum_scale_factor = 0.02,
      toast.autovacuum_vacuum_scale_factor = 0.02
    )`,
  ],
};
