// What the detector is given and what it answers; see docs/decisions/0014-alerts.md. No clock, no store, no user in here.
import type { PlaceLevel, Sighting, SightingPlace } from '../sighting.ts';

/** Length of a bucket. Buckets start at whole multiples of it since the epoch. */
export const bucketMs = 15 * 60_000;
/**
 * A bucket is looked at so often while it fills: a fifth of it at a time. Against what is usual of the whole of it, so
 * that the looks bring no false alarms of their own. Slices start at whole multiples of it since the epoch.
 */
export const sliceMs = 3 * 60_000;

export interface DetectorOptions {
  /** False alarms that are allowed in a week, over all series. Above 0. */
  readonly budgetPerWeek: number;
  /** Distinct customers below which nothing alarms. */
  readonly minCustomers: number;
  /** Nothing alarms in the first days of what is seen. */
  readonly warmUpDays: number;
  /** How long after a slice's end it is looked at; and after a bucket's end its sightings may be received. */
  readonly latenessMs: number;
  /** Themes that are also counted together, by the name of what they have in common; none by default. */
  readonly families?: Readonly<Record<string, readonly string[]>>;
}

export interface DetectorSlice {
  /** Start, milliseconds since the epoch; the first is that of a bucket, and each call continues the one before. */
  readonly start: number;
  /** Those in time that count in it, in any order; those that came slowly were said in one before. */
  readonly sightings: readonly Sighting[];
}

/** The place that an incident is at: `everywhere` names no place. */
export interface Scope {
  readonly level: PlaceLevel | 'everywhere';
  /** Names from the country down to the level; null below it, and where unknown. */
  readonly path: SightingPlace;
}

export interface Incident {
  /** Follows from when, where and what, so that a replay gives the same. */
  readonly id: string;
  readonly startedAt: number;
  /** When the counts said so: the end of a slice plus the allowed lateness. */
  readonly detectedAt: number;
  readonly resolvedAt: number | null;
  readonly scope: Scope;
  /** Those that rose, the one with most customers above what is usual first. */
  readonly themes: readonly string[];
  /** Where one product alone rose. */
  readonly product: string | null;
  /** Distinct customers since it began. */
  readonly customers: number;
  /** How many were to be expected of these themes there since it began. */
  readonly expectedCustomers: number;
  /** Customers above that, with a 95 % interval; 0 at least. */
  readonly excess: { readonly estimate: number; readonly low: number; readonly high: number };
  /** The smallest probability, under what is usual, of any window that alarmed. */
  readonly pValue: number;
  /** Departments that received at least a third of its sightings, most first. */
  readonly departments: readonly string[];
  /** Sources that saw it. */
  readonly sources: readonly string[];
  /** Ids of insights, the latest first, 20 at most. */
  readonly examples: readonly string[];
  /** How often it was reopened. */
  readonly reopened: number;
  /** Sources that saw it and were not heard since: it is held open. */
  readonly heldBy: readonly string[];
  /** The incident that explains it too, and in which it ended. */
  readonly mergedInto: string | null;
}

/**
 * - `began`, `reopened`, `resolved`: the state changed.
 * - `widened`: place or themes changed while it stands.
 * - `went-on`: its numbers changed; nobody need be told.
 */
export interface Change {
  readonly kind: 'began' | 'widened' | 'went-on' | 'resolved' | 'reopened';
  /** By event time: end of the slice plus the allowed lateness. */
  readonly at: number;
  readonly incident: Incident;
}

/** Counts of what an incident is about, in one bucket, for a chart; of the last one as far as it was looked at. */
export interface CountsAgainstExpected {
  readonly start: number;
  readonly customers: number;
  readonly expected: number;
  /** The 95 % band of what is usual. */
  readonly low: number;
  readonly high: number;
}

export interface Detector {
  /** Takes the next slice. Slices without sightings must be given too. */
  step(slice: DetectorSlice): readonly Change[];
  /** Incidents that stand, and those that may still be reopened. */
  readonly incidents: () => readonly Incident[];
  /** Series tested in the last bucket. */
  readonly seriesTested: () => number;
  /** Sources that are silent after the last bucket. */
  readonly silentSources: () => readonly string[];
  /** Of an incident that stands: counts of the last so many buckets (96 at most), as they are charted. */
  readonly counts: (incidentId: string, buckets: number) => readonly CountsAgainstExpected[];
  /** All of its state; `restoreDetector` of the same options goes on from it. */
  snapshot(): Uint8Array;
}
