// Incidents as rows of the store, and back.
import { sql, type Insertable, type Kysely, type Selectable, type Transaction } from 'kysely';
import type { IncidentRow } from '#core/store/alert-tables.ts';
import type { Tables } from '#core/store/tables.ts';
import { namesOf, unnested, type Column } from '#core/store/unnest.ts';
import type { CountsAgainstExpected, Incident } from './detect/detection.ts';
import type { Standing } from './lifecycle/lifecycle.ts';
import { placeInWords } from './lifecycle/plain.ts';
import type { Described } from './lifecycle/record.ts';
import { isPlaceLevel } from './sighting.ts';

type Tx = Transaction<Tables>;

/** An incident as it stands in the store. */
export interface StoredIncident extends Described, Standing {}

/** Locked until the transaction ends. */
export async function lockIncident(tx: Tx, id: string): Promise<StoredIncident | undefined> {
  const row = await tx
    .selectFrom('signpost.incidents')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? undefined : incidentIn(row);
}

/** Those that are not over, oldest first. */
export async function readStanding(queries: Kysely<Tables>): Promise<readonly StoredIncident[]> {
  const rows = await queries
    .selectFrom('signpost.incidents')
    .selectAll()
    .where('state', '<>', 'resolved')
    .orderBy('started_at')
    .orderBy('id')
    .execute();
  return rows.map(incidentIn);
}

export async function saveIncident(
  tx: Tx,
  stored: StoredIncident,
  { isPast, now }: { readonly isPast: boolean; readonly now: number },
): Promise<void> {
  const { id, ...values } = rowOf(
    stored,
    await bitsOf(tx, stored.incident.departments),
    isPast,
    now,
  );
  await tx
    .insertInto('signpost.incidents')
    .values({ id, ...values })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
    .execute();
}

export interface IncidentCounts extends CountsAgainstExpected {
  readonly incidentId: string;
}

const countColumns: readonly Column<IncidentCounts>[] = [
  { name: 'incident_id', type: 'text', of: ({ incidentId }) => incidentId },
  { name: 'start', type: 'moment', of: ({ start }) => start },
  { name: 'customers', type: 'integer', of: ({ customers }) => customers },
  { name: 'expected', type: 'double precision', of: ({ expected }) => expected },
  { name: 'low', type: 'double precision', of: ({ low }) => low },
  { name: 'high', type: 'double precision', of: ({ high }) => high },
];

/** Of one bucket the last counts stand: when an incident widens, those from its beginning on are others. */
export async function saveCounts(tx: Tx, counts: readonly IncidentCounts[]): Promise<void> {
  if (counts.length === 0) return;
  const latest = new Map(counts.map((one) => [`${one.incidentId} ${one.start}`, one]));
  await sql`
    INSERT INTO signpost.incident_counts (${namesOf(countColumns)})
    SELECT * FROM ${unnested(countColumns, [...latest.values()])} AS new
    ON CONFLICT (incident_id, start) DO UPDATE SET customers = EXCLUDED.customers, expected = EXCLUDED.expected,
      low = EXCLUDED.low, high = EXCLUDED.high`.execute(tx);
}

async function bitsOf(tx: Tx, departments: readonly string[]): Promise<bigint> {
  if (departments.length === 0) return 0n;
  const rows = await tx
    .selectFrom('signpost.departments')
    .select('bit')
    .where('name', 'in', [...departments])
    .execute();
  return rows.reduce((bits, { bit }) => bits | (1n << BigInt(bit)), 0n);
}

const date = (ms: number): Date => new Date(ms);
const dateOrNull = (ms: number | null | undefined): Date | null =>
  ms === null || ms === undefined ? null : new Date(ms);

function rowOf(
  { incident, affected, userMinutes, words, planned, ...standing }: StoredIncident,
  departmentBits: bigint,
  isPast: boolean,
  now: number,
): Insertable<IncidentRow> {
  const { scope, excess } = incident;
  return {
    id: incident.id,
    state: standing.state,
    started_at: date(incident.startedAt),
    detected_at: date(incident.detectedAt),
    resolved_at: dateOrNull(incident.resolvedAt),
    level: scope.level,
    path: JSON.stringify(scope.path),
    place: placeInWords(scope.level, scope.path),
    themes: [...incident.themes],
    product: incident.product,
    customers: incident.customers,
    expected: incident.expectedCustomers,
    excess: excess.estimate,
    excess_low: excess.low,
    excess_high: excess.high,
    affected: affected.estimate,
    affected_low: affected.low,
    affected_high: affected.high,
    user_minutes: userMinutes.estimate,
    user_minutes_low: userMinutes.low,
    user_minutes_high: userMinutes.high,
    p_value: incident.pValue,
    departments: [...incident.departments],
    department_bits: String(departmentBits),
    sources: [...incident.sources],
    examples: [...incident.examples],
    words: [...words],
    planned: JSON.stringify(planned),
    reopened: standing.reopened,
    held_by: [...incident.heldBy],
    acknowledged_at: dateOrNull(standing.acknowledged?.at),
    acknowledged_by: standing.acknowledged?.by ?? null,
    suppressed_by: standing.suppressedBy,
    merged_into: incident.mergedInto,
    is_past: isPast,
    updated_at: date(now),
  };
}

export function incidentIn(row: Selectable<IncidentRow>): StoredIncident {
  return {
    incident: {
      id: row.id,
      startedAt: row.started_at.getTime(),
      detectedAt: row.detected_at.getTime(),
      resolvedAt: row.resolved_at?.getTime() ?? null,
      scope: { level: isPlaceLevel(row.level) ? row.level : 'everywhere', path: row.path },
      themes: row.themes,
      product: row.product,
      customers: row.customers,
      expectedCustomers: row.expected,
      excess: { estimate: row.excess, low: row.excess_low, high: row.excess_high },
      pValue: row.p_value,
      departments: row.departments,
      sources: row.sources,
      examples: row.examples,
      reopened: row.reopened,
      heldBy: row.held_by,
      mergedInto: row.merged_into,
    } satisfies Incident,
    affected: { estimate: row.affected, low: row.affected_low, high: row.affected_high },
    userMinutes: {
      estimate: row.user_minutes,
      low: row.user_minutes_low,
      high: row.user_minutes_high,
    },
    words: row.words,
    planned: row.planned,
    state: row.state,
    reopened: row.reopened,
    acknowledged:
      row.acknowledged_at === null
        ? null
        : { at: row.acknowledged_at.getTime(), by: row.acknowledged_by ?? '' },
    suppressedBy: row.suppressed_by,
  };
}
