// Incidents, transitions and what is to be sent of them, as the alert stage writes them.
import { sql } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import type { Alert } from '#schemas/alert.ts';

/** @param at when it is to be sent first, milliseconds since the epoch */
export async function writeTransition(
  db: Db,
  alert: Alert,
  targets: readonly string[],
  at: number,
  by: string | null = null,
): Promise<void> {
  const written = new Date(at);
  await db.query.transaction().execute(async (tx) => {
    await sql`
      INSERT INTO signpost.incidents (id, state, started_at, detected_at, level, path, place, themes, customers,
        expected, excess, excess_low, excess_high, affected, affected_low, affected_high, user_minutes,
        user_minutes_low, user_minutes_high, p_value, departments, department_bits, sources, examples, updated_at)
      VALUES (${alert.incidentId}, ${alert.state}, ${new Date(alert.startedAt)}, ${new Date(alert.detectedAt)},
        ${alert.placeLevel}, '{}', ${alert.place}, ${[...alert.themes]}, ${alert.customers}, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.001,
        ${[...alert.departments]}, 1, '{tickets}', '{}', ${written})
      ON CONFLICT (id) DO UPDATE SET state = excluded.state`.execute(tx);
    await sql`
      INSERT INTO signpost.transitions (id, incident_id, state, at, by, reason, record, written_at)
      VALUES (${alert.id}, ${alert.incidentId}, ${alert.state}, ${new Date(alert.at)}, ${by}, 'began',
        ${JSON.stringify(alert)}::jsonb, ${written})`.execute(tx);
    for (const target of targets) await insertDelivery(tx, alert.id, target, 0, at);
  });
}

export async function writeRepeat(
  db: Db,
  alert: Alert,
  target: string,
  repeat: number,
  at: number,
): Promise<void> {
  await insertDelivery(db.query, alert.id, target, repeat, at);
}

async function insertDelivery(
  query: Db['query'],
  transition: string,
  target: string,
  repeat: number,
  at: number,
): Promise<void> {
  await sql`
    INSERT INTO signpost.alert_deliveries (transition_id, target, repeat, next_at, created_at)
    VALUES (${transition}, ${target}, ${repeat}, ${new Date(at)}, ${new Date(at)})`.execute(query);
}

export interface DeliveryState {
  readonly id: string;
  readonly target: string;
  readonly repeat: number;
  readonly state: string;
  readonly attempts: number;
  readonly error: string | null;
  readonly remoteId: string | null;
}

export async function deliveriesOf(db: Db): Promise<readonly DeliveryState[]> {
  const { rows } = await sql<DeliveryState>`
    SELECT d.transition_id AS id, d.target, d.repeat, d.state, d.attempts, d.last_error AS error,
      d.remote_id AS "remoteId"
    FROM signpost.alert_deliveries d JOIN signpost.transitions t ON t.id = d.transition_id
    ORDER BY d.target, t.seq, d.repeat`.execute(db.query);
  return rows;
}
