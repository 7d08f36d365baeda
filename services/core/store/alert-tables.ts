// The tables of alerts as the query builder sees them; migrations from 0005 on make them. See docs/decisions/0014-alerts.md.
import type { ColumnType, Generated } from 'kysely';

export interface AlertTables {
  'signpost.sightings': SightingRow;
  'signpost.sighting_sources': SightingSourceRow;
  'signpost.detector': DetectorRow;
  'signpost.incidents': IncidentRow;
  'signpost.incident_counts': IncidentCountsRow;
  'signpost.transitions': TransitionRow;
  'signpost.alert_deliveries': AlertDeliveryRow;
  'signpost.silences': SilenceRow;
  'signpost.leases': LeaseRow;
}

/** Read as a value, written as JSON in text. */
export type Json<T> = ColumnType<T, string, string>;

/** Names from the country down to the level of the row; null below it, and where unknown. */
export interface StoredPath {
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly area: string | null;
  readonly postcode: string | null;
  readonly site: string | null;
}

export interface SightingRow {
  /** Of the insight. */
  id: string;
  /** As in signpost.words. */
  entity: string;
  at: Date;
  /** The moment in whose bucket it counts: `at`, or later where its source is slow. */
  counts_at: Date;
  received_at: Date;
  /** Labels; the product is null where there is none. */
  source: number;
  theme: number;
  product: number | null;
  /** In signpost.places. */
  place: number;
  /** 16 hex digits of a hash of the pseudonym. */
  customer: string | null;
  /** As bits. */
  departments: string | number;
  /** Too late for its bucket: by what it says itself, or since the bucket was evaluated when it came. */
  is_late: boolean;
}

export interface SightingSourceRow {
  /** A label. */
  source: number;
  first_received_at: Date;
}

/** The one row that says how far counts are evaluated. */
export interface DetectorRow {
  one: Generated<boolean>;
  /** Another one in a database that is made anew. */
  made: Generated<string>;
  /** End of the last bucket; null before the first. */
  evaluated_until: Date | null;
  /** Digest of the options and form that the snapshot is of. */
  options: string | null;
  snapshot: Uint8Array | null;
  snapshot_until: Date | null;
  series_tested: Generated<number>;
  silent_sources: Generated<string[]>;
}

export const incidentStates = [
  'firing',
  'acknowledged',
  'suppressed',
  'reopened',
  'resolved',
] as const;
/** `reopened` is firing again after it was resolved. */
export type IncidentState = (typeof incidentStates)[number];

/** Planned work that may have to do with an incident. */
export type StoredPlanned =
  | {
      readonly kind: 'wave';
      readonly wave: string;
      readonly area: string;
      readonly technology: string;
      /** `2026-11-29`. */
      readonly plannedOn: string;
    }
  | {
      readonly kind: 'maintenance';
      readonly silence: string;
      readonly comment: string;
      /** Milliseconds since the epoch. */
      readonly from: number;
      readonly until: number;
    };

export interface IncidentRow {
  id: string;
  state: IncidentState;
  started_at: Date;
  detected_at: Date;
  resolved_at: Date | null;
  /** `everywhere` or a level of places. */
  level: string;
  path: Json<StoredPath>;
  /** In words: `Newark, California`. */
  place: string;
  themes: string[];
  product: string | null;
  customers: number;
  /** Customers that were to be expected. */
  expected: number;
  /** Customers above that, with a 95 % interval. */
  excess: number;
  excess_low: number;
  excess_high: number;
  /** Estimate of the customers affected, and of the minutes they were. */
  affected: number;
  affected_low: number;
  affected_high: number;
  user_minutes: number;
  user_minutes_low: number;
  user_minutes_high: number;
  p_value: number;
  /** That should know, most sightings first; as bits for the rule of who may read the row. */
  departments: string[];
  department_bits: string | number;
  sources: string[];
  /** Ids of insights, the latest first. */
  examples: string[];
  /** Words that rose, the most telling first; each used by three customers at least. */
  words: Generated<string[]>;
  planned: ColumnType<readonly StoredPlanned[], string | undefined, string>;
  reopened: Generated<number>;
  /** Silent sources that hold it open. */
  held_by: Generated<string[]>;
  acknowledged_at: Date | null;
  acknowledged_by: string | null;
  /** The silence that keeps it from being told. */
  suppressed_by: string | null;
  /** The incident that it turned out to be part of. */
  merged_into: string | null;
  /** Found in history, long after it happened: told to nobody. */
  is_past: Generated<boolean>;
  updated_at: Date;
}

/** Distinct customers of a bucket against what is usual, for a chart. */
export interface IncidentCountsRow {
  incident_id: string;
  start: Date;
  customers: number;
  expected: number;
  low: number;
  high: number;
}

export interface TransitionRow {
  /** The order of publication, without regard to gaps. */
  seq: Generated<string>;
  /** The same for the same transition, however often it is derived. */
  id: string;
  incident_id: string;
  state: IncidentState;
  /** By event time; of what people do, by the clock. */
  at: Date;
  /** Who did it; null for the counts. */
  by: string | null;
  reason: string;
  /** What they said to it. */
  comment: Generated<string | null>;
  /** The Alert as it is published. */
  record: Json<unknown>;
  written_at: Date;
}

export const deliveryStates = ['waiting', 'delivered', 'given-up'] as const;

export interface AlertDeliveryRow {
  transition_id: string;
  target: string;
  /** 0 for the first time; counts the times it is said again. */
  repeat: Generated<number>;
  state: Generated<(typeof deliveryStates)[number]>;
  attempts: Generated<number>;
  next_at: Date;
  last_error: string | null;
  delivered_at: Date | null;
  /** What the target calls what it made of it: an alarm or problem that later transitions change. */
  remote_id: Generated<string | null>;
  created_at: Generated<Date>;
}

export interface SilenceRow {
  id: string;
  kind: 'silence' | 'maintenance';
  /** Place and what lies in it; null for everywhere. */
  level: string | null;
  path: ColumnType<StoredPath | null, string | null, string | null>;
  /** Null for all. */
  themes: string[] | null;
  product: string | null;
  from_at: Date;
  until_at: Date;
  comment: string;
  created_by: string;
  created_at: Date;
  /** Ended before its time. */
  ended_at: Date | null;
  ended_by: string | null;
}

/** Held until it is given back or its time is over. */
export interface LeaseRow {
  name: string;
  holder: string;
  until: Date;
}
