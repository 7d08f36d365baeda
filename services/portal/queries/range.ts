// The time that a question is about.
import { sql } from 'kysely';
import { QuestionRefused } from '../api/queries.ts';
import type { Reading } from './as-reader.ts';

/** `from` inclusive, `to` exclusive. */
export interface Range {
  readonly from: Date;
  readonly to: Date;
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
export const weekMs = 7 * dayMs;
const usualDays = 90;
const mostYears = 20;

/**
 * What is asked for, else the 90 days that end with the day (UTC) of the newest signal the reader sees; what claims to
 * be of the future is not the newest.
 * @throws QuestionRefused when it ends before it begins, or takes longer than any archive
 */
export async function rangeOf(
  { tx }: Reading,
  asked: { readonly from?: Date | undefined; readonly to?: Date | undefined },
  now: Date,
): Promise<Range> {
  const to = asked.to ?? endOfDay((await newest(tx, now)) ?? now);
  const from = asked.from ?? new Date(to.getTime() - usualDays * dayMs);
  if (from >= to && asked.to === undefined) {
    throw new QuestionRefused(
      'from',
      `must be before ${to.toISOString()}, where the newest day ends`,
    );
  }
  if (from >= to) throw new QuestionRefused('to', 'must be after from');
  if (to.getTime() - from.getTime() > mostYears * 366 * dayMs) {
    throw new QuestionRefused('from', `must be at most ${mostYears} years before to`);
  }
  return { from, to };
}

export function answered({ from, to }: Range): { readonly from: string; readonly to: string } {
  return { from: from.toISOString(), to: to.toISOString() };
}

async function newest(tx: Reading['tx'], now: Date): Promise<Date | undefined> {
  const { rows } = await sql<{ at: Date }>`
    SELECT at FROM signpost.signals WHERE at <= ${now} ORDER BY at DESC LIMIT 1`.execute(tx);
  return rows[0]?.at;
}

function endOfDay(moment: Date): Date {
  return new Date((Math.floor(moment.getTime() / dayMs) + 1) * dayMs);
}
