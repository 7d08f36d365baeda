// What the clock brings on between buckets: silences that begin and end, and incidents that are told again.
import { sql } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import { lockIncident, readStanding, type StoredIncident } from './incident-rows.ts';
import { coverOf, type Subject } from './lifecycle/silences.ts';
import { readSilences, type StoredSilence } from './silence-rows.ts';
import { lockAlerts, writeHappening, type WriteContext } from './write-step.ts';

export type TickContext = Omit<WriteContext, 'silences' | 'now'>;

/** Any number of copies may do it at a time. @returns how many incidents changed */
export async function applySilences(db: Db, context: TickContext, now: number): Promise<number> {
  const silences = await readSilences(db.query, now);
  const standing = await readStanding(db.query);
  let changed = 0;
  for (const one of standing) {
    if (!differs(one, silences, now)) continue;
    changed += await db.query.transaction().execute(async (tx) => {
      await lockAlerts(tx);
      const stored = await lockIncident(tx, one.incident.id);
      if (stored === undefined || stored.state === 'resolved') return 0;
      const inForce = await readSilences(tx, now);
      const cover = coverOf(inForce, subjectOf(stored), now);
      const happening = { kind: 'covered', cover } as const;
      const what = cover?.id ?? stored.suppressedBy ?? '';
      const whole = { ...context, silences: inForce, now };
      const told = await writeHappening(tx, stored, happening, { at: now, what }, whole);
      return told === undefined ? 0 : 1;
    });
  }
  return changed;
}

function differs(stored: StoredIncident, silences: readonly StoredSilence[], now: number): boolean {
  if (stored.state === 'acknowledged') return false;
  return (coverOf(silences, subjectOf(stored), now)?.id ?? null) !== stored.suppressedBy;
}

function subjectOf({ incident }: StoredIncident): Subject {
  const { scope, themes, product } = incident;
  return { path: scope.path, themes, product };
}

/**
 * Plans that incidents which fire, and which nobody has acknowledged, are told again: `repeatMs` after the last
 * transition and every `repeatMs` from there. Of times that nobody was there for only the last one is made up.
 */
export async function planRepeats(db: Db, repeatMs: number, now: number): Promise<number> {
  const { numAffectedRows } = await sql`
    INSERT INTO signpost.alert_deliveries (transition_id, target, repeat, next_at)
    SELECT d.transition_id, d.target, due.times, ${new Date(now)}
    FROM signpost.incidents i
    CROSS JOIN LATERAL (
      SELECT t.id, t.written_at FROM signpost.transitions t WHERE t.incident_id = i.id ORDER BY t.seq DESC LIMIT 1
    ) last
    CROSS JOIN LATERAL (
      SELECT floor(date_part('epoch', ${new Date(now)}::timestamptz - last.written_at) * 1000 / ${repeatMs})::int AS times
    ) due
    JOIN signpost.alert_deliveries d ON d.transition_id = last.id AND d.repeat = 0
    WHERE i.state IN ('firing', 'reopened') AND due.times >= 1
    ON CONFLICT DO NOTHING`.execute(db.query);
  return Number(numAffectedRows ?? 0n);
}
