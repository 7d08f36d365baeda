// How far the detector is, for those who wonder why nothing alarms.
import { sql } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import type { Reading } from '../queries/as-reader.ts';
import type { DetectorState } from './answers.ts';

const dayMs = 86_400_000;

/** When the first thing was said that is counted, whoever received it: the detector has one beginning for all. */
export async function firstCounted(db: Db): Promise<Date | null> {
  const { rows } = await sql<{ first: Date | null }>`
    SELECT min(at) AS first FROM signpost.sightings`.execute(db.query);
  return rows[0]?.first ?? null;
}

/** @param first of `firstCounted` */
export async function detectorState(
  { tx }: Reading,
  first: Date | null,
  { warmUpDays }: { readonly warmUpDays: number },
): Promise<DetectorState> {
  const row = await tx
    .selectFrom('signpost.detector')
    .select(['evaluated_until', 'series_tested', 'silent_sources'])
    .executeTakeFirst();
  const evaluated = row?.evaluated_until ?? null;
  const ready = first === null ? null : new Date(first.getTime() + warmUpDays * dayMs);
  return {
    evaluatedUntil: evaluated?.toISOString() ?? null,
    firstAt: first?.toISOString() ?? null,
    readyAt: ready?.toISOString() ?? null,
    isReady: evaluated !== null && ready !== null && evaluated >= ready,
    seriesTested: row?.series_tested ?? 0,
    silentSources: row?.silent_sources ?? [],
  };
}
