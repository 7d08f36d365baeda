// Who receives an insight, by the departments as they are now.
import type { Insight } from '#schemas/insight.ts';
import type { DepartmentsConfig } from '../../classify/departments.ts';
import { routeOf, subscribersByName } from '../../publish/route.ts';

export function receiversOf(
  departments: () => DepartmentsConfig,
): (insight: Insight) => readonly string[] {
  let known: DepartmentsConfig | undefined;
  let subscribers = subscribersByName([]);
  return (insight) => {
    const current = departments();
    if (current !== known) subscribers = subscribersByName(current.departments);
    known = current;
    return routeOf(insight, subscribers).receivers;
  };
}
