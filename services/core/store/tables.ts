// The tables as the query builder sees them; the migrations make them. All live in the schema `signpost`.
import type { Generated } from 'kysely';
import type { AlertTables } from './alert-tables.ts';

export interface Tables extends AlertTables {
  'signpost.migrations': MigrationRow;
  'signpost.claim_sources': ClaimSourceRow;
  'signpost.claims': ClaimRow;
  'signpost.entity_updates': EntityUpdateRow;
  'signpost.projections': ProjectionRow;
  'signpost.labels': LabelRow;
  'signpost.departments': DepartmentRow;
  'signpost.places': PlaceRow;
  'signpost.signals': SignalRow;
  'signpost.words': WordsRow;
  'signpost.changed_cells': ChangedCellRow;
  'signpost.gazetteer': GazetteerRow;
  'signpost.gazetteer_read': GazetteerReadRow;
  'signpost.waves': WaveRow;
  'signpost.packed_weeks': PackedWeekRow;
  'signpost.changed_days': ChangedDayRow;
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

/** How far a projection is with a partition. `bigint` columns are read as text, and written as numbers or text. */
export interface ProjectionRow {
  stage: string;
  topic: string;
  partition: number;
  epoch: string | number;
  next_offset: string | number | null;
}

export const labelKinds = [
  'theme',
  'technology',
  'severity',
  'source',
  'model',
  'product',
] as const;
export type LabelKind = (typeof labelKinds)[number];

/** A name that many rows share. Where a signal says none, the label is `none` (theme) or `unknown`. */
export interface LabelRow {
  id: Generated<number>;
  kind: LabelKind;
  name: string;
}

/** A department and its bit in `SignalRow.departments`. */
export interface DepartmentRow {
  bit: number;
  name: string;
}

/** A place as signals name it; null is unknown. */
export interface PlaceRow {
  id: Generated<number>;
  country: string | null;
  region: string | null;
  city: string | null;
  area: string | null;
  postcode: string | null;
  site: string | null;
}

/** `SignalRow.kind`. */
export const kindNumbers = { ticket: 0, post: 1, survey: 2 } as const;
/** `SignalRow.scale`. */
export const scaleNumbers = { nps: 0, csat: 1, ces: 2 } as const;
/** `SignalRow.urgency`. */
export const urgencyNumbers = { low: 0, normal: 1, high: 2 } as const;

/** A ticket, post or answer by the signal that stands: see services/aggregate/fact.ts for how that is chosen. */
export interface SignalRow {
  /** First 16 bytes of the SHA-256 of kind, source and id within the source. */
  entity: string;
  /** Of the insight that stands. */
  id: string;
  source: number;
  source_id: string;
  kind: number;
  revision: number;
  /** When it counts: a ticket when it was opened, anything else when it was said. */
  at: Date;
  occurred_at: Date;
  received_at: Date;
  /** Of a ticket: the last time that it was opened again; null when it never was. */
  reopened_at: Date | null;
  /** Of a ticket that is resolved or closed: since when. */
  resolved_at: Date | null;
  /** Of a ticket: neither resolved, closed, cancelled nor rejected. */
  is_open: boolean;
  /** Whether `at` is a moment, and not the start of the day or month that is all that is known. */
  is_exact: boolean;
  place: number;
  /** H3 cell of resolution 9, as a signed 64-bit number in text. */
  h3: string | null;
  technology: number;
  theme: number;
  /** Departments that received it, as bits. */
  departments: string | number;
  /** First 16 bytes of the SHA-256 of the pseudonym. */
  customer: string | null;
  severity: number;
  sentiment: number;
  urgency: number;
  churn: number;
  scale: number | null;
  score: number | null;
  model: number;
  /** Of a judgement made anew (insights.revised.v1): when, and where in its partition; null for the first. */
  judged_at: Date | null;
  judged_offset: string | number | null;
  /** Of a ticket with several updates: see `StoredTurns` in services/aggregate/fact-rows.ts. */
  turns: unknown;
  /** The transaction that last wrote the row. */
  changed: Generated<string>;
}

/** What was said, redacted, and the departments' relevances with their evidence as in the insight. */
export interface WordsRow {
  entity: string;
  received_at: Date;
  departments: string | number;
  text: string;
  language: string | null;
  /** `DepartmentRelevance[]` of the insight. */
  relevances: unknown;
  search: Generated<string>;
}

/** See tickets.aggregated.v1: all hours and departments of an area, theme, technology and day. */
export interface ChangedCellRow {
  id: Generated<string>;
  area: string | null;
  theme: number;
  technology: number;
  day: Date | string;
  /** Hours of the day, as bits, in which facts were counted that are no longer. */
  left_hours: Generated<number>;
  /** The departments they were counted for, as bits. */
  left_departments: Generated<string | number>;
}

/** A line of the gazetteer. */
export interface GazetteerRow {
  row: number;
  country: string | null;
  region: string | null;
  city: string | null;
  area: string;
  postcode: string | null;
  lat: number | null;
  lon: number | null;
  subscribers: number | null;
  technology: string | null;
}

export interface GazetteerReadRow {
  one: Generated<boolean>;
  digest: string;
  read_at: Date;
}

/** An area in a rollout wave. Dates are days, `2026-11-29`. */
export interface WaveRow {
  wave: string;
  area: string;
  technology: string;
  planned_on: Date | string;
  finished_on: Date | string | null;
}

/** Facts of a week as columns: services/core/store/fact-columns.ts. */
export interface PackedWeekRow {
  /** Its Monday, `2026-11-23`. */
  week: string;
  stream: number;
  departments: string;
  /** The transaction that packed it. */
  made: Generated<string>;
  count: number;
  columns: Uint8Array;
}

/** A day whose facts changed since its week was packed. */
export interface ChangedDayRow {
  id: Generated<string>;
  day: string;
}
