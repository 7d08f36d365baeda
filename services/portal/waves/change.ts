// What an import changes of the plan that is there. Pure.
import type { PlannedArea } from './plan.ts';

/**
 * `none`: lines are added, and one of the same wave, area and technology takes the place of the one that is there.
 * `wave`: the waves that the file names are as the file has them. `all`: so is the whole plan.
 */
export const replacements = ['none', 'wave', 'all'] as const;
export type Replacement = (typeof replacements)[number];

export interface Change {
  readonly added: readonly PlannedArea[];
  /** As they are to be: the same wave, area and technology with other days. */
  readonly changed: readonly PlannedArea[];
  readonly removed: readonly PlannedArea[];
  readonly unchanged: number;
}

export function changeOf(
  before: readonly PlannedArea[],
  lines: readonly PlannedArea[],
  replace: Replacement,
): Change {
  const there = new Map(before.map((one) => [keyOf(one), one]));
  const named = new Set(lines.map(({ wave }) => wave));
  const added: PlannedArea[] = [];
  const changed: PlannedArea[] = [];
  let unchanged = 0;
  for (const line of lines) {
    const key = keyOf(line);
    const old = there.get(key);
    there.delete(key);
    if (old === undefined) added.push(line);
    else if (old.plannedOn === line.plannedOn && old.finishedOn === line.finishedOn) unchanged += 1;
    else changed.push(line);
  }
  const removed = [...there.values()].filter(
    ({ wave }) => replace === 'all' || (replace === 'wave' && named.has(wave)),
  );
  return { added, changed, removed, unchanged };
}

function keyOf({ wave, area, technology }: PlannedArea): string {
  return JSON.stringify([wave, area, technology]);
}
