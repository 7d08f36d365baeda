// The features of a text: its words, pairs of words, negated words and the character n-grams of words.
// The same functions serve training and judging.
import {
  BIGRAM_SALT,
  FNV_PRIME,
  GRAM_SALT,
  NEGATION_SALT,
  finish,
  foldedKey,
  pairKey,
} from './keys.ts';
import { MAX_TEXT_UNITS, split } from './tokens.ts';
import type { Tokens } from './tokens.ts';

/** A negation marks this many following words. */
const NEGATION_REACH = 3;
const MIN_GRAM = 2;
const MAX_GRAM = 4;

export type Tokenizer = (text: string) => Tokens;

const negations = Uint32Array.from(
  (
    'no not never nothing none nobody without cannot cant dont doesnt didnt wont wouldnt isnt arent ' +
    'wasnt havent hasnt couldnt aint nor sin nunca nada ni hakuna bila'
  ).split(' '),
  foldedKey,
);
/** By the lowest bits of a key whether a negation may have it: nearly every word is let go with one look. */
const mayNegate = new Uint8Array(1024);
for (const key of negations) mayNegate[key & 1023] = 1;

function isNegation(key: number): boolean {
  return mayNegate[key & 1023] === 1 && negations.includes(key);
}

/** Makes a tokenizer with buffers of its own; not to be shared between threads. */
export function createTokenizer(): Tokenizer {
  const size = MAX_TEXT_UNITS + 1;
  const tokens: Tokens = {
    count: 0,
    start: new Int32Array(size),
    end: new Int32Array(size),
    word: new Uint32Array(size),
    exact: new Uint32Array(size),
    bigram: new Uint32Array(size),
    negated: new Uint32Array(size),
    charFrom: new Int32Array(size),
    charTo: new Int32Array(size),
    chars: new Uint16Array(size),
  };
  return (text) => {
    split(text, tokens);
    link(tokens);
    return tokens;
  };
}

/** "slow slow slow" is "slow": saying it again at once makes nobody surer of what is meant. */
export function isRepeated({ word }: Tokens, token: number): boolean {
  return token > 0 && word[token] === word[token - 1];
}

/**
 * Writes the keys of the 2- to 4-grams of " word " for one token into `out` and returns how many.
 * `out` must hold 3 × 42 keys.
 */
export function charGrams(tokens: Tokens, token: number, out: Uint32Array): number {
  const from = tokens.charFrom[token]!;
  const length = tokens.charTo[token]! - from;
  if (length <= 0) return 0;
  let count = 0;
  for (let at = -1; at < length; at += 1) {
    let hash = GRAM_SALT;
    for (let step = 0; step < MAX_GRAM; step += 1) {
      const position = at + step;
      if (position > length) break;
      const unit = position < 0 || position === length ? 32 : tokens.chars[from + position]!;
      hash = Math.imul(hash ^ unit, FNV_PRIME);
      if (step + 1 >= MIN_GRAM) out[count++] = finish(hash);
    }
  }
  return count;
}

/** Adjacent pairs and negations: what a token means beside its neighbours. */
function link(tokens: Tokens): void {
  let reach = 0;
  for (let token = 0; token < tokens.count; token += 1) {
    const key = tokens.word[token]!;
    tokens.bigram[token] = token === 0 ? 0 : pairKey(tokens.word[token - 1]!, key, BIGRAM_SALT);
    tokens.negated[token] = reach > 0 ? pairKey(key, key, NEGATION_SALT) : 0;
    reach = isNegation(key) ? NEGATION_REACH : Math.max(0, reach - 1);
  }
}
