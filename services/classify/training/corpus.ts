// All texts of a training as feature numbers in flat arrays: taken apart once, then counted and weighed for any part of them.
import { charGrams, createTokenizer, isRepeated } from '../features.ts';
import { contextKey } from '../keys.ts';
import type { Recipe } from './recipe.ts';
import type { SparseRows } from './solvers.ts';

const WORD = 0;
const PAIR = 1;
const NEGATED = 2;
const GRAM = 3;
const CONTEXT = 4;

/** Plain data: it can be handed to another thread. */
export interface Corpus {
  readonly keys: Uint32Array;
  readonly kinds: Uint8Array;
  /** Features of text i, an entry an occurrence: `features[begins[i]]` to `features[begins[i + 1] - 1]`. */
  readonly begins: Int32Array;
  readonly features: Int32Array;
  /** Character n-grams of a word: those of feature f are `grams[gramBegins[f]]` to `grams[gramBegins[f + 1] - 1]`. */
  readonly gramBegins: Int32Array;
  readonly grams: Int32Array;
}

export interface Source {
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function readCorpus(sources: readonly Source[], context: readonly string[]): Corpus {
  const tokenize = createTokenizer();
  const buffer = new Uint32Array(256);
  const numbers = new Map<number, number>();
  const keys: number[] = [];
  const kinds: number[] = [];
  const gramsOf: (readonly number[] | undefined)[] = [];
  const features = new Growing(Int32Array);
  const begins = new Int32Array(sources.length + 1);
  const add = (key: number, kind: number): number => {
    let number = numbers.get(key);
    if (number === undefined) {
      number = keys.length;
      numbers.set(key, number);
      keys.push(key);
      kinds.push(kind);
    }
    features.push(number);
    return number;
  };
  for (const [at, { text, fields }] of sources.entries()) {
    const tokens = tokenize(text);
    for (let token = 0; token < tokens.count; token += 1) {
      if (isRepeated(tokens, token)) continue;
      const word = add(tokens.word[token]!, WORD);
      const count = charGrams(tokens, token, buffer);
      const own: number[] = [];
      for (let gram = 0; gram < count; gram += 1) own.push(add(buffer[gram]!, GRAM));
      gramsOf[word] ??= own;
      if (tokens.bigram[token] !== 0) add(tokens.bigram[token]!, PAIR);
      if (tokens.negated[token] !== 0) add(tokens.negated[token]!, NEGATED);
    }
    for (const field of context) {
      const value = fields[field];
      if (typeof value === 'string' || typeof value === 'number')
        add(contextKey(field, String(value)), CONTEXT);
    }
    begins[at + 1] = features.length;
  }
  const gramBegins = new Int32Array(keys.length + 1);
  for (let word = 0; word < keys.length; word += 1)
    gramBegins[word + 1] = gramBegins[word]! + (gramsOf[word]?.length ?? 0);
  return {
    keys: Uint32Array.from(keys),
    kinds: Uint8Array.from(kinds),
    begins,
    features: features.all(),
    gramBegins,
    grams: Int32Array.from(gramsOf.flatMap((grams) => grams ?? [])),
  };
}

/** A list of 32-bit numbers that becomes as long as it must: a JavaScript array of as many would take twice the memory. */
class Growing<A extends Int32Array | Float32Array> {
  length = 0;
  #array: A;
  readonly #type: new (length: number) => A;

  constructor(type: new (length: number) => A) {
    this.#type = type;
    this.#array = new type(1024);
  }

