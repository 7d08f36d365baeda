// One alert with all that is known of it, as a reader may see it.
import { sql } from 'kysely';
import type { IncidentState, StoredPlanned, deliveryStates } from '#core/store/alert-tables.ts';
import type { Db } from '#core/store/postgres.ts';
import type { InsightAnswer } from '../api/answers.ts';
import type { PlaceLevel } from '../api/questions.ts';
import { asReader, type Reading } from '../queries/as-reader.ts';
import { describePlace } from '../queries/describe-place.ts';
import { newestInsights } from '../queries/insights.ts';
import { gazetteerOf } from '../queries/known-gazetteer.ts';
import type { Reader } from '../reader.ts';
import { rightsOf } from './actions.ts';
import { alertOf, silenceOf, type Incident, type Silence } from './alert-rows.ts';
import type { AlertAnswer } from './answers.ts';
import { countsOf } from './read-counts.ts';
import { draftsOf } from './drafts.ts';
import { plain } from './wording.ts';

const mostExamples = 12;
const always = { from: new Date(0), to: new Date('9999-01-01') };

/** Null where there is none that the reader may see. */
export function readAlert(
  db: Db,
  reader: Reader,
  id: string,
  now: Date,
): Promise<AlertAnswer | null> {
  return asReader(db, reader, async (reading) => {
    const { rows } = await sql<Incident>`
      SELECT * FROM signpost.incidents WHERE id = ${id}`.execute(reading.tx);
    const [row] = rows;
    if (row === undefined) return null;
    const told = {
      alert: await located(reading, row),
      timeline: await timelineOf(reading, id),
      counts: await countsOf(reading, row),
      words: row.words,
      planned: row.planned.map(plannedOf),
      examples: await examplesOf(reading, row.examples),
      deliveries: await deliveriesOf(reading, id),
      silence: await silenceBy(reading, row.suppressed_by, now),
    };
    return { ...told, drafts: draftsOf(told, row.path), may: rightsOf(reader) };
  });
}

async function located(reading: Reading, row: Incident): Promise<AlertAnswer['alert']> {
  const gazetteer = await gazetteerOf(reading);
  const alert = alertOf(row, gazetteer.homonyms);
  const { key, level } = alert.place;
  if (key === null) return { ...alert, lat: null, lon: null, subscribers: gazetteer.subscribers };
  const { lat, lon, subscribers } = describePlace(level as PlaceLevel, key, row.path, gazetteer);
  return { ...alert, lat, lon, subscribers };
}

async function timelineOf({ tx }: Reading, id: string): Promise<AlertAnswer['timeline']> {
  const { rows } = await sql<{
    id: string;
    state: IncidentState;
    at: Date;
    by: string | null;
    reason: string;
    comment: string | null;
    summary: string | null;
  }>`
    SELECT id, state, at, by, reason, comment, record->>'summary' AS summary
    FROM signpost.transitions WHERE incident_id = ${id} ORDER BY seq`.execute(tx);
  return rows.map((row) => ({
    ...row,
    at: row.at.toISOString(),
    summary: row.summary ?? '',
  }));
}

/** An example names the first insight of a ticket; shown is what stands of it now, where the reader received it. */
async function examplesOf(reading: Reading, ids: readonly string[]): Promise<InsightAnswer[]> {
  if (ids.length === 0) return [];
  const isExample = sql<boolean>`s.entity = ANY (ARRAY(
    SELECT entity FROM signpost.sightings WHERE id = ANY (${ids}::text[])))`;
  const found = await newestInsights(reading, always, [isExample], mostExamples);
  return found.map(({ insight }) => insight);
}

async function deliveriesOf({ tx }: Reading, id: string): Promise<AlertAnswer['deliveries']> {
  const { rows } = await sql<{
    transition: string;
    state: IncidentState;
    target: string;
    repeat: number;
    delivery: (typeof deliveryStates)[number];
    attempts: number;
    next_at: Date;
    delivered_at: Date | null;
    last_error: string | null;
  }>`
    SELECT t.id AS transition, t.state, d.target, d.repeat, d.state AS delivery, d.attempts, d.next_at,
      d.delivered_at, d.last_error
    FROM signpost.transitions t JOIN signpost.alert_deliveries d ON d.transition_id = t.id
    WHERE t.incident_id = ${id} ORDER BY t.seq, d.repeat, d.target`.execute(tx);
  return rows.map(({ next_at, delivered_at, last_error, ...row }) => ({
    ...row,
    nextAt: row.delivery === 'waiting' ? next_at.toISOString() : null,
    deliveredAt: delivered_at?.toISOString() ?? null,
    lastError: last_error,
  }));
}

async function silenceBy(
  { tx }: Reading,
  id: string | null,
  now: Date,
): Promise<AlertAnswer['silence']> {
  if (id === null) return null;
  const { rows } = await sql<Silence>`
    SELECT * FROM signpost.silences WHERE id = ${id}`.execute(tx);
  return rows[0] === undefined ? null : silenceOf(rows[0], now);
}

function plannedOf(planned: StoredPlanned): AlertAnswer['planned'][number] {
  if (planned.kind === 'wave') {
    const { wave, technology, area, plannedOn } = planned;
    const says = `Rollout wave ${plain(wave)}: ${plain(technology)} in ${plain(area)}, planned for ${plannedOn}`;
    return { kind: 'wave', says };
  }
  const at = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
  const { from, until, comment } = planned;
  const says = `Maintenance from ${at(from)} to ${at(until)} UTC: ${plain(comment)}`;
  return { kind: 'maintenance', says };
}
