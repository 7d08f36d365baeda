// Trains the linear model from labelled texts: pure, and the same bytes for the same rows, recipe and seed.
import { z } from 'zod';
import type { ModelParts, Task } from './artifact.ts';
import { calibrate } from './calibrate.ts';
import { charGrams, createTokenizer } from './features.ts';
import { createModel } from './model.ts';
import { trainSeparator } from './separator.ts';

/** A text and, per task, the classes that hold for it (exactly one for a `single` task). */
export interface Example {
  readonly text: string;
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

const taskSchema = z.strictObject({
  name: z.string().min(1),
  kind: z.enum(['multi-label', 'single', 'binary']),
  /** Field of a training row that holds the label. */
  field: z.string().min(1),
  none: z.string().nullable().default(null),
  /** Soft-margin constant C of the support vector machine. */
  softness: z.number().positive(),
  /** 0 weighs every row alike, 1 gives the rare and the common side of a class the same total weight. */
  balance: z.number().min(0).max(1),
});

/** How to train: what to predict and every constant that shapes the result. */
export const recipeSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  seed: z.int(),
  folds: z.int().min(2).max(20),
  /** Factor of words, pairs and negated words over character n-grams. */
  wordFactor: z.number().positive(),
  /** In how many texts a feature must occur to be kept. */
  minTexts: z.strictObject({
    word: z.int().min(1),
    pair: z.int().min(1),
    negated: z.int().min(1),
    gram: z.int().min(1),
  }),
  tasks: z.array(taskSchema).min(1),
});
export type Recipe = z.infer<typeof recipeSchema>;

