// Texts that belong to no class of a single choice: told by their highest score, which is low.
import type { Task } from '../artifact.ts';
import { highest } from './answers.ts';
import type { Answer } from './answers.ts';
import { isOutside, NOTHING_BELOW } from './examples.ts';

export interface OutOfScopeQuality {
  readonly n: number;
  /** With the model's own bound: share of texts out of scope that are refused, accuracy of those within scope. */
  readonly recall: number;
  readonly inScopeAccuracy: number;
  /** The highest recall at which accuracy within scope is still as told. */
  readonly recallAt: readonly { readonly inScopeAccuracy: number; readonly recall: number }[];
}

/** How much of the accuracy within scope telling what is out of scope may cost. */
const COST = 0.02;
const IN_SCOPE_ACCURACIES = [0.94, 0.93, 0.92, 0.91, 0.9, 0.85];

/** The score below which texts are refused, when refusing those within scope may cost `COST` of the accuracy. */
export function boundOf(task: Task, answers: readonly Answer[]): number {
  const within = answers
    .filter(({ label }) => label?.kind === 'one' && !isOutside(label, task))
    .map((answer) => topOf(task, answer))
    .toSorted((a, b) => a.score - b.score);
  let lost = 0;
  for (const { score, right } of within) {
    if (right) lost += 1;
    if (lost > COST * within.length) return score;
  }
  return NOTHING_BELOW;
}

/** How well refusing works, by the model's own bound and by others. */
export function outOfScopeOf(
  task: Task,
  inside: readonly Answer[],
  outside: readonly Answer[],
): OutOfScopeQuality {
  const within = inside.map((answer) => topOf(task, answer));
  const beyond = outside.map((answer) => topOf(task, answer).score);
  const at = (below: number) => ({
    inScopeAccuracy:
      within.filter(({ score, right }) => right && score >= below).length /
      Math.max(1, within.length),
    recall: beyond.filter((score) => score < below).length / beyond.length,
  });
  const bounds = [...within.map(({ score }) => score), ...beyond].toSorted((a, b) => a - b);
  const recallAt = IN_SCOPE_ACCURACIES.flatMap((wanted) => {
    // Accuracy only falls as the bound rises, so the highest bound that keeps it is found by halving.
    let low = 0;
    let high = bounds.length;
    if (at(-Infinity).inScopeAccuracy < wanted) return [];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (at(bounds[middle]!).inScopeAccuracy >= wanted) low = middle;
      else high = middle;
    }
    return [{ inScopeAccuracy: wanted, recall: at(bounds[low]!).recall }];
  });
  return { n: outside.length, ...at(task.outOfScope!.below), recallAt };
}

/** The highest score of a text, and whether it is that of the true class. */
function topOf(task: Task, { label, scores }: Answer): { score: number; right: boolean } {
  const best = highest(scores);
  return {
    score: scores[best]!,
    right: label?.kind === 'one' && task.classes[best] === label.name,
  };
}
