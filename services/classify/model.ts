// Scores a text: finds its features among the model's keys and lets the kernel add up their rows. One lookup a known word;
// an unknown one is known by its character n-grams.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SignpostError } from '#core/errors.ts';
import { bodyOf, decodeModel } from './artifact.ts';
import type { ModelParts, Task, TaskKind } from './artifact.ts';
import { charGrams, createTokenizer, isRepeated } from './features.ts';
import { createScorer } from './kernel/scorer.ts';
import type { Scorer } from './kernel/scorer.ts';
import { contextKey } from './keys.ts';
import type { Tokens } from './tokens.ts';

/** What a record says beside its words. */
export interface Context {
  readonly key: number;
  /** To be shown as a reason, for example `rating: 1`. */
  readonly shown: string;
}

/**
 * Scores of one text; the arrays belong to the model and are overwritten by its next call.
 * An item is a span of tokens (`itemFirst[i]` to `itemLast[i]`) or a piece of context (`itemFirst[i]` is −1 − its number).
 */
export interface Scores {
  readonly values: Float32Array;
  readonly tokens: Tokens;
  readonly context: readonly Context[];
  /** 1 ÷ the norm of the text; 0 when no feature is known. */
  inverseNorm: number;
  /** How many tokens are no known word. */
  unknown: number;
  itemCount: number;
  readonly itemFirst: Int32Array;
  readonly itemLast: Int32Array;
}

/** What a model says of itself. Its arrays are the kernel's alone: one of them kept would keep the whole file in memory. */
export interface ModelFacts extends Pick<ModelParts, 'name' | 'tasks' | 'context' | 'trained'> {
  readonly keyCount: number;
}

export interface Model {
  /** Name and content, for example `telecom-v2+0a1b2c3d`. */
  readonly version: string;
  readonly facts: ModelFacts;
  score(text: string, context?: readonly Context[]): Scores;
  /** What each item added to a column's score of the text scored last; overwritten by the next call. */
  explain(column: number): Float32Array;
  /** What that score holds beside: it and the items' parts sum to the score. */
  base(column: number): number;
  /** Probability of each class of a single-choice task for the text scored last; overwritten by the next call. */
  choose(task: Task): Float32Array;
}

/** @throws SignpostError `model-unreadable` when the bytes are not a whole artifact of this format. */
export function loadModel(bytes: Uint8Array): Model {
  const parts = decodeModel(bytes);
  return createModel(parts, versionOf(parts));
}

/** Name and a hash of what it judges by: a model trained anew from the same data on another day is the same one. */
function versionOf(parts: ModelParts): string {
  const { name, tasks, context } = parts;
  const hash = createHash('sha256').update(JSON.stringify({ name, tasks, context }));
  for (const array of bodyOf(parts)) hash.update(array);
  return `${name}+${hash.digest('hex').slice(0, 8)}`;
}

/** The model that comes with Signpost. @throws SignpostError `model-unreadable` when the file is damaged. */
export function loadShippedModel(): Model {
  return loadModel(readFileSync(shippedModelFile));
}

export const shippedModelFile = new URL('./model/telecom-v2.bin', import.meta.url);

/** The task of that name. @throws SignpostError `model-unreadable` when the model has none of that kind. */
export function taskOf(model: Model, name: string, kind: TaskKind): Task {
  const task = model.facts.tasks.find((each) => each.name === name);
  if (task?.kind === kind) return task;
  throw new SignpostError(
    'model-unreadable',
    `The model ${model.version} has no ${kind} task named ${name}`,
    {
      hint: 'To judge records a model needs departments (lists), theme and sentiment (a value of several) and churn (0 or 1): train it with all four.',
    },
  );
}

/** Reads from a record what the model wants to know beside the words; fields without a value are left out. */
export function createContextReader(
  model: Model,
): (record: Readonly<Record<string, unknown>>) => readonly Context[] {
  const known = model.facts.context.map((field) => ({
    field,
    pieces: new Map<string | number, Context>(),
  }));
  return (record) => {
    const found: Context[] = [];
    for (const { field, pieces } of known) {
      const value = record[field];
      if (typeof value !== 'string' && typeof value !== 'number') continue;
      let piece = pieces.get(value);
      if (piece === undefined) {
        piece = { key: contextKey(field, String(value)), shown: `${field}: ${value}` };
        // Values are few; whoever writes a name into the field must not fill memory.
        if (pieces.size < mostValues) pieces.set(value, piece);
      }
      found.push(piece);
    }
    return found;
  };
}

const noContext: readonly Context[] = [];
const mostContext = 16;
const mostValues = 1_000;

/** A model over the parts, with buffers of its own; not to be shared between threads. */
export function createModel(parts: ModelParts, version: string): Model {
  const find = createIndex(parts.keys.slice());
  const tokenize = createTokenizer();
  const grams = new Uint32Array(256);
  const first = tokenize('');
  const capacity = first.word.length;
  const most = { rows: capacity * 6 + mostContext, items: capacity * 3 + mostContext };
  const scorer: Scorer = createScorer(parts, most);
  const { rows, begins } = scorer;
  const scores: Scores & { context: readonly Context[] } = {
    values: scorer.values,
    tokens: first,
    context: noContext,
    inverseNorm: 0,
    unknown: 0,
    itemCount: 0,
    itemFirst: new Int32Array(most.items),
    itemLast: new Int32Array(most.items),
  };
  const { itemFirst, itemLast } = scores;

  function score(text: string, context: readonly Context[] = noContext): Scores {
    const tokens = tokenize(text);
    let items = 0;
    let found = 0;
    let unknown = 0;
    for (let token = 0; token < tokens.count; token += 1) {
      if (isRepeated(tokens, token)) continue;
      const before = found;
      const row = find(tokens.word[token]!);
      if (row >= 0) rows[found++] = row;
      else {
        unknown += 1;
        const count = charGrams(tokens, token, grams);
        for (let gram = 0; gram < count; gram += 1) {
          const gramRow = find(grams[gram]!);
          if (gramRow >= 0) rows[found++] = gramRow;
        }
      }
      const negatedKey = tokens.negated[token]!;
      const negated = negatedKey === 0 ? -1 : find(negatedKey);
      if (negated >= 0) rows[found++] = negated;
      if (found > before) {
        itemFirst[items] = token;
        itemLast[items] = token;
        begins[items++] = before;
      }
      const pairKey = tokens.bigram[token]!;
      const pair = pairKey === 0 ? -1 : find(pairKey);
      if (pair >= 0) {
        itemFirst[items] = token - 1;
        itemLast[items] = token;
        begins[items++] = found;
        rows[found++] = pair;
      }
    }
    for (let piece = 0; piece < context.length && piece < mostContext; piece += 1) {
      const row = find(context[piece]!.key);
      if (row < 0) continue;
      itemFirst[items] = -1 - piece;
      itemLast[items] = -1 - piece;
      begins[items++] = found;
      rows[found++] = row;
    }
    begins[items] = found;
    scores.context = context;
    scores.itemCount = items;
    scores.unknown = unknown;
    scores.inverseNorm = scorer.score(found);
    return scores;
  }

  const { name, tasks, context: fields, trained, keys } = parts;
  return {
    version,
    facts: { name, tasks, context: fields, trained, keyCount: keys.length },
    score,
    explain: (column) => scorer.explain(scores.itemCount, scores.inverseNorm, column),
    base: (column) => scorer.base(column),
    choose: ({ from, classes }) => scorer.choose(from, classes.length),
  };
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