export interface TrainOptions {
  readonly recipe: Recipe;
  /** SHA-256 of the training data, kept in the artifact. */
  readonly dataSha256: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Trains on all examples; calibration and thresholds come from margins each fold's rows were given by
 * a model that had not seen them. Folds go by a hash of the text.
 */
export function train(examples: readonly Example[], options: TrainOptions): ModelParts {
  const { recipe, onProgress } = options;
  const tasks = layOut(examples, recipe);
  const columns = tasks.reduce((sum, task) => sum + task.classes.length, 0);
  const total = recipe.folds + 1;
  const margins = new Float64Array(examples.length * columns);
  const folds = examples.map((example) => foldOf(example.text, recipe.folds));
  for (let fold = 0; fold < recipe.folds; fold += 1) {
    const seen = examples.filter((_, at) => folds[at] !== fold);
    const model = createModel(fit(seen, tasks, options), 'fold');
    for (const [at, example] of examples.entries()) {
      if (folds[at] === fold) margins.set(model.score(example.text).values, at * columns);
    }
    onProgress?.(fold + 1, total);
  }
  const parts = calibrate(fit(examples, tasks, options), examples, margins);
  onProgress?.(total, total);
  return parts;
}

/** Which of `folds` parts a text belongs to: FNV-1a of its UTF-16 units, so stable whatever the order. */
export function foldOf(text: string, folds: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % folds;
}

function layOut(examples: readonly Example[], recipe: Recipe): Task[] {
  let from = 0;
  return recipe.tasks.map(({ name, kind, none }) => {
    const found = new Set(examples.flatMap((example) => example.labels[name] ?? []));
    const classes = [...found].toSorted();
    if (classes.length === 0) throw new Error(`no example has a label for the task ${name}`);
    const task = { name, kind, classes, none, from, thresholds: [] };
    from += classes.length;
    return task;
  });
}

const WORD = 0;
const PAIR = 1;
const NEGATED = 2;
const GRAM = 3;

interface Vocabulary {
  /** Feature number of each kept key. */
  readonly numbers: Map<number, number>;
  readonly keys: number[];
  readonly factors: Float64Array;
  /** Feature numbers of the character n-grams of each kept word, by the word's feature number. */
  readonly gramsOf: Map<number, number[]>;
}

/**
 * Weight of a feature: √(ln((1 + texts) ÷ (1 + texts with it)) + 1), times `wordFactor` unless it is a
 * character n-gram; a text's features count once per occurrence and are divided by √(Σ squared weights).
 */
function readVocabulary(examples: readonly Example[], recipe: Recipe): Vocabulary {
  const counts = new Map<number, { kind: number; texts: number; last: number }>();
  const wordGrams = new Map<number, number[]>();
  for (const [at, example] of examples.entries()) {
    forEachFeature(example.text, (key, kind, grams) => {
      const entry = counts.get(key);
      if (!entry) counts.set(key, { kind, texts: 1, last: at });
      else if (entry.last !== at) {
        entry.texts += 1;
        entry.last = at;
      }
      if (grams !== null) wordGrams.set(key, grams);
    });
  }
  const { word, pair, negated, gram } = recipe.minTexts;
  const minimum = [word, pair, negated, gram];
  const kept = [...counts].filter(([, entry]) => entry.texts >= minimum[entry.kind]!);
  const numbers = new Map(kept.map(([key], number) => [key, number]));
  const gramsOf = new Map<number, number[]>();
  for (const [key, grams] of wordGrams) {
    const number = numbers.get(key);
    if (number === undefined) continue;
    const known = grams.map((each) => numbers.get(each)).filter((each) => each !== undefined);
    gramsOf.set(number, known);
  }
  const factors = Float64Array.from(kept, ([, { kind, texts }]) => {
    const rarity = Math.sqrt(Math.log((1 + examples.length) / (1 + texts)) + 1);
    return kind === GRAM ? rarity : rarity * recipe.wordFactor;
  });
  const keys = kept.map(([key]) => key);
  return { numbers, keys, factors, gramsOf };
}

const tokenize = createTokenizer();
const gramBuffer = new Uint32Array(256);

/** Visits a text's features; a word brings the keys of its character n-grams, which are visited too. */
function forEachFeature(
  text: string,
  visit: (key: number, kind: number, grams: number[] | null) => void,
): void {
  const tokens = tokenize(text);
  for (let token = 0; token < tokens.count; token += 1) {
    const count = charGrams(tokens, token, gramBuffer);
    const grams = [...gramBuffer.subarray(0, count)];
    visit(tokens.word[token]!, WORD, grams);
    for (const gram of grams) visit(gram, GRAM, null);
    if (tokens.bigram[token] !== 0) visit(tokens.bigram[token]!, PAIR, null);
    if (tokens.negated[token] !== 0) visit(tokens.negated[token]!, NEGATED, null);
  }
}

/** Trains every column and gathers the rows; scores are raw margins until they are calibrated. */
function fit(examples: readonly Example[], tasks: readonly Task[], options: TrainOptions) {
  const { recipe, dataSha256 } = options;
  const vocabulary = readVocabulary(examples, recipe);
  const { numbers, keys, factors, gramsOf } = vocabulary;
  const rows = examples.map(({ text }) => {
    const values = new Map<number, number>();
    let square = 0;
    forEachFeature(text, (key) => {
      const number = numbers.get(key);
      if (number === undefined) return;
      const factor = factors[number]!;
      values.set(number, (values.get(number) ?? 0) + factor);
      square += factor * factor;
    });
    const inverse = square > 0 ? 1 / Math.sqrt(square) : 0;
    const sorted = [...values].toSorted(([a], [b]) => a - b);
    return {
      features: Int32Array.from(sorted, ([number]) => number),
      values: Float64Array.from(sorted, ([, value]) => value * inverse),
    };
  });
  const columns = tasks.flatMap((task) => task.classes.map((label) => ({ task, label })));
  const separators = columns.map(({ task, label }, column) => {
    const { softness, balance } = recipe.tasks.find((each) => each.name === task.name)!;
    const wanted = examples.map((example) => (example.labels[task.name] ?? []).includes(label));
    const seed = recipe.seed + column;
    return trainSeparator({ rows, wanted, features: keys.length, softness, balance, seed });
  });

  const full = new Float64Array(keys.length * columns.length);
  const squares = new Float32Array(keys.length);
  for (let number = 0; number < keys.length; number += 1) {
    const parts = [number, ...(gramsOf.get(number) ?? [])];
    for (const part of parts) {
      const factor = factors[part]!;
      squares[number]! += factor * factor;
      for (let column = 0; column < columns.length; column += 1) {
        full[number * columns.length + column]! += separators[column]!.weights[part]! * factor;
      }
    }
  }
  const { weights, scales } = quantise(full, columns.length);
  return {
    name: recipe.name,
    tasks,
    trained: { rows: examples.length, dataSha256, recipe },
    keys: Uint32Array.from(keys),
    squares,
    weights,
    scales,
    biases: separators.map((separator) => separator.bias),
  } satisfies ModelParts;
}

/** 16-bit weights with one scale per column: the largest weight of a column becomes 32,767. */
function quantise(full: Float64Array, columns: number) {
  const largest = Array.from({ length: columns }, () => 1e-9);
  for (let at = 0; at < full.length; at += 1) {
    const column = at % columns;
    largest[column] = Math.max(largest[column]!, Math.abs(full[at]!));
  }
  const scales = largest.map((value) => value / 32_767);
  const weights = Int16Array.from(full, (value, at) => Math.round(value / scales[at % columns]!));
  return { weights, scales };
}
