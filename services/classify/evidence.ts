// Which words spoke for or against a class, as spans of the text: the exact parts of its score.
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
 * The `limit` largest parts, by size, of one column's score of the text last scored by `model`. A word's part holds its
 * character n-grams and its place under a negation; a pair of words is a part of its own, and so is a field read beside the
 * words. With `limit` Infinity all parts are given: they and the column's base sum to the score.
 */
export function explain(
  model: Model,
  scores: Scores,
  text: string,
  column: number,
  limit: number,
): Evidence[] {
  const parts = model.explain(column);
  const numbers =
    limit === Infinity ? all(parts, scores.itemCount) : largest(parts, scores.itemCount, limit);
  return numbers.map((item) => pieceOf(scores, text, item, parts[item]!));
}

/** Items by the size of their parts, largest first, at most `limit`: numbers only, so that what is not shown costs nothing. */
function largest(parts: Float32Array, count: number, limit: number): number[] {
  const found: number[] = [];
  let smallest = SMALLEST_SHOWN;
  for (let item = 0; item < count; item += 1) {
    const size = Math.abs(parts[item]!);
    if (size < smallest) continue;
    let at = found.length < limit ? found.length : limit - 1;
    while (at > 0 && Math.abs(parts[found[at - 1]!]!) < size) {
      found[at] = found[at - 1]!;
      at -= 1;
    }
    found[at] = item;
    if (found.length === limit) smallest = Math.abs(parts[found[limit - 1]!]!);
  }
  return found;
}

function all(parts: Float32Array, count: number): number[] {
  return Array.from({ length: count }, (_, item) => item).toSorted(
    (a, b) => Math.abs(parts[b]!) - Math.abs(parts[a]!),
  );
}

function pieceOf(scores: Scores, text: string, item: number, weight: number): Evidence {
  const first = scores.itemFirst[item]!;
  if (first < 0) {
    const { shown } = scores.context[-1 - first]!;
    return { kind: 'field', text: shown, start: null, end: null, weight };
  }
  const start = scores.tokens.start[first]!;
  const end = scores.tokens.end[scores.itemLast[item]!]!;
  return { kind: 'words', text: text.slice(start, end), start, end, weight };
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
