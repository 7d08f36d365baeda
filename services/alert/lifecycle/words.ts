// Words that rose: those that tell what is said during an incident from what was said in the week before. Pure.
import { stopWords } from './stop-words.ts';

export interface SaidText {
  readonly text: string;
  /** Who said it; texts of nobody known count for themselves. */
  readonly customer: string | null;
}

export interface RisenWords {
  readonly most: number;
  /** Customers who must have used a word, so that none is one customer's own. */
  readonly minCustomers: number;
}

/** Who else used a word, so that it is nobody's own. */
export const fewestCustomers = 3;

/** Weight of the prior against the texts: it tells how common words are, and a few uses stand out against it. */
const priorShare = 0.1;
/** One in forty by chance. */
const leastZ = 1.96;
const letters = /\p{L}[\p{L}\p{M}\p{N}'’-]*/gu;
/** Placeholders of redaction, for example `[phone]`. */
const placeholders = /\[[\p{L} _-]+\]/gu;
const address = /\b(?:https?:\/\/|www\.)\S+|[@#]\S+/giu;
const mostLetters = 40;

/**
 * Log odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, "Fightin' Words", equations 15, 16, 20
 * and 22), the prior being how often a word is used in all of the texts. A customer counts once for a word, so that
 * nobody's repetition makes it rise.
 * @returns the words with the greatest z, greatest first
 */
export function risenWords(
  now: readonly SaidText[],
  before: readonly SaidText[],
  { most, minCustomers }: RisenWords = { most: 5, minCustomers: fewestCustomers },
): readonly string[] {
  const here = countsOf(now);
  const there = countsOf(before);
  const all = here.total + there.total;
  if (here.total === 0 || all === 0) return [];
  const scored: { readonly word: string; readonly z: number }[] = [];
  for (const [word, count] of here.words) {
    if (count < minCustomers) continue;
    const usual = there.words.get(word) ?? 0;
    const prior = priorShare * (count + usual);
    const logOdds = (used: number, total: number): number =>
      Math.log((used + prior) / (total + priorShare * all - used - prior));
    const delta = logOdds(count, here.total) - logOdds(usual, there.total);
    const z = delta / Math.sqrt(1 / (count + prior) + 1 / (usual + prior));
    if (z >= leastZ) scored.push({ word, z });
  }
  return scored
    .toSorted((a, b) => b.z - a.z || (a.word < b.word ? -1 : 1))
    .slice(0, most)
    .map(({ word }) => word);
}

interface Counts {
  readonly words: ReadonlyMap<string, number>;
  readonly total: number;
}

/** Customers by word, and their sum. */
function countsOf(texts: readonly SaidText[]): Counts {
  const users = new Map<string, Set<string>>();
  for (const [index, { text, customer }] of texts.entries()) {
    const who = customer ?? `#${index}`;
    for (const word of wordsOf(text)) {
      const known = users.get(word);
      if (known === undefined) users.set(word, new Set([who]));
      else known.add(who);
    }
  }
  const words = new Map([...users].map(([word, { size }]) => [word, size]));
  return { words, total: [...words.values()].reduce((sum, count) => sum + count, 0) };
}

/** Each once, small; without stop words, numbers, addresses and what redaction put in place of names. */
function wordsOf(text: string): ReadonlySet<string> {
  const plain = text.replace(placeholders, ' ').replace(address, ' ').normalize('NFC');
  const words = new Set<string>();
  for (const [match] of plain.matchAll(letters)) {
    const word = match
      .toLowerCase()
      .replaceAll('’', "'")
      .replace(/['-]+$|'s$/u, '');
    const isShort = word.length < 3 && /^[\p{Script=Latin}'-]*$/u.test(word);
    if (!isShort && word.length <= mostLetters && !stopWords.has(word)) words.add(word);
  }
  return words;
}
