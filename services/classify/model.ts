// The linear model: its file format, loading, saving and scoring. Scores are calibrated log-odds and
// are an exact sum of parts (one per word, word pair or negated word, plus a bias), so each can be explained.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';
import { charGrams, createTokenizer } from './features.ts';
import type { Tokens } from './features.ts';

/** `multi-label`: each class is yes or no; `single`: exactly one class; `binary`: one class, yes or no. */
export type TaskKind = 'multi-label' | 'single' | 'binary';

/** What one task predicts. Its scores stand in columns `from` to `from + classes.length - 1`. */
export interface Task {
  readonly name: string;
  readonly kind: TaskKind;
  readonly classes: readonly string[];
  /** The class of a single-choice task that means "nothing fits", or null. */
  readonly none: string | null;
  readonly from: number;
  /** Probability per class from which a yes is best by F1 on out-of-fold predictions; empty for `single`. */
  readonly thresholds: readonly number[];
}

/** How the artifact came to be: enough to rebuild it and to tell whether it was. */
export interface TrainingRecord {
  readonly rows: number;
  readonly dataSha256: string;
  readonly recipe: unknown;
}

/** A model as numbers. `weights` is row-major, one row of `columns` per key; score = scale × Σ rows ÷ norm + bias. */
export interface ModelParts {
  readonly name: string;
  readonly tasks: readonly Task[];
  readonly trained: TrainingRecord;
  /** Keys of words, pairs and negated words. A word's row holds its character n-grams too. */
  readonly keys: Uint32Array;
  /** Part of each row in the squared norm of a text. */
  readonly squares: Float32Array;
  readonly weights: Int16Array;
  readonly scales: readonly number[];
  readonly biases: readonly number[];
}

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

const MAGIC = 'SIGNPLM1';
const PREFIX_BYTES = 20;

/** @throws SignpostError `model-unreadable` when the bytes are not a whole artifact of this format. */
export function loadModel(bytes: Uint8Array): Model {
  const parts = decode(bytes);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  return createModel(parts, `${parts.name}+${hash}`);
}

/** The task of that name. @throws SignpostError `model-unreadable` when the model has none of that kind. */
export function taskOf(model: Model, name: string, kind: TaskKind): Task {
  const task = model.parts.tasks.find((each) => each.name === name);
  if (task?.kind === kind) return task;
  throw unreadable(`has no ${kind} task named ${name}`);
}

/** The artifact's bytes: magic, lengths, a JSON header, then keys, squares and weights, little-endian. */
export function encodeModel(parts: ModelParts): Uint8Array {
  const { name, tasks, trained, scales, biases, keys, squares, weights } = parts;
  const json = new TextEncoder().encode(JSON.stringify({ name, tasks, trained, scales, biases }));
  const headerBytes = PREFIX_BYTES + json.length + ((4 - ((PREFIX_BYTES + json.length) % 4)) % 4);
  const bytes = new Uint8Array(headerBytes + keys.length * 8 + weights.length * 2);
  bytes.fill(32, 0, headerBytes);
  bytes.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(bytes.buffer);
  view.setUint32(8, headerBytes, true);
  view.setUint32(12, keys.length, true);
  view.setUint32(16, scales.length, true);
  bytes.set(json, PREFIX_BYTES);
  let at = headerBytes;
  for (const array of [keys, squares, weights]) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  return bytes;
}

function decode(bytes: Uint8Array): ModelParts {
  if (bytes.length < PREFIX_BYTES || new TextDecoder().decode(bytes.subarray(0, 8)) !== MAGIC) {
    throw unreadable(`does not begin with ${MAGIC}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint32(8, true);
  const rows = view.getUint32(12, true);
  const columns = view.getUint32(16, true);
  const expected = headerBytes + rows * (8 + 2 * columns);
  if (bytes.length !== expected) throw unreadable(`has ${bytes.length} bytes, not ${expected}`);
  const header = readHeader(bytes.subarray(PREFIX_BYTES, headerBytes));
  const inColumns = header.tasks.reduce((sum, task) => sum + task.classes.length, 0);
  if ([inColumns, header.scales.length, header.biases.length].some((n) => n !== columns)) {
    throw unreadable(`speaks of ${inColumns} classes and holds ${columns}`);
  }
  // A copy, so that the arrays are aligned wherever the bytes came from (a Buffer's slice would be none).
  const body = new Uint8Array(bytes.subarray(headerBytes)).buffer;
  return {
    ...header,
    keys: new Uint32Array(body, 0, rows),
    squares: new Float32Array(body, rows * 4, rows),
    weights: new Int16Array(body, rows * 8, rows * columns),
  };
}

const headerSchema = z.object({
  name: z.string(),
  tasks: z
    .array(
      z.object({
        name: z.string(),
        kind: z.enum(['multi-label', 'single', 'binary']),
        classes: z.array(z.string()).min(1),
        none: z.string().nullable(),
        from: z.int(),
        thresholds: z.array(z.number()),
      }),
    )
    .min(1),
  trained: z.object({ rows: z.int(), dataSha256: z.string(), recipe: z.unknown() }),
  scales: z.array(z.number()),
  biases: z.array(z.number()),
});

function readHeader(json: Uint8Array): z.output<typeof headerSchema> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(json);
    return headerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw unreadable('has a header that cannot be read', cause);
  }
}

/** The error for a model that cannot be used; `what` completes "the model …". */
export function unreadable(what: string, cause?: unknown): SignpostError {
  return new SignpostError('model-unreadable', `the model ${what}`, {
    cause,
    hint: 'Restore the file from the repository or rebuild it with scripts/train-model.ts.',
  });
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
