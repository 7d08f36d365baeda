// The rows of what is to be sent: taken for a while by one copy, in order within each incident, and written back with what
// became of it. Whoever took a row and was killed loses it when that while is over.
import { sql } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import type { Alert } from '#schemas/alert.ts';

export interface TakenRow {
  readonly transitionId: string;
  readonly repeat: number;
  /** With this one. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly by: string | null;
  readonly record: Alert;
  /** The first record of the incident. */
  readonly opening: Alert;
  /** What the target calls what it made of the incident, as of the last transition that it was told of. */
  readonly remoteId: string | null;
}

type RowKey = Pick<TakenRow, 'transitionId' | 'repeat' | 'attempts'>;

/** What of an incident comes before `d` and `t` and is not settled. */
const earlierWaits = sql`
  EXISTS (
    SELECT FROM signpost.alert_deliveries e JOIN signpost.transitions et ON et.id = e.transition_id
    WHERE e.target = d.target AND e.state = 'waiting' AND et.incident_id = t.incident_id
      AND (et.seq, e.repeat) < (t.seq, d.repeat))`;

/**
 * Takes up to `most` rows that are due, the oldest first, at most one of each incident, until `until`: a row of which
 * nothing is heard by then is due again.
 */
export async function takeDue(
  { query }: Db,
  target: string,
  most: number,
  now: number,
  until: number,
): Promise<readonly TakenRow[]> {
  const { rows } = await sql<TakenRow & { readonly seq: number }>`
    WITH due AS (
      SELECT d.transition_id, d.repeat
      FROM signpost.alert_deliveries d JOIN signpost.transitions t ON t.id = d.transition_id
      WHERE d.target = ${target} AND d.state = 'waiting' AND d.next_at <= ${new Date(now)}
        AND NOT ${earlierWaits}
      ORDER BY t.seq, d.repeat LIMIT ${most}
      FOR UPDATE OF d SKIP LOCKED
    ), taken AS (
      UPDATE signpost.alert_deliveries d
      SET attempts = d.attempts + 1, next_at = ${new Date(until)}
      FROM due
      WHERE d.target = ${target} AND d.transition_id = due.transition_id AND d.repeat = due.repeat
      RETURNING d.transition_id, d.repeat, d.attempts, d.created_at
    )
    SELECT n.transition_id AS "transitionId", n.repeat, n.attempts,
      (extract(epoch FROM n.created_at) * 1000)::float8 AS "createdAt",
      t.by, t.record, t.seq::float8 AS seq,
      (SELECT o.record FROM signpost.transitions o WHERE o.incident_id = t.incident_id
        ORDER BY o.seq LIMIT 1) AS opening,
      (SELECT e.remote_id
        FROM signpost.alert_deliveries e JOIN signpost.transitions et ON et.id = e.transition_id
        WHERE e.target = ${target} AND et.incident_id = t.incident_id AND e.remote_id IS NOT NULL
        ORDER BY et.seq DESC, e.repeat DESC LIMIT 1) AS "remoteId"
    FROM taken n JOIN signpost.transitions t ON t.id = n.transition_id
    ORDER BY t.seq, n.repeat`.execute(query);
  return rows;
}

export async function writeDelivered(
  db: Db,
  target: string,
  row: RowKey,
  remoteId: string | null,
  now: number,
): Promise<void> {
  await settle(
    db,
    target,
    row,
    sql`state = 'delivered', delivered_at = ${new Date(now)}, remote_id = ${remoteId}, last_error = NULL`,
  );
}

export async function writeAgain(
  db: Db,
  target: string,
  row: RowKey,
  why: string,
  nextAt: number,
): Promise<void> {
  await settle(db, target, row, sql`next_at = ${new Date(nextAt)}, last_error = ${why}`);
}

export async function writeGivenUp(
  db: Db,
  target: string,
  row: RowKey,
  why: string,
): Promise<void> {
  await settle(db, target, row, sql`state = 'given-up', last_error = ${why}`);
}

/** As if it had not been taken. */
export async function giveBack(db: Db, target: string, row: RowKey, now: number): Promise<void> {
  await settle(db, target, row, sql`next_at = ${new Date(now)}, attempts = ${row.attempts - 1}`);
}

