// The linear model at work. Scores are calibrated log-odds and an exact sum of parts (one per word, word
// pair or negated word, plus a bias), so each can be explained.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decodeModel, unreadable } from './artifact.ts';
import type { ModelParts, Task, TaskKind } from './artifact.ts';
import { charGrams, createTokenizer } from './features.ts';
import type { Tokens } from './tokens.ts';

/**
 * Scores of one text; the arrays belong to the scorer and are overwritten by its next call.
 * An item is a span of tokens and the rows it contributed: item i spans tokens `itemFirst[i]` to
 * `itemLast[i]` and owns `rows[itemRows[i]]` up to `rows[itemRows[i + 1] - 1]`.
 */
export interface Scores {
  readonly values: Float64Array;
  readonly tokens: Tokens;
  /** 1 ÷ the norm of the text; 0 when no feature is known. */
  inverseNorm: number;
  itemCount: number;
  readonly itemFirst: Int32Array;
  readonly itemLast: Int32Array;
  readonly itemRows: Int32Array;
  readonly rows: Int32Array;
}

export interface Model {
  /** Name and content, for example `telecom-v1+0a1b2c3d`. */
  readonly version: string;
  readonly parts: ModelParts;
  readonly columns: number;
  score(text: string): Scores;
}

/** @throws SignpostError `model-unreadable` when the bytes are not a whole artifact of this format. */
export function loadModel(bytes: Uint8Array): Model {
  const parts = decodeModel(bytes);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  return createModel(parts, `${parts.name}+${hash}`);
}

/** The model that comes with Signpost. @throws SignpostError `model-unreadable` when the file is damaged. */
export function loadShippedModel(): Model {
  return loadModel(readFileSync(new URL('./model/telecom-v1.bin', import.meta.url)));
}

/** The task of that name. @throws SignpostError `model-unreadable` when the model has none of that kind. */
export function taskOf(model: Model, name: string, kind: TaskKind): Task {
  const task = model.parts.tasks.find((each) => each.name === name);
  if (task?.kind === kind) return task;
  throw unreadable(`has no ${kind} task named ${name}`);
}

/** A scorer over the parts, with buffers of its own; not to be shared between threads. */
export function createModel(parts: ModelParts, version: string): Model {
  const { keys, squares, weights, scales, biases } = parts;
  const columns = scales.length;
  const find = createIndex(keys);
  const tokenize = createTokenizer();
  const grams = new Uint32Array(256);
  const sums = new Int32Array(columns);
  const first = tokenize('');
  const capacity = first.word.length;
  const scores: Scores = {
    values: new Float64Array(columns),
    tokens: first,
    inverseNorm: 0,
    itemCount: 0,
    itemFirst: new Int32Array(capacity * 3),
    itemLast: new Int32Array(capacity * 3),
    itemRows: new Int32Array(capacity * 3 + 1),
    rows: new Int32Array(capacity * 6),
  };
  const { values, itemFirst, itemLast, itemRows, rows } = scores;

  function score(text: string): Scores {
    const tokens = tokenize(text);
    let items = 0;
    let found = 0;
    for (let token = 0; token < tokens.count; token += 1) {
      const before = found;
      const row = find(tokens.word[token]!);
      if (row >= 0) rows[found++] = row;
      else {
        const count = charGrams(tokens, token, grams);
        for (let gram = 0; gram < count; gram += 1) {
          const gramRow = find(grams[gram]!);
          if (gramRow >= 0) rows[found++] = gramRow;
        }
      }
      if (found > before) {
        itemFirst[items] = token;
        itemLast[items] = token;
        itemRows[items++] = before;
      }
      const negatedKey = tokens.negated[token]!;
      const negated = negatedKey === 0 ? -1 : find(negatedKey);
      if (negated >= 0) {
        itemFirst[items] = token;
        itemLast[items] = token;
        itemRows[items++] = found;
        rows[found++] = negated;
      }
      const pairKey = tokens.bigram[token]!;
      const pair = pairKey === 0 ? -1 : find(pairKey);
      if (pair >= 0) {
        itemFirst[items] = token - 1;
        itemLast[items] = token;
        itemRows[items++] = found;
        rows[found++] = pair;
      }
    }
    itemRows[items] = found;
    scores.itemCount = items;
    sums.fill(0);
    let square = 0;
    for (let at = 0; at < found; at += 1) {
      const row = rows[at]!;
      square += squares[row]!;
      const base = row * columns;
      for (let column = 0; column < columns; column += 1) sums[column]! += weights[base + column]!;
    }
    scores.inverseNorm = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let column = 0; column < columns; column += 1) {
      values[column] = sums[column]! * scales[column]! * scores.inverseNorm + biases[column]!;
    }
    return scores;
  }

  return { version, parts, columns, score };
}

/** Exact lookup of a key's row, -1 when unknown: open addressing at half load. */
function createIndex(keys: Uint32Array): (key: number) => number {
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, keys.length * 2)));
  const mask = size - 1;
  const slots = new Int32Array(size);
  for (let row = 0; row < keys.length; row += 1) {
    let slot = keys[row]! & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = row + 1;
  }
  return (key) => {
    let slot = key & mask;
    for (;;) {
      const row = slots[slot]! - 1;
      if (row < 0 || keys[row] === key) return row;
      slot = (slot + 1) & mask;
    }
  };
}
