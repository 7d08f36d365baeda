// Which words spoke for or against a class, as spans of the text: the exact parts of a linear score.
import type { Model, Scores } from './model.ts';

/** One reason. `words` have a span in UTF-16 offsets; a `field` names itself and its value. `weight` is in log-odds. */
export interface Evidence {
  readonly kind: 'words' | 'field';
  readonly text: string;
  readonly start: number | null;
  readonly end: number | null;
  readonly weight: number;
}

/** Parts smaller than this, in log-odds, are no reason worth showing. */
const SMALLEST_SHOWN = 0.02;

/**
 * The `limit` largest parts, by size, of one column's score of the text last scored by `model`. A word's
 * part holds its character n-grams and its place under a negation; a pair of words is a part of its own.
 * All parts and the column's bias sum to the score.
 */
export function explain(
  model: Model,
  scores: Scores,
  text: string,
  column: number,
  limit: number,
): Evidence[] {
  const { weights, scales } = model.parts;
  const { itemFirst, itemLast, itemRows, rows, tokens, itemCount } = scores;
  const factor = scales[column]! * scores.inverseNorm;
  const found: Evidence[] = [];
  let smallest = limit === Infinity ? 0 : SMALLEST_SHOWN;
  let item = 0;
  while (item < itemCount) {
    const first = itemFirst[item]!;
    const last = itemLast[item]!;
    let sum = 0;
    for (let at = itemRows[item]!; at < itemRows[item + 1]!; at += 1) {
      sum += weights[rows[at]! * model.columns + column]!;
    }
    item += 1;
    // The scorer writes a word's negated form right after the word, so that both are one part here.
    while (item < itemCount && itemFirst[item] === first && itemLast[item] === last) {
      for (let at = itemRows[item]!; at < itemRows[item + 1]!; at += 1) {
        sum += weights[rows[at]! * model.columns + column]!;
      }
      item += 1;
    }
    const weight = sum * factor;
    if (Math.abs(weight) < smallest) continue;
    const start = tokens.start[first]!;
    const end = tokens.end[last]!;
    insert(found, { kind: 'words', text: text.slice(start, end), start, end, weight }, limit);
    if (found.length === limit) smallest = Math.abs(found[limit - 1]!.weight);
  }
  return found;
}

/** Puts one piece into a list kept in order of size and at most `limit` long. */
export function insert(list: Evidence[], piece: Evidence, limit: number): void {
  const size = Math.abs(piece.weight);
  let at = list.length;
  while (at > 0 && Math.abs(list[at - 1]!.weight) < size) at -= 1;
  if (at >= limit) return;
  for (let last = Math.min(list.length, limit - 1); last > at; last -= 1)
    list[last] = list[last - 1]!;
  list[at] = piece;
}