/** A row that was taken by another since is the other's. */
async function settle(
  { query }: Db,
  target: string,
  { transitionId, repeat, attempts }: RowKey,
  change: ReturnType<typeof sql>,
): Promise<void> {
  await sql`
    UPDATE signpost.alert_deliveries SET ${change}
    WHERE transition_id = ${transitionId} AND target = ${target} AND repeat = ${repeat}
      AND state = 'waiting' AND attempts = ${attempts}`.execute(query);
}

/** Gives up reminders that something later was written after. @returns how many */
export async function giveUpOvertaken({ query }: Db, target: string): Promise<number> {
  const { numAffectedRows } = await sql`
    UPDATE signpost.alert_deliveries d
    SET state = 'given-up', last_error = 'overtaken: something later of the incident is to be told'
    FROM signpost.transitions t
    WHERE t.id = d.transition_id AND d.target = ${target} AND d.state = 'waiting' AND d.repeat > 0
      AND EXISTS (
        SELECT FROM signpost.alert_deliveries l JOIN signpost.transitions lt ON lt.id = l.transition_id
        WHERE l.target = d.target AND lt.incident_id = t.incident_id
          AND (lt.seq, l.repeat) > (t.seq, d.repeat))`.execute(query);
  return Number(numAffectedRows ?? 0n);
}

/** When the oldest waiting row was written, milliseconds since the epoch; undefined where none waits. */
export async function oldestWaiting({ query }: Db, target: string): Promise<number | undefined> {
  const { rows } = await sql<{ at: number | null }>`
    SELECT (extract(epoch FROM min(created_at)) * 1000)::float8 AS at
    FROM signpost.alert_deliveries WHERE target = ${target} AND state = 'waiting'`.execute(query);
  return rows[0]?.at ?? undefined;
}

/** What a target was told last of each incident that stands. */
export async function standingAt(
  { query }: Db,
  target: string,
): Promise<readonly Pick<TakenRow, 'record' | 'opening' | 'by'>[]> {
  const { rows } = await sql<Pick<TakenRow, 'record' | 'opening' | 'by'>>`
    SELECT told.record, told.by,
      (SELECT o.record FROM signpost.transitions o WHERE o.incident_id = i.id
        ORDER BY o.seq LIMIT 1) AS opening
    FROM signpost.incidents i CROSS JOIN LATERAL (
      SELECT t.record, t.by, t.state
      FROM signpost.transitions t JOIN signpost.alert_deliveries d ON d.transition_id = t.id
      WHERE t.incident_id = i.id AND d.target = ${target} AND d.state = 'delivered'
      ORDER BY t.seq DESC LIMIT 1
    ) AS told
    WHERE i.state <> 'resolved' AND told.state <> 'resolved'
    ORDER BY i.id`.execute(query);
  return rows;
}

export interface TargetCounts {
  readonly target: string;
  readonly waiting: number;
  readonly delivered: number;
  readonly givenUp: number;
  /** Milliseconds since the epoch. */
  readonly oldestWaitingAt: number | null;
  readonly lastDeliveredAt: number | null;
  /** Of what waits or was given up, the latest. */
  readonly lastError: string | null;
}

/** Of every target that rows were written for, whether or not it is in the file still. */
export async function deliveryCounts({ query }: Db): Promise<readonly TargetCounts[]> {
  const { rows } = await sql<TargetCounts>`
    SELECT d.target,
      (count(*) FILTER (WHERE d.state = 'waiting'))::int AS waiting,
      (count(*) FILTER (WHERE d.state = 'delivered'))::int AS delivered,
      (count(*) FILTER (WHERE d.state = 'given-up'))::int AS "givenUp",
      (extract(epoch FROM min(d.created_at) FILTER (WHERE d.state = 'waiting')) * 1000)::float8
        AS "oldestWaitingAt",
      (extract(epoch FROM max(d.delivered_at)) * 1000)::float8 AS "lastDeliveredAt",
      (array_agg(d.last_error ORDER BY t.seq DESC, d.repeat DESC)
        FILTER (WHERE d.last_error IS NOT NULL))[1] AS "lastError"
    FROM signpost.alert_deliveries d JOIN signpost.transitions t ON t.id = d.transition_id
    GROUP BY d.target ORDER BY d.target`.execute(query);
  return rows;
}
