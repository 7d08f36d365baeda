// Which figures of an answer's rows are not told, so that none too small follows from a total and the rows beside it. Pure.
import { endedOf, isSmall, type IsHidden } from './figures.ts';
import type { Group } from './groups.ts';
import { scaleMeasures, type CountMeasure, type ScaleMeasure, type Tally } from './tally.ts';

type Figure = Parameters<IsHidden>[0];

/** Rows along these sum to what a question without them tells. Those of departments share tickets, and do not. */
const summed = ['place', 'theme', 'technology', 'kind', 'start'] as const;
const dimensions = [...summed, 'department'] as const;

/** Customers of several rows are no sum of them. */
const counts = ['opened', 'reopened', 'resolved', 'posts', 'surveyAnswers', 'stillOpen'] as const;

/**
 * Small figures, and beside a single one of a line of rows the next smallest: along each dimension of the answer, the
 * others held still.
 */
export function hiddenBeside(
  groups: readonly Group[],
  tally: Pick<Tally, 'count' | 'of'>,
  suppressBelow: number,
): (slot: number, figure: Figure) => boolean {
  const hidden = new Map<Figure, Set<number>>();
  if (suppressBelow > 0) {
    const lines = linesOf(groups);
    const hasFewEnded = (slot: number): boolean =>
      isSmall(
        endedOf((measure) => tally.count(slot, measure)),
        suppressBelow,
      );
    const hide = (
      figure: Figure,
      measure: CountMeasure | ScaleMeasure,
      isFew: (slot: number) => boolean,
    ): void => {
      const slots = new Set([...groups.keys()].filter(isFew));
      hidden.set(figure, slots);
      if (slots.size > 0) hideBeside(lines, slots, (slot) => tally.count(slot, measure));
    };
    for (const measure of counts) {
      hide(
        measure,
        measure,
        (slot) =>
          isSmall(tally.count(slot, measure), suppressBelow) ||
          (measure === 'stillOpen' && (hidden.get('opened')!.has(slot) || hasFewEnded(slot))),
      );
    }
    // One of the two beside tickets opened would tell of the other.
    const ends = new Set([...hidden.get('resolved')!, ...hidden.get('stillOpen')!]);
    for (let before = -1; before !== ends.size;) {
      before = ends.size;
      for (const measure of ['resolved', 'stillOpen', 'opened'] as const) {
        hideBeside(lines, ends, (slot) => tally.count(slot, measure));
      }
    }
    hidden.set('resolved', ends).set('stillOpen', ends);
    for (const measure of scaleMeasures) {
      hide(
        measure,
        measure,
        (slot) =>
          isSmall(tally.count(slot, measure), suppressBelow) ||
          hidden.get('surveyAnswers')!.has(slot),
      );
    }
    hide(
      'severities',
      'opened',
      (slot) =>
        hidden.get('opened')!.has(slot) ||
        [...tally.of(slot).severities.values()].some((each) => isSmall(each, suppressBelow)),
    );
  }
  return (slot, figure) => hidden.get(figure)?.has(slot) === true;
}

/** Each in the order of what tells its rows apart, so that every answer hides the same one of equals. */
function linesOf(groups: readonly Group[]): readonly (readonly number[])[] {
  const first = groups[0];
  if (first === undefined) return [];
  return summed
    .filter((each) => first[each] !== undefined)
    .flatMap((along) => {
      const still = dimensions.filter((each) => each !== along);
      const lines = Map.groupBy(groups.keys(), (slot) =>
        still.map((each) => groups[slot]![each]).join(),
      );
      return [...lines.values()].map((line) =>
        line.toSorted((one, other) => groups[one]![along]! - groups[other]![along]!),
      );
    });
}

/** Until nothing changes: what is hidden along one dimension may be the only one along another. */
function hideBeside(
  lines: readonly (readonly number[])[],
  hidden: Set<number>,
  countOf: (slot: number) => number,
): void {
  for (let before = -1; before !== hidden.size;) {
    before = hidden.size;
    for (const line of lines) {
      if (line.filter((slot) => hidden.has(slot)).length !== 1) continue;
      const others = line.filter((slot) => !hidden.has(slot) && countOf(slot) > 0);
      if (others.length === 0) continue;
      hidden.add(others.reduce((least, slot) => (countOf(slot) < countOf(least) ? slot : least)));
    }
  }
}
