// Silences and maintenance windows: what is in force, what is to come, and on demand what is over.
import { sql } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import { asReader } from '../queries/as-reader.ts';
import type { Reader } from '../reader.ts';
import { silenceOf, type Silence } from './alert-rows.ts';
import type { SilenceAnswer, SilencesAnswer } from './answers.ts';
import type { SilencesQuestion } from './questions.ts';

const most = 500;

/** The same for all who read: silences are of everybody. The latest to begin first. */
export function listSilences(
  db: Db,
  reader: Reader,
  { over }: SilencesQuestion,
  now: Date,
): Promise<SilencesAnswer> {
  return asReader(db, reader, async ({ tx }) => {
    const { rows } = await sql<Silence>`
      SELECT * FROM signpost.silences
      WHERE ${over} OR LEAST(until_at, COALESCE(ended_at, 'infinity')) > ${now}
      ORDER BY from_at DESC, id LIMIT ${most}`.execute(tx);
    return { silences: rows.map((row) => silenceOf(row, now)) };
  });
}

/** One that there is. @param at milliseconds since the epoch */
export async function oneSilence(db: Db, id: string, at: number): Promise<SilenceAnswer> {
  const row = await db.query
    .selectFrom('signpost.silences')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return silenceOf(row, new Date(at));
}
