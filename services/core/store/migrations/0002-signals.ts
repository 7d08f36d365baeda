// What was said, one row each, as planners count it: aggregates are always computed of these rows, never kept beside them.
import type { Migration } from '../migrate.ts';

export const signals: Migration = {
  name: 'signals',
  statements: [
    // How far a projection is with a partition, in the transaction of its rows. `epoch` counts its owners: a commit of
    // an older one is refused.
    `CREATE TABLE signpost.projections (
      stage text NOT NULL,
      topic text NOT NULL,
      partition integer NOT NULL,
      epoch bigint NOT NULL,
      next_offset bigint,
      PRIMARY KEY (stage, topic, partition)
    )`,
    // Names that many rows share, by kind: theme, technology, severity, source, model, channel, product, language.
    `CREATE TABLE signpost.labels (
      id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      kind text NOT NULL,
      name text NOT NULL,
      UNIQUE (kind, name)
    )`,
    // A row's departments are a set of bits, so that a signal is one row whoever receives it.
    `CREATE TABLE signpost.departments (
      bit smallint PRIMARY KEY CHECK (bit BETWEEN 0 AND 61),
      name text NOT NULL UNIQUE
    )`,
    // Every place that was named, as the signal has it; what is unknown is null.
    `CREATE TABLE signpost.places (
      id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      country text,
      region text,
      city text,
      area text,
      postcode text,
      site text,
      UNIQUE NULLS NOT DISTINCT (country, region, city, area, postcode, site)
    )`,
    // One row for each ticket, post or answer: its state by the signal that stands. No words.
    `CREATE TABLE signpost.signals (
      entity uuid PRIMARY KEY,
      id text NOT NULL,
      source integer NOT NULL,
      source_id text NOT NULL,
      kind smallint NOT NULL,
      revision integer NOT NULL,
      at timestamptz NOT NULL,
      occurred_at timestamptz NOT NULL,
      received_at timestamptz NOT NULL,
      reopened_at timestamptz,
      resolved_at timestamptz,
      is_open boolean NOT NULL,
      is_exact boolean NOT NULL,
      place integer NOT NULL,
      h3 bigint,
      technology integer NOT NULL,
      theme integer NOT NULL,
      departments bigint NOT NULL,
      customer uuid,
      severity integer NOT NULL,
      sentiment smallint NOT NULL,
      urgency smallint NOT NULL,
      churn real NOT NULL,
      scale smallint,
      score real,
      model integer NOT NULL,
      judged_at timestamptz,
      judged_offset bigint,
      turns jsonb,
      changed xid8 NOT NULL DEFAULT pg_current_xact_id()
    )`,
    'CREATE INDEX signals_by_id ON signpost.signals (id)',
    'CREATE INDEX signals_by_time ON signpost.signals (at, theme)',
    'CREATE INDEX signals_by_theme ON signpost.signals (theme, at)',
    'CREATE INDEX signals_by_place ON signpost.signals (place, at)',
    `CREATE INDEX signals_by_cell ON signpost.signals (h3, at) WHERE h3 IS NOT NULL`,
    'CREATE INDEX signals_by_resolution ON signpost.signals (resolved_at, theme) WHERE resolved_at IS NOT NULL',
    'CREATE INDEX signals_by_reopening ON signpost.signals (reopened_at, theme) WHERE reopened_at IS NOT NULL',
    'CREATE INDEX signals_by_change ON signpost.signals (changed)',
    // What was said, and what spoke for each department; forgotten before the rows above, see docs/decisions/0013.
    `CREATE TABLE signpost.words (
      entity uuid PRIMARY KEY,
      received_at timestamptz NOT NULL,
      departments bigint NOT NULL,
      text text NOT NULL,
      language text,
      relevances jsonb NOT NULL,
      search tsvector GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED
    )`,
    'CREATE INDEX words_by_search ON signpost.words USING gin (search)',
    'CREATE INDEX words_by_receipt ON signpost.words (received_at)',
    // The parent of an H3 cell (h3geo.org, "H3 index bits"): resolution in bits 52 to 55, then three bits for each of 15
    // digits, those beyond the resolution all ones.
    `CREATE FUNCTION signpost.h3_parent(cell bigint, resolution integer) RETURNS bigint
      LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
      RETURN (cell & ~(15::bigint << 52)) | (resolution::bigint << 52) | ((1::bigint << (3 * (15 - resolution))) - 1)`,
    // Cells of tickets.aggregated.v1 that may have changed and are not published anew yet: rows are added, never
    // changed, so that writers do not wait for each other. Of facts that left: the hours (as 24 bits) and departments
    // in which they were counted, for these cells may be empty now.
    `CREATE TABLE signpost.changed_cells (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      area text,
      theme integer NOT NULL,
      technology integer NOT NULL,
      day date NOT NULL,
      left_hours integer NOT NULL DEFAULT 0,
      left_departments bigint NOT NULL DEFAULT 0
    )`,
    // The gazetteer as it was last read, so that the database knows subscribers and where areas are.
    `CREATE TABLE signpost.gazetteer (
      row integer PRIMARY KEY,
      country text,
      region text,
      city text,
      area text NOT NULL,
      postcode text,
      lat double precision,
      lon double precision,
      subscribers double precision,
      technology text
    )`,
    'CREATE TABLE signpost.gazetteer_read (one boolean PRIMARY KEY DEFAULT true CHECK (one), digest text NOT NULL, read_at timestamptz NOT NULL)',
    // Planned and finished rollout: an area may be in several waves, each with a technology and a date.
    `CREATE TABLE signpost.waves (
      wave text NOT NULL,
      area text NOT NULL,
      technology text NOT NULL,
      planned_on date NOT NULL,
      finished_on date,
      PRIMARY KEY (wave, area, technology)
    )`,
    'CREATE INDEX waves_by_area ON signpost.waves (area)',
    // Who reads by the query API: row-level rules bind this role alone. Roles belong to the whole server, so that it may
    // be there already.
    `DO $$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'signpost_reader') THEN
        CREATE ROLE signpost_reader NOLOGIN;
      END IF;
      IF NOT pg_has_role(current_user, 'signpost_reader', 'MEMBER') THEN
        EXECUTE format('GRANT signpost_reader TO %I', current_user);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$`,
    // Set for a transaction: the departments a reader may see, as bits; -1 for everything, nothing when unset.
    `CREATE FUNCTION signpost.may_read(departments bigint) RETURNS boolean
      LANGUAGE sql STABLE PARALLEL SAFE
      RETURN COALESCE(NULLIF(current_setting('signpost.departments', true), '')::bigint, 0) = -1
        OR (departments & COALESCE(NULLIF(current_setting('signpost.departments', true), '')::bigint, 0)) <> 0`,
    'ALTER TABLE signpost.signals ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE signpost.words ENABLE ROW LEVEL SECURITY',
    'CREATE POLICY by_department ON signpost.signals FOR SELECT TO signpost_reader USING (signpost.may_read(departments))',
    'CREATE POLICY by_department ON signpost.words FOR SELECT TO signpost_reader USING (signpost.may_read(departments))',
    'GRANT USAGE ON SCHEMA signpost TO signpost_reader',
    `GRANT SELECT ON signpost.signals, signpost.words, signpost.labels, signpost.departments, signpost.places,
      signpost.gazetteer, signpost.gazetteer_read, signpost.waves, signpost.projections TO signpost_reader`,
  ],
};
