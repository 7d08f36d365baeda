// What was told of incidents, and what people did about them: as the live tables have it, or else as the archive has it.
// It is taken over for incidents that came out the same.
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Tables } from '#core/store/tables.ts';
import { alerts } from '../../../archive/datasets.ts';
import type { FileAccess } from '../../../archive/read-file.ts';
import { readRows } from '../../../archive/read-rows.ts';
import type { Span } from './plan.ts';
import type { RebuildContext } from './rebuild.ts';
import { spanOf } from './span.ts';

type Tx = Transaction<Tables>;

/** Alerts of the archive, in the order in which they were told. */
const table = sql.raw('signpost_replay.told');
const portion = 500;

/** Reads the alerts that the archive has. They are few: one for each time that somebody is to be told. */
export async function readTold({ db }: RebuildContext, access: FileAccess): Promise<void> {
  await sql`DROP TABLE IF EXISTS ${table}`.execute(db.query);
  await sql`CREATE TABLE ${table} (
    id text PRIMARY KEY, partition integer NOT NULL, "offset" bigint NOT NULL, written_at timestamptz NOT NULL,
    record jsonb NOT NULL)`.execute(db.query);
  let waiting: object[] = [];
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const rows = JSON.stringify(waiting);
    waiting = [];
    await sql`INSERT INTO ${table} SELECT * FROM jsonb_to_recordset(${rows}::jsonb)
      AS r (id text, partition integer, "offset" bigint, written_at timestamptz, record jsonb)
      ON CONFLICT DO NOTHING`.execute(db.query);
  };
  for await (const { rows } of readRows(access, alerts))
    for (const { partition, offset, timestamp, record } of rows) {
      waiting.push({ id: record.id, partition, offset, written_at: new Date(timestamp), record });
      if (waiting.length >= portion) await flush();
    }
  await flush();
}

/** When the last incident was detected or over that the archive has an alert of, milliseconds since the epoch. */
export async function lastTold(queries: Kysely<Tables>): Promise<number | null> {
  const { rows } = await sql<{ at: number | null }>`
    SELECT max(GREATEST((record->>'detectedAt')::float8, (record->>'resolvedAt')::float8)) AS at FROM ${table}`.execute(
    queries,
  );
  return rows[0]?.at ?? null;
}

/** Incidents that were detected outside of the span are as they were, with all that was told of them. */
export async function keepToldOutside(tx: Tx, span: Span): Promise<void> {
  if (span.from === null && span.to === null) return;
  await sql`DELETE FROM signpost_replay.incidents n WHERE NOT (${spanOf('n.detected_at', span)}) OR EXISTS (
    SELECT FROM signpost.incidents o WHERE o.id = n.id AND NOT (${spanOf('o.detected_at', span)}))`.execute(
    tx,
  );
  await sql`INSERT INTO signpost_replay.incidents SELECT o.* FROM signpost.incidents o
    WHERE NOT (${spanOf('o.detected_at', span)})`.execute(tx);
  await sql`INSERT INTO signpost_replay.incident_counts SELECT c.* FROM signpost.incident_counts c
    JOIN signpost.incidents o ON o.id = c.incident_id WHERE NOT (${spanOf('o.detected_at', span)})`.execute(
    tx,
  );
  await sql`INSERT INTO signpost_replay.transitions OVERRIDING SYSTEM VALUE SELECT t.* FROM signpost.transitions t
    JOIN signpost.incidents o ON o.id = t.incident_id WHERE NOT (${spanOf('o.detected_at', span)})`.execute(
    tx,
  );
}

/** Takes over what was told of incidents that are the same: detected and over at the same moments. */
export async function keepTold(tx: Tx): Promise<void> {
  await takeLive(tx);
  await takeArchived(tx);
}

async function takeLive(tx: Tx): Promise<void> {
  const same = sql`
    SELECT o.id FROM signpost.incidents o JOIN signpost_replay.incidents n ON n.id = o.id
    WHERE o.detected_at = n.detected_at AND o.resolved_at IS NOT DISTINCT FROM n.resolved_at`;
  await sql`
    UPDATE signpost_replay.incidents n SET state = o.state, acknowledged_at = o.acknowledged_at,
      acknowledged_by = o.acknowledged_by, suppressed_by = o.suppressed_by, words = o.words, planned = o.planned,
      is_past = o.is_past, updated_at = o.updated_at
    FROM signpost.incidents o WHERE o.id = n.id AND n.id IN (${same})`.execute(tx);
  await sql`DELETE FROM signpost_replay.transitions WHERE incident_id IN (${same})`.execute(tx);
  await sql`INSERT INTO signpost_replay.transitions OVERRIDING SYSTEM VALUE
    SELECT t.* FROM signpost.transitions t WHERE t.incident_id IN (${same})`.execute(tx);
}

/** Of incidents that the live tables do not know (any more). What a silence was that kept one quiet, no alert tells. */
async function takeArchived(tx: Kysely<Tables>): Promise<void> {
  const moment = (name: string) =>
    sql.raw(`to_timestamp((last.record->>'${name}')::float8 / 1000)`);
  const { rows } = await sql<{ id: string }>`
    WITH last AS (
      SELECT DISTINCT ON (record->>'incidentId') record->>'incidentId' AS id, record, written_at
      FROM ${table} ORDER BY record->>'incidentId', partition, "offset" DESC
    ),
    acknowledged AS (
      SELECT DISTINCT ON (record->>'incidentId') record->>'incidentId' AS id,
        to_timestamp((record->>'at')::float8 / 1000) AS at
      FROM ${table} WHERE record->>'state' = 'acknowledged'
      ORDER BY record->>'incidentId', partition, "offset" DESC
    )
    UPDATE signpost_replay.incidents n SET state = last.record->>'state',
      acknowledged_by = last.record->>'acknowledgedBy',
      acknowledged_at = CASE WHEN last.record->>'acknowledgedBy' IS NULL THEN NULL ELSE acknowledged.at END,
      words = ARRAY(SELECT jsonb_array_elements_text(last.record->'words')),
      is_past = ${moment('at')} < last.written_at - interval '24 hours', updated_at = last.written_at
    FROM last LEFT JOIN acknowledged ON acknowledged.id = last.id
    WHERE n.id = last.id AND NOT EXISTS (SELECT FROM signpost.incidents o WHERE o.id = n.id)
      AND n.detected_at = ${moment('detectedAt')} AND n.resolved_at IS NOT DISTINCT FROM ${moment('resolvedAt')}
    RETURNING n.id`.execute(tx);
  const same = `{${rows.map(({ id }) => id).join(',')}}`;
  await sql`DELETE FROM signpost_replay.transitions WHERE incident_id = ANY (${same}::text[])`.execute(
    tx,
  );
  await sql`
    INSERT INTO signpost_replay.transitions (id, incident_id, state, at, by, reason, record, written_at)
    SELECT id, record->>'incidentId', record->>'state', to_timestamp((record->>'at')::float8 / 1000),
      CASE WHEN record->>'state' = 'acknowledged' THEN record->>'acknowledgedBy' END,
      COALESCE(record->>'reason', record->>'state'), record, written_at
    FROM ${table} WHERE record->>'incidentId' = ANY (${same}::text[])
    ORDER BY partition, "offset"`.execute(tx);
}
