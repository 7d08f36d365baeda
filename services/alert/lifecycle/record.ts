// A transition as the record that is published and kept. Pure.
import type { Alert } from '#schemas/alert.ts';
import type { StoredPlanned } from '#core/store/alert-tables.ts';
import { shortHash } from '#core/store/short-hash.ts';
import type { Incident } from '../detect/detection.ts';
import { placeLevels } from '../sighting.ts';
import type { Interval } from './estimates.ts';
import type { Standing, Told } from './lifecycle.ts';
import { placeInWords, plain } from './plain.ts';
import { summaryOf } from './summary.ts';

/** An incident with what is known around it. */
export interface Described {
  readonly incident: Incident;
  readonly affected: Interval;
  readonly userMinutes: Interval;
  readonly words: readonly string[];
  readonly planned: readonly StoredPlanned[];
}

/**
 * The same for the same transition however often it is derived.
 * @param what tells transitions of one moment apart: of an action, its id
 */
export function transitionId(
  incidentId: string,
  { state, reason }: Told,
  at: number,
  what = '',
): string {
  return shortHash([incidentId, state, reason, at, what].join('\u0000'));
}

/** @param at milliseconds since the epoch */
export function alertOf(
  { incident, affected, userMinutes, words, planned }: Described,
  { acknowledged }: Pick<Standing, 'acknowledged'>,
  told: Told,
  at: number,
  { id, budgetPerWeek }: { readonly id: string; readonly budgetPerWeek: number },
): Alert {
  const { scope, departments, examples, sources, themes, heldBy } = incident;
  return {
    id,
    incidentId: incident.id,
    state: told.state,
    at,
    startedAt: incident.startedAt,
    detectedAt: incident.detectedAt,
    resolvedAt: told.state === 'resolved' ? (incident.resolvedAt ?? at) : null,
    placeLevel: scope.level,
    place: placeInWords(scope.level, scope.path),
    themes,
    product: incident.product,
    customers: incident.customers,
    expectedCustomers: incident.expectedCustomers,
    estimatedAffected: affected.estimate,
    estimatedAffectedLow: affected.low,
    estimatedAffectedHigh: affected.high,
    departments,
    insightIds: examples,
    summary: summaryOf(incident, told, at),
    placePath: Object.fromEntries(
      placeLevels.flatMap((level) => {
        const name = scope.path[level];
        return name === null ? [] : [[level, name] as const];
      }),
    ),
    reason: told.reason,
    userMinutes: userMinutes.estimate,
    userMinutesLow: userMinutes.low,
    userMinutesHigh: userMinutes.high,
    sources,
    heldBy,
    mergedInto: incident.mergedInto,
    words,
    planned: planned.map(plannedInWords),
    acknowledgedBy: acknowledged?.by ?? null,
    pValue: incident.pValue,
    budgetPerWeek,
  };
}

function plannedInWords(planned: StoredPlanned): string {
  if (planned.kind === 'wave') {
    const { wave, area, technology, plannedOn } = planned;
    return `${plain(wave)}: ${plain(technology)} in ${plain(area)}, planned for ${plannedOn}.`;
  }
  const at = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
  return `Maintenance from ${at(planned.from)} to ${at(planned.until)} UTC: ${plain(planned.comment)}`;
}
