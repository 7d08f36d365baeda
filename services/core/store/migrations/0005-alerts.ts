// What alerts are made of and what became of them; see docs/decisions/0014-alerts.md. No words of customers but those
// that several of them used.
import type { Migration } from '../migrate.ts';

const ofIncident = (table: string): string =>
  `CREATE POLICY by_incident ON signpost.${table} FOR SELECT TO signpost_reader
    USING (EXISTS (SELECT FROM signpost.incidents i WHERE i.id = ${table}.incident_id))`;

export const alerts: Migration = {
  name: 'alerts',
  statements: [
    // One row for each thing said that says that something happens now. `entity` is that of signpost.words.
    `CREATE TABLE signpost.sightings (
      id text PRIMARY KEY,
      entity uuid NOT NULL,
      at timestamptz NOT NULL,
      received_at timestamptz NOT NULL,
      source integer NOT NULL,
      place integer NOT NULL,
      theme integer NOT NULL,
      product integer,
      customer text,
      departments bigint NOT NULL,
      is_late boolean NOT NULL
    )`,
    'CREATE INDEX sightings_by_time ON signpost.sightings (at)',
    // Since when a source is heard of: what it says of the time before is history, and late for nothing.
    `CREATE TABLE signpost.sighting_sources (
      source integer PRIMARY KEY,
      first_received_at timestamptz NOT NULL
    )`,
    // Its one row is locked by whoever adds sightings (shared) or evaluates a bucket: a sighting is either evaluated or
    // known to be late.
    // `made` tells this database from one that is made anew.
    `CREATE TABLE signpost.detector (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      made uuid NOT NULL DEFAULT gen_random_uuid(),
      evaluated_until timestamptz,
      options text,
      snapshot bytea,
      snapshot_until timestamptz,
      series_tested integer NOT NULL DEFAULT 0,
      silent_sources text[] NOT NULL DEFAULT '{}'
    )`,
    'INSERT INTO signpost.detector DEFAULT VALUES',
    `CREATE TABLE signpost.incidents (
      id text PRIMARY KEY,
      state text NOT NULL CHECK (state IN ('firing', 'acknowledged', 'suppressed', 'reopened', 'resolved')),
      started_at timestamptz NOT NULL,
      detected_at timestamptz NOT NULL,
      resolved_at timestamptz,
      level text NOT NULL,
      path jsonb NOT NULL,
      place text NOT NULL,
      themes text[] NOT NULL,
      product text,
      customers integer NOT NULL,
      expected double precision NOT NULL,
      excess double precision NOT NULL,
      excess_low double precision NOT NULL,
      excess_high double precision NOT NULL,
      affected double precision NOT NULL,
      affected_low double precision NOT NULL,
      affected_high double precision NOT NULL,
      user_minutes double precision NOT NULL,
      user_minutes_low double precision NOT NULL,
      user_minutes_high double precision NOT NULL,
      p_value double precision NOT NULL,
      departments text[] NOT NULL,
      department_bits bigint NOT NULL,
      sources text[] NOT NULL,
      examples text[] NOT NULL,
      words text[] NOT NULL DEFAULT '{}',
      planned jsonb NOT NULL DEFAULT '[]',
      reopened integer NOT NULL DEFAULT 0,
      held_by text[] NOT NULL DEFAULT '{}',
      acknowledged_at timestamptz,
      acknowledged_by text,
      suppressed_by text,
      merged_into text,
      is_past boolean NOT NULL DEFAULT false,
      updated_at timestamptz NOT NULL
    )`,
    'CREATE INDEX incidents_by_time ON signpost.incidents (started_at)',
    `CREATE INDEX incidents_standing ON signpost.incidents (state) WHERE state <> 'resolved'`,
    `CREATE TABLE signpost.incident_counts (
      incident_id text NOT NULL REFERENCES signpost.incidents ON DELETE CASCADE,
      start timestamptz NOT NULL,
      customers integer NOT NULL,
      expected double precision NOT NULL,
      low double precision NOT NULL,
      high double precision NOT NULL,
      PRIMARY KEY (incident_id, start)
    )`,
    // Whoever adds a row holds the lock of alerts until it commits, so that `seq` is the order in which rows appear.
    `CREATE TABLE signpost.transitions (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id text NOT NULL UNIQUE,
      incident_id text NOT NULL REFERENCES signpost.incidents ON DELETE CASCADE,
      state text NOT NULL,
      at timestamptz NOT NULL,
      by text,
      reason text NOT NULL,
      record jsonb NOT NULL,
      written_at timestamptz NOT NULL
    )`,
    'CREATE INDEX transitions_by_incident ON signpost.transitions (incident_id, seq)',
    // What is sent of a transition to a target; `repeat` counts from 1 while it stands and nobody acknowledges it.
    `CREATE TABLE signpost.alert_deliveries (
      transition_id text NOT NULL REFERENCES signpost.transitions (id) ON DELETE CASCADE,
      target text NOT NULL,
      repeat integer NOT NULL DEFAULT 0,
      state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given-up')),
      attempts integer NOT NULL DEFAULT 0,
      next_at timestamptz NOT NULL,
      last_error text,
      delivered_at timestamptz,
      remote_id text,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (transition_id, target, repeat)
    )`,
    `CREATE INDEX alert_deliveries_waiting ON signpost.alert_deliveries (target, next_at) WHERE state = 'waiting'`,
    // Planned quiet: who is not told, of what, from when until when. What is null is not asked for.
    `CREATE TABLE signpost.silences (
      id text PRIMARY KEY,
      kind text NOT NULL CHECK (kind IN ('silence', 'maintenance')),
      level text,
      path jsonb,
      themes text[],
      product text,
      from_at timestamptz NOT NULL,
      until_at timestamptz NOT NULL,
      comment text NOT NULL,
      created_by text NOT NULL,
      created_at timestamptz NOT NULL,
      ended_at timestamptz,
      ended_by text
    )`,
    'CREATE INDEX silences_by_time ON signpost.silences (until_at)',
    // Who does something that one process may do at a time although no transaction spans it, and until when at most.
    `CREATE TABLE signpost.leases (
      name text PRIMARY KEY,
      holder uuid NOT NULL,
      until timestamptz NOT NULL
    )`,
    ...['sightings', 'incidents', 'incident_counts', 'transitions', 'alert_deliveries'].map(
      (table) => `ALTER TABLE signpost.${table} ENABLE ROW LEVEL SECURITY`,
    ),
    'CREATE POLICY by_department ON signpost.sightings FOR SELECT TO signpost_reader USING (signpost.may_read(departments))',
    'CREATE POLICY by_department ON signpost.incidents FOR SELECT TO signpost_reader USING (signpost.may_read(department_bits))',
    ofIncident('incident_counts'),
    ofIncident('transitions'),
    `CREATE POLICY by_transition ON signpost.alert_deliveries FOR SELECT TO signpost_reader
      USING (EXISTS (SELECT FROM signpost.transitions t WHERE t.id = alert_deliveries.transition_id))`,
    `GRANT SELECT (evaluated_until, series_tested, silent_sources) ON signpost.detector TO signpost_reader`,
    `GRANT SELECT ON signpost.sightings, signpost.incidents, signpost.incident_counts, signpost.transitions,
      signpost.alert_deliveries, signpost.silences TO signpost_reader`,
  ],
};
