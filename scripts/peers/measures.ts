// What judgements are worth against labels: one and the same counting for every system, from what it wrote to a file.
import { averagePrecision, calibrationError } from '../../services/classify/training/quality.ts';

/** A line of a file of predictions. */
export interface Prediction {
  /** Per label how much the text speaks for it; a label that is not named has the least there is. */
  readonly scores: Readonly<Record<string, number>>;
  /** What the system itself would say, if that is more than its highest score or all above the middle. */
  readonly labels?: readonly string[];
}

/** `probability`: 0 to 1, the middle is 0.5. `margin`: any number, the middle is 0. */
export type ScoreKind = 'probability' | 'margin';

export interface Judged extends Prediction {
  readonly truth: readonly string[];
}

/** Null where a measure does not apply, or (`outOfScopeRecall`) is out of reach. */
export interface Quality {
  readonly tested: number;
  readonly accuracy: number | null;
  readonly microF1: number | null;
  readonly macroF1: number;
  readonly meanAveragePrecision: number | null;
  readonly ece: number | null;
  readonly outOfScopeRecall: number | null;
  readonly outOfScopeAuroc: number | null;
}

export interface MeasureOptions {
  readonly kind: 'multi-label' | 'single';
  readonly scoreKind: ScoreKind;
  readonly outOfScope?: string | undefined;
}

/** Out-of-scope texts may be rejected as long as so many of the in-scope ones are still accepted and right. */
export const IN_SCOPE_ACCURACY = 0.92;

export function measure(judged: readonly Judged[], options: MeasureOptions): Quality {
  return options.kind === 'multi-label'
    ? measureMany(judged, options)
    : measureOne(judged, options);
}

function measureMany(judged: readonly Judged[], { scoreKind }: MeasureOptions): Quality {
  const least = scoreKind === 'probability' ? 0.5 : 0;
  const said = judged.map(({ scores, labels }) => {
    return labels ?? Object.keys(scores).filter((label) => scores[label]! >= least);
  });
  const names = [
    ...new Set(judged.flatMap(({ truth, scores }) => [...truth, ...Object.keys(scores)])),
  ];
  const decisions = judged.flatMap(({ truth, scores }) =>
    names.map((name) => ({ said: scores[name] ?? 0, true: truth.includes(name) })),
  );
  const precisions = names
    .filter((name) => judged.some(({ truth }) => truth.includes(name)))
    .map((name) =>
      averagePrecision(
        judged.map(({ scores }) => scores[name] ?? -Infinity),
        judged.map(({ truth }) => truth.includes(name)),
      ),
    );
  return {
    ...f1s(
      said,
      judged.map(({ truth }) => truth),
    ),
    tested: judged.length,
    accuracy: null,
    meanAveragePrecision: mean(precisions),
    ece: scoreKind === 'probability' ? errorOf(decisions) : null,
    outOfScopeRecall: null,
    outOfScopeAuroc: null,
  };
}

function measureOne(judged: readonly Judged[], options: MeasureOptions): Quality {
  const { scoreKind, outOfScope } = options;
  const tops = judged.map((row) => {
    const { label, score } = top(row.scores);
    // Refusals are measured at bounds of our own, the same for all systems: before them counts the highest score.
    const said = outOfScope === undefined ? (row.labels?.[0] ?? label) : label;
    return { said, score, truth: row.truth[0]!, right: said === row.truth[0] };
  });
  const inside = tops.filter(({ truth }) => truth !== outOfScope);
  const outside = tops.filter(({ truth }) => truth === outOfScope).map(({ score }) => score);
  const { macroF1 } = f1s(
    inside.map(({ said }) => (said === undefined ? [] : [said])),
    inside.map(({ truth }) => [truth]),
  );
  const decisions = inside.map(({ score, right }) => ({ said: Math.max(0, score), true: right }));
  return {
    tested: judged.length,
    accuracy: mean(inside.map(({ right }) => Number(right))),
    microF1: null,
    macroF1,
    meanAveragePrecision: null,
    ece: scoreKind === 'probability' ? errorOf(decisions) : null,
    outOfScopeRecall: outside.length > 0 ? recallOutside(inside, outside) : null,
    outOfScopeAuroc:
      outside.length > 0
        ? auroc(
            inside.map(({ score }) => score),
            outside,
          )
        : null,
  };
}

/** The label with the highest score, of equals the first; none has -Infinity. */
function top(scores: Prediction['scores']): { label: string | undefined; score: number } {
  let label: string | undefined;
  let score = -Infinity;
  for (const [name, value] of Object.entries(scores)) {
    if (value > score) [label, score] = [name, value];
  }
  return { label, score };
}

/** F1 of all labels' counts together, and the mean of each label's, over the labels that are true or said somewhere. */
export function f1s(
  said: readonly (readonly string[])[],
  truth: readonly (readonly string[])[],
): { microF1: number; macroF1: number } {
  const counts = new Map<string, { hits: number; wrong: number }>();
  const countOf = (label: string) => {
    const count = counts.get(label) ?? { hits: 0, wrong: 0 };
    counts.set(label, count);
    return count;
  };
  for (const [row, labels] of truth.entries()) {
    for (const label of said[row]!) countOf(label)[labels.includes(label) ? 'hits' : 'wrong'] += 1;
    for (const label of labels) if (!said[row]!.includes(label)) countOf(label).wrong += 1;
  }
  const f1 = (hits: number, wrong: number) => (hits === 0 ? 0 : (2 * hits) / (2 * hits + wrong));
  const all = [...counts.values()];
  const hits = all.reduce((sum, count) => sum + count.hits, 0);
  const wrong = all.reduce((sum, count) => sum + count.wrong, 0);
  return { microF1: f1(hits, wrong), macroF1: mean(all.map((each) => f1(each.hits, each.wrong))) };
}

/**
 * How many of the out-of-scope texts fall below the highest score that still leaves 92 % of the in-scope ones accepted
 * and right. Null when there are not as many right at any threshold.
 */
export function recallOutside(
  inside: readonly { readonly score: number; readonly right: boolean }[],
  outside: readonly number[],
): number | null {
  const right = inside.filter((row) => row.right).map(({ score }) => score);
  const needed = Math.ceil(IN_SCOPE_ACCURACY * inside.length - 1e-9);
  const threshold = right.toSorted((a, b) => b - a)[needed - 1];
  if (threshold === undefined) return null;
  return mean(outside.map((score) => Number(score < threshold)));
}

/** How often a text in scope has a higher score than one out of scope; equal scores count half. */
export function auroc(inside: readonly number[], outside: readonly number[]): number {
  const sorted = outside.toSorted((a, b) => a - b);
  const below = (score: number, orEqual: boolean) => {
    let [from, to] = [0, sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (sorted[middle]! < score || (orEqual && sorted[middle] === score)) from = middle + 1;
      else to = middle;
    }
    return from;
  };
  const wins = inside.map((score) => (below(score, false) + below(score, true)) / 2);
  return mean(wins) / outside.length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function errorOf(decisions: readonly { readonly said: number; readonly true: boolean }[]): number {
  return calibrationError(
    decisions.map(({ said }) => said),
    decisions.map((decision) => decision.true),
  );
}
