// Which targets are told of a transition.
import type { Alert } from '#schemas/alert.ts';
import type { Target } from './targets.ts';

/**
 * Names of those to be told, in the order of the file. Whoever was told of an incident is told how it goes on, even where
 * it shrank or moved out of a filter since; whoever was not is not told that it is over.
 * @param told names of those that something of this incident was written for before
 */
export function receiversOf(
  alert: Alert,
  targets: readonly Pick<Target, 'name' | 'filter'>[],
  told: ReadonlySet<string>,
): readonly string[] {
  return targets
    .filter((target) => (told.has(target.name) ? isState(alert, target) : isFor(alert, target)))
    .map(({ name }) => name);
}

function isState({ state }: Alert, { filter }: Pick<Target, 'filter'>): boolean {
  return filter.states.some((each) => each === state);
}

function isFor(alert: Alert, target: Pick<Target, 'filter'>): boolean {
  const { departments, themes, levels, states, minCustomers } = target.filter;
  // A target that asked for ends alone is told of no beginning, and so must be told of ends.
  const mayBegin = alert.state !== 'resolved' || !states.includes('firing');
  return (
    mayBegin &&
    isState(alert, target) &&
    alert.customers >= minCustomers &&
    (departments === undefined || departments.some((name) => alert.departments.includes(name))) &&
    (themes === undefined || themes.some((name) => alert.themes.includes(name))) &&
    (levels === undefined || levels.some((level) => level === levelOf(alert)))
  );
}

function levelOf({ place, placeLevel }: Alert): string {
  return place === 'everywhere' ? place : placeLevel;
}
