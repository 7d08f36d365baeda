// What is asked of incidents: lists, and one with all that is known of it. On any connection, so that row-level rules
// bind whoever asks as a reader.
import type { Kysely } from 'kysely';
import type { Alert } from '#schemas/alert.ts';
import type { IncidentState } from '#core/store/alert-tables.ts';
import type { Tables } from '#core/store/tables.ts';
import type { CountsAgainstExpected } from './detect/detection.ts';
import { incidentIn, type StoredIncident } from './incident-rows.ts';

export interface ListedIncident extends StoredIncident {
  /** In words. */
  readonly place: string;
  /** Of the last transition. */
  readonly summary: string;
}

export interface KnownTransition {
  readonly id: string;
  readonly state: IncidentState;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly by: string | null;
  readonly summary: string;
}

export interface KnownDelivery {
  readonly transition: string;
  readonly target: string;
  readonly repeat: number;
  readonly state: 'waiting' | 'delivered' | 'given-up';
  readonly attempts: number;
  readonly lastError: string | null;
  /** Milliseconds since the epoch. */
  readonly deliveredAt: number | null;
}

export interface IncidentReport extends ListedIncident {
  readonly transitions: readonly KnownTransition[];
  readonly counts: readonly CountsAgainstExpected[];
  readonly deliveries: readonly KnownDelivery[];
}

export interface ListOptions {
  /** `standing`: those that are not over. */
  readonly which: 'standing' | 'all';
  readonly most: number;
}

/** The latest first. */
export async function listIncidents(
  queries: Kysely<Tables>,
  { which, most }: ListOptions,
): Promise<readonly ListedIncident[]> {
  const rows = await queries
    .selectFrom('signpost.incidents')
    .selectAll()
    .$if(which === 'standing', (query) => query.where('state', '<>', 'resolved'))
    .orderBy('started_at', 'desc')
    .orderBy('id')
    .limit(most)
    .execute();
  const summaries = await summariesOf(
    queries,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({
    ...incidentIn(row),
    place: row.place,
    summary: summaries.get(row.id) ?? '',
  }));
}

/** Undefined where there is none, or none that may be seen. */
export async function readIncident(
  queries: Kysely<Tables>,
  id: string,
): Promise<IncidentReport | undefined> {
  const row = await queries
    .selectFrom('signpost.incidents')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const transitions = await queries
    .selectFrom('signpost.transitions')
    .selectAll()
    .where('incident_id', '=', id)
    .orderBy('seq')
    .execute();
  const counts = await queries
    .selectFrom('signpost.incident_counts')
    .selectAll()
    .where('incident_id', '=', id)
    .orderBy('start')
    .execute();
  const deliveries = await queries
    .selectFrom('signpost.alert_deliveries as d')
    .innerJoin('signpost.transitions as t', 't.id', 'd.transition_id')
    .where('t.incident_id', '=', id)
    .selectAll('d')
    .orderBy('t.seq')
    .orderBy('d.target')
    .orderBy('d.repeat')
    .execute();
  const told = transitions.map((each) => ({
    id: each.id,
    state: each.state,
    reason: each.reason,
    at: each.at.getTime(),
    by: each.by,
    summary: (each.record as Alert).summary,
  }));
  return {
    ...incidentIn(row),
    place: row.place,
    summary: told.at(-1)?.summary ?? '',
    transitions: told,
    counts: counts.map(({ start, customers, expected, low, high }) => ({
      start: start.getTime(),
      customers,
      expected,
      low,
      high,
    })),
    deliveries: deliveries.map((each) => ({
      transition: each.transition_id,
      target: each.target,
      repeat: each.repeat,
      state: each.state satisfies KnownDelivery['state'],
      attempts: each.attempts,
      lastError: each.last_error,
      deliveredAt: each.delivered_at?.getTime() ?? null,
    })),
  };
}

async function summariesOf(
  queries: Kysely<Tables>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await queries
    .selectFrom('signpost.transitions')
    .select(['incident_id', 'record'])
    .distinctOn('incident_id')
    .where('incident_id', 'in', [...ids])
    .orderBy('incident_id')
    .orderBy('seq', 'desc')
    .execute();
  return new Map(
    rows.map(({ incident_id: id, record }) => [id, (record as Alert).summary] as const),
  );
}
