// The scoring kernel with one model in its memory: row numbers in, scores and their parts out. Its arrays are views of that
// memory, so nothing is copied; they belong to the scorer and change with its next call.
import type { ModelParts } from '../artifact.ts';
import { scoreKernel } from './generated.ts';
import { instantiate, Space } from './memory.ts';

interface Kernel {
  heapBase(): number;
  score(layout: number, rows: number, count: number): number;
  explain(
    layout: number,
    rows: number,
    begins: number,
    items: number,
    inverse: number,
    column: number,
    parts: number,
  ): void;
  base(layout: number, column: number): number;
  choose(scores: number, count: number, shares: number): void;
}

export interface Scorer {
  /** Where the caller writes the row numbers of a text. */
  readonly rows: Int32Array;
  /** Where the caller writes which rows each item owns: item i those from `begins[i]` to `begins[i + 1] - 1`. */
  readonly begins: Int32Array;
  /** The score of each column, in log-odds where the model is calibrated. */
  readonly values: Float32Array;
  /** Scores the first `count` rows; returns 1 ÷ the norm of the text, 0 for a text without rows. */
  score(count: number): number;
  /** What each of `items` items added to a column's score of the text scored last, in log-odds. */
  explain(items: number, inverseNorm: number, column: number): Float32Array;
  /** What that score holds beside: parts and base sum to it. */
  base(column: number): number;
  /** Softmax of the scores of `count` columns from `from` on. */
  choose(from: number, count: number): Float32Array;
}

/** `rows` and `items` are the most a text can have. */
export function createScorer(parts: ModelParts, most: { rows: number; items: number }): Scorer {
  const { columns, hidden } = parts;
  const space = new Space(scoreKernel);
  const linear = space.put(parts.linear);
  const inner = space.put(parts.inner);
  const scales = space.put(parts.scales);
  const biases = space.put(parts.biases);
  const innerScales = space.put(parts.innerScales);
  const innerBiases = space.put(parts.innerBiases);
  const out = space.put(parts.out);
  const worths = space.put(worthsOf(parts));
  const squares = space.put(parts.squares);
  const values = space.room(columns);
  const opened = space.room(hidden);
  const blended = space.room(hidden);
  const shares = space.room(columns + 4);
  // In the order of the kernel's Layout.
  const layout = space.put(
    Int32Array.from(
      [
        [linear, inner, columns, hidden, scales, biases, innerScales, innerBiases],
        [out, worths, squares, values, opened, blended],
      ].flat(),
    ),
  );
  const rows = space.room(most.rows);
  const begins = space.room(most.items + 1);
  const added = space.room(most.items);
  const { buffer, exports } = instantiate(scoreKernel, space);
  const kernel = exports as Kernel;
  const sharesView = new Float32Array(buffer, shares, columns);
  const addedView = new Float32Array(buffer, added, most.items);
  return {
    rows: new Int32Array(buffer, rows, most.rows),
    begins: new Int32Array(buffer, begins, most.items + 1),
    values: new Float32Array(buffer, values, columns),
    score: (count) => kernel.score(layout, rows, count),
    explain(items, inverseNorm, column) {
      kernel.explain(layout, rows, begins, items, inverseNorm, column, added);
      return addedView;
    },
    base: (column) => kernel.base(layout, column),
    choose(from, count) {
      kernel.choose(values + 4 * from, count, shares);
      return sharesView;
    },
  };
}

/** By column and hidden unit, side by side for one column: what one whole number of the unit's row is worth. */
function worthsOf({ out, innerScales, columns, hidden }: ModelParts): Float32Array {
  const worths = new Float32Array(columns * hidden);
  for (let column = 0; column < columns; column += 1)
    for (let unit = 0; unit < hidden; unit += 1)
      worths[column * hidden + unit] = out[unit * columns + column]! * innerScales[unit]!;
  return worths;
}
