// Writes one step of an incident's life: the incident as it stands then, the transition where there is one, and what is
// to be delivered of it, all in the transaction of whoever calls.
import { sql, type Transaction } from 'kysely';
import type { Alert } from '#schemas/alert.ts';
import { lockKeys } from '#core/store/retention.ts';
import type { Tables } from '#core/store/tables.ts';
import type { Incident } from './detect/detection.ts';
import { describeIncident } from './describe-incident.ts';
import { lockIncident, saveIncident, type StoredIncident } from './incident-rows.ts';
import type { ReportingShare } from './lifecycle/estimates.ts';
import { stepOf, type Happening, type Told } from './lifecycle/lifecycle.ts';
import { alertOf, transitionId, type Described } from './lifecycle/record.ts';
import { coverOf } from './lifecycle/silences.ts';
import type { StoredSilence } from './silence-rows.ts';

type Tx = Transaction<Tables>;

/** Older transitions are told to nobody: who starts on old data wants no storm of what is over. */
export const tellWithinMs = 24 * 3_600_000;

export interface WriteContext {
  readonly share: ReportingShare;
  readonly budgetPerWeek: number;
  /** Names of the targets that are told of an alert. @param told those that something of its incident was planned for */
  readonly targetsOf: (alert: Alert, told: ReadonlySet<string>) => readonly string[];
  /** Those of the time in question. */
  readonly silences: readonly StoredSilence[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What happens, with the incident as the detector has it now. */
export type CountsSay = Extract<
  Happening['kind'],
  'began' | 'widened' | 'went-on' | 'resolved' | 'reopened' | 'taken-up'
>;

/**
 * Held until the transaction ends: transitions appear in the order of their numbers. Before any of their rows is locked.
 */
export async function lockAlerts(tx: Tx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${sql.lit(lockKeys.alerts)})`.execute(tx);
}

/** @param at by event time, milliseconds since the epoch */
export async function writeCounts(
  tx: Tx,
  kind: CountsSay,
  incident: Incident,
  at: number,
  context: WriteContext,
): Promise<Told | undefined> {
  const before = await lockIncident(tx, incident.id);
  const { themes, product, reopened } = incident;
  const { silences, share, now } = context;
  const cover = coverOf(silences, { path: incident.scope.path, themes, product }, at);
  const { after, told } = stepOf(before, {
    kind,
    reopened,
    cover,
    isMerged: incident.mergedInto !== null,
  });
  const looks = before === undefined || told !== undefined || at >= now - tellWithinMs;
  const known = looks ? undefined : before;
  const described = await describeIncident(tx, incident, at, { share, silences, known });
  // What the counts say now stands, whatever was known before.
  await write(tx, { ...after, ...described }, { told, at, what: '' }, context);
  return told;
}

interface Done {
  readonly at: number;
  readonly what: string;
  readonly comment?: string | undefined;
}

/**
 * What people do, silences, and settings that changed.
 * @param what id of the action; tells transitions of one moment apart; `comment` is kept with the transition
 * @returns undefined where nothing changed
 */
export async function writeHappening(
  tx: Tx,
  before: StoredIncident,
  happening: Extract<Happening, { kind: 'acknowledged' | 'covered' | 'let-go' }>,
  { at, what, comment }: Done,
  context: WriteContext,
): Promise<Told | undefined> {
  const { after, told } = stepOf(before, happening);
  const isSame = told === undefined && after.suppressedBy === before.suppressedBy;
  if (isSame) return undefined;
  const { incident } = before;
  const isLetGo = happening.kind === 'let-go';
  const stands = isLetGo ? { ...incident, resolvedAt: incident.resolvedAt ?? at } : incident;
  await write(tx, { ...before, ...after, incident: stands }, { told, at, what, comment }, context);
  return told;
}

async function write(
  tx: Tx,
  stored: StoredIncident,
  { told, at, what, comment }: Done & { readonly told: Told | undefined },
  context: WriteContext,
): Promise<void> {
  const { now } = context;
  const { incident } = stored;
  const isPast = (incident.resolvedAt ?? at) < now - tellWithinMs;
  await saveIncident(tx, stored, { isPast, now });
  if (told === undefined) return;
  const id = transitionId(incident.id, told, at, what);
  const { budgetPerWeek } = context;
  const alert = alertOf(stored satisfies Described, stored, told, at, { id, budgetPerWeek });
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('signpost.transitions')
    .values({
      id,
      incident_id: incident.id,
      state: told.state,
      at: new Date(at),
      by: told.by,
      reason: told.reason,
      comment: comment ?? null,
      record: JSON.stringify(alert),
      written_at: new Date(now),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows !== 1n || at < now - tellWithinMs) return;
  await plan(tx, alert, context);
}

async function plan(tx: Tx, alert: Alert, context: WriteContext): Promise<void> {
  const targets = context.targetsOf(alert, await toldBefore(tx, alert.incidentId));
  if (targets.length === 0) return;
  await tx
    .insertInto('signpost.alert_deliveries')
    .values(
      targets.map((target) => ({
        transition_id: alert.id,
        target,
        next_at: new Date(context.now),
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function toldBefore(tx: Tx, incidentId: string): Promise<ReadonlySet<string>> {
  const rows = await tx
    .selectFrom('signpost.alert_deliveries as d')
    .innerJoin('signpost.transitions as t', 't.id', 'd.transition_id')
    .where('t.incident_id', '=', incidentId)
    .select('d.target')
    .distinct()
    .execute();
  return new Set(rows.map(({ target }) => target));
}
