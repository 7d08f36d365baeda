// Alerts put into a store by hand, as the detector and the deliveries would leave them, for tests of what is shown.
import { sql } from 'kysely';
import type { IncidentState, StoredPath, StoredPlanned } from '#core/store/alert-tables.ts';
import type { Db } from '#core/store/postgres.ts';
import { alertConfig } from '../../services/alert/config.ts';
import { alertActions } from '../../services/cli/planners/alert-actions.ts';
import type { AlertActions } from '../../services/portal/alerts/actions.ts';

export interface PlainAlert {
  readonly id: string;
  readonly state?: IncidentState;
  /** Moments, ISO. */
  readonly startedAt: string;
  readonly resolvedAt?: string;
  readonly path?: Partial<StoredPath>;
  readonly level?: string;
  readonly place?: string;
  readonly themes?: readonly string[];
  readonly product?: string;
  readonly customers?: number;
  readonly departments?: readonly string[];
  readonly words?: readonly string[];
  readonly planned?: readonly StoredPlanned[];
  /** Ids of insights. */
  readonly examples?: readonly string[];
  readonly heldBy?: readonly string[];
  readonly suppressedBy?: string;
  /** Customers in each quarter of an hour from the start. */
  readonly counts?: readonly number[];
  readonly deliveries?: readonly PlainDelivery[];
  /** Transitions in between. */
  readonly widened?: number;
}

export interface PlainDelivery {
  readonly target: string;
  readonly state?: 'waiting' | 'delivered' | 'given-up';
  readonly lastError?: string;
}

const quarterMs = 15 * 60_000;
const nowhere: StoredPath = {
  country: null,
  region: null,
  city: null,
  area: null,
  postcode: null,
  site: null,
};

/** With a transition for its beginning and one for its state. Departments must be known. */
export async function addAlert(db: Db, plain: PlainAlert): Promise<void> {
  const { id, state = 'firing', departments = ['operations'], customers = 57 } = plain;
  const started = new Date(plain.startedAt);
  const detected = new Date(started.getTime() + quarterMs + 300_000);
  const path = { ...nowhere, ...plain.path };
  const level = plain.level ?? narrowest(path);
  const bits = await bitsOf(db, departments);
  const affected = customers * 70;
  await db.query
    .insertInto('signpost.incidents')
    .values({
      id,
      state,
      started_at: started,
      detected_at: detected,
      resolved_at: plain.resolvedAt === undefined ? null : new Date(plain.resolvedAt),
      level,
      path: JSON.stringify(path),
      place:
        plain.place ??
        (level === 'everywhere' ? level : (path[level as keyof StoredPath] ?? level)),
      themes: [...(plain.themes ?? ['outage'])],
      product: plain.product ?? null,
      customers,
      expected: 4.2,
      excess: customers - 4.2,
      excess_low: customers * 0.7,
      excess_high: customers * 1.3,
      affected,
      affected_low: affected / 2,
      affected_high: affected * 2,
      user_minutes: affected * 100,
      user_minutes_low: affected * 50,
      user_minutes_high: affected * 200,
      p_value: 3e-12,
      departments: [...departments],
      department_bits: String(bits),
      sources: ['desk'],
      examples: [...(plain.examples ?? [])],
      words: [...(plain.words ?? [])],
      planned: JSON.stringify(plain.planned ?? []),
      held_by: [...(plain.heldBy ?? [])],
      acknowledged_at: state === 'acknowledged' ? new Date(detected.getTime() + 600_000) : null,
      acknowledged_by: state === 'acknowledged' ? 'noc' : null,
      suppressed_by: plain.suppressedBy ?? null,
      updated_at: detected,
    })
    .execute();
  await addTransition(db, plain, 'firing', detected);
  for (let time = 1; time <= (plain.widened ?? 0); time += 1)
    await addTransition(db, plain, 'firing', new Date(detected.getTime() + time * quarterMs), time);
  if (state !== 'firing') {
    const at = plain.resolvedAt ?? new Date(detected.getTime() + 600_000).toISOString();
    await addTransition(db, plain, state, new Date(at));
  }
  for (const [index, count] of (plain.counts ?? []).entries()) {
    await db.query
      .insertInto('signpost.incident_counts')
      .values({
        incident_id: id,
        start: new Date(started.getTime() + index * quarterMs),
        customers: count,
        expected: 0.7,
        low: 0,
        high: 3,
      })
      .execute();
  }
  for (const { target, state: delivery = 'delivered', lastError } of plain.deliveries ?? []) {
    await db.query
      .insertInto('signpost.alert_deliveries')
      .values({
        transition_id: `${id}-firing`,
        target,
        state: delivery,
        attempts: 1,
        next_at: detected,
        last_error: lastError ?? null,
        delivered_at: delivery === 'delivered' ? new Date(detected.getTime() + 3000) : null,
        created_at: detected,
      })
      .execute();
  }
}

async function addTransition(
  db: Db,
  { id, place = 'somewhere', customers = 57 }: PlainAlert,
  state: IncidentState,
  at: Date,
  widened = 0,
): Promise<void> {
  const reasons = {
    firing: 'began',
    reopened: 'rose-again',
    resolved: 'counts-are-usual',
    acknowledged: 'acknowledged',
    suppressed: 'silenced',
  };
  await db.query
    .insertInto('signpost.transitions')
    .values({
      id: `${id}-${state}${widened === 0 ? '' : widened}`,
      incident_id: id,
      state,
      at,
      by: state === 'acknowledged' ? 'noc' : null,
      reason: widened === 0 ? reasons[state] : 'widened',
      record: JSON.stringify({ summary: `${customers} customers in ${place}: ${state}.` }),
      written_at: at,
    })
    .execute();
}

/** Everything in the store that was said counts as seen. */
export async function sightEverything(db: Db): Promise<void> {
  await sql`
    INSERT INTO signpost.sightings (id, entity, at, received_at, source, place, theme, departments, counts_at, is_late)
    SELECT id, entity, at, received_at, source, place, theme, departments, at, false FROM signpost.signals
    ON CONFLICT DO NOTHING`.execute(db.query);
}

export async function evaluatedUntil(db: Db, moment: string): Promise<void> {
  await db.query
    .updateTable('signpost.detector')
    .set({ evaluated_until: new Date(moment), series_tested: 1200 })
    .execute();
}

/** As whoever runs Signpost without targets has them. */
export function usualActions(db: Db): AlertActions {
  return alertActions(db, { alert: alertConfig.parse({}) });
}

async function bitsOf(db: Db, names: readonly string[]): Promise<bigint> {
  const known = await db.query.selectFrom('signpost.departments').selectAll().execute();
  return names.reduce((bits, name) => {
    const found = known.find((each) => each.name === name);
    if (found === undefined) throw new Error(`No department ${name} in the store`);
    return bits | (1n << BigInt(found.bit));
  }, 0n);
}

function narrowest(path: StoredPath): string {
  const levels = ['site', 'postcode', 'area', 'city', 'region', 'country'] as const;
  return levels.find((level) => path[level] !== null) ?? 'everywhere';
}
