// What a model says of a text beside what is true of it.
import type { Task } from '../artifact.ts';
import type { Label } from './examples.ts';

/** What was said of one text (a score in log-odds for each class of the task) and what is true. */
export interface Answer {
  readonly label: Label | undefined;
  readonly scores: ArrayLike<number>;
}

/** Softmax of a single choice, else the logistic function of each score. */
export function probabilitiesOf(task: Task, scores: ArrayLike<number>): Float64Array {
  const found = new Float64Array(task.classes.length);
  if (task.kind !== 'single') {
    for (let at = 0; at < found.length; at += 1) found[at] = 1 / (1 + Math.exp(-scores[at]!));
    return found;
  }
  const most = scores[highest(scores)]!;
  let total = 0;
  for (let at = 0; at < found.length; at += 1) total += found[at] = Math.exp(scores[at]! - most);
  for (let at = 0; at < found.length; at += 1) found[at]! /= total;
  return found;
}

export function highest(scores: ArrayLike<number>): number {
  let best = 0;
  for (let at = 1; at < scores.length; at += 1) if (scores[at]! > scores[best]!) best = at;
  return best;
}