  push(value: number): void {
    if (this.length === this.#array.length) {
      const larger = new this.#type(this.length * 2);
      larger.set(this.#array);
      this.#array = larger;
    }
    this.#array[this.length++] = value;
  }

  all(): A {
    return this.#array.slice(0, this.length) as A;
  }
}

/** Which features of a corpus are kept, as a new numbering, and what an occurrence of each weighs. */
export interface Vocabulary {
  /** Number of each feature of the corpus, -1 when it is not kept. */
  readonly numbers: Int32Array;
  /** The corpus's feature of each number. */
  readonly kept: Int32Array;
  readonly factors: Float32Array;
}

/**
 * Counts the texts named. Weight of a feature: √(ln((1 + texts) ÷ (1 + texts with it)) + 1), times `wordFactor` unless it is a
 * character n-gram or context.
 */
export function countVocabulary(
  corpus: Corpus,
  texts: Int32Array,
  { minTexts, wordFactor }: Pick<Recipe, 'minTexts' | 'wordFactor'>,
): Vocabulary {
  const { kinds, begins, features } = corpus;
  const counts = new Int32Array(kinds.length);
  const last = new Int32Array(kinds.length).fill(-1);
  for (const text of texts) {
    for (let at = begins[text]!; at < begins[text + 1]!; at += 1) {
      const feature = features[at]!;
      if (last[feature] === text) continue;
      last[feature] = text;
      counts[feature]! += 1;
    }
  }
  // Of a few texts nothing could be kept that must occur in several.
  const isSmall = texts.length < 500;
  const { word, pair, negated, gram } = minTexts;
  const minimum = isSmall ? [1, 1, 1, 1, 1] : [word, pair, negated, gram, 1];
  const numbers = new Int32Array(kinds.length).fill(-1);
  const kept: number[] = [];
  for (let feature = 0; feature < kinds.length; feature += 1) {
    if (counts[feature]! < minimum[kinds[feature]!]!) continue;
    numbers[feature] = kept.length;
    kept.push(feature);
  }
  const factors = Float32Array.from(kept, (feature) => {
    const rarity = Math.sqrt(Math.log((1 + texts.length) / (1 + counts[feature]!)) + 1);
    const kind = kinds[feature]!;
    return kind === GRAM || kind === CONTEXT ? rarity : rarity * wordFactor;
  });
  return { numbers, kept: Int32Array.from(kept), factors };
}

/**
 * The texts as rows of values: a feature counts once per occurrence, and a row is divided by √(Σ squared weights of the
 * occurrences). Texts for which `isOwn` holds have each feature twice, the copy `ownCopies` times as strong and numbered behind
 * all others, so that what the data says may differ from what holds in general.
 */
export function rowsOf(
  corpus: Corpus,
  texts: Int32Array,
  { numbers, kept, factors }: Vocabulary,
  own: { readonly isOwn: (text: number) => boolean; readonly copies: number },
): SparseRows {
  const { begins: textBegins, features: all } = corpus;
  const begins = new Int32Array(texts.length + 1);
  const features = new Growing(Int32Array);
  const values = new Growing(Float32Array);
  const sums = new Float64Array(kept.length);
  for (const [row, text] of texts.entries()) {
    const touched: number[] = [];
    let square = 0;
    for (let at = textBegins[text]!; at < textBegins[text + 1]!; at += 1) {
      const number = numbers[all[at]!]!;
      if (number < 0) continue;
      const factor = factors[number]!;
      if (sums[number] === 0) touched.push(number);
      sums[number]! += factor;
      square += factor * factor;
    }
    const inverse = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (const number of touched) {
      features.push(number);
      values.push(sums[number]! * inverse);
    }
    if (own.copies > 0 && own.isOwn(text)) {
      for (const number of touched) {
        features.push(kept.length + number);
        values.push(sums[number]! * inverse * own.copies);
      }
    }
    for (const number of touched) sums[number] = 0;
    begins[row + 1] = features.length;
  }
  return { begins, features: features.all(), values: values.all() };
}

/** Share of the words of the texts that the vocabulary does not hold. */
export function unknownWords(
  corpus: Corpus,
  texts: Int32Array,
  { numbers }: Vocabulary,
): { words: number; unknown: number } {
  let words = 0;
  let unknown = 0;
  for (const text of texts) {
    for (let at = corpus.begins[text]!; at < corpus.begins[text + 1]!; at += 1) {
      const feature = corpus.features[at]!;
      if (corpus.kinds[feature] !== WORD) continue;
      words += 1;
      if (numbers[feature]! < 0) unknown += 1;
    }
  }
  return { words, unknown };
}
