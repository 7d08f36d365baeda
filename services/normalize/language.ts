// The language of a text, or null rather than a guess. Frequent words decide first (they are quick and
// know Swahili, which eld does not); what they leave open goes to eld's smallest database.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { eld } from 'eld/extrasmall';
import { languageByWords, wordLanguages } from './language-words.ts';

export type LanguageDetector = (text: string) => string | null;

/** eld reads 350 bytes at most; the first 120 characters decide as well and cost a third. */
const readCharacters = 120;
/** Texts that repeat ("good app") are short, and answered from memory; past so many the memory begins anew. */
const cacheEntries = 4096;
const cachedCharacters = 32;
/** Letters a text needs before eld is asked, and before it is believed about an unexpected language. */
const minLetters = 6;
const minLatinLetters = 24;
const minLettersUnexpected = 24;
const lettersForTrust = 40;
/** eld's score of its first choice over its second; below it is a guess on texts this short. */
const minLead = 1.15;

/**
 * Makes a detector that answers with an ISO 639-1 code or null. `expected` lists the provider's own
 * languages: among them short texts are decided on thinner evidence, outside them only long ones, and
 * in Latin script only where one of them is beyond the frequent words' languages (en, es, sw, de, fr).
 * eld is loaded at the first text that needs it.
 */
export function createLanguageDetector(
  options: { readonly expected?: readonly string[] } = {},
): LanguageDetector {
  const expected = new Set(options.expected ?? wordLanguages);
  // eld takes some 90 MB. Where the frequent words cover every language expected, a Latin text they leave open is
  // better left open than worth that; another script still is.
  const known = new Set<string>(wordLanguages);
  const isCovered = options.expected?.every((language) => known.has(language)) ?? false;
  const cache = new Map<string, string | null>();
  const detect: LanguageDetector = (head) =>
    languageByWords(head, expected) ??
    (isCovered && !otherScript.test(head) ? null : languageByEld(head, expected));
  return (text) => {
    if (text.length > cachedCharacters)
      return detect(text.length > readCharacters ? text.slice(0, readCharacters) : text);
    const remembered = cache.get(text);
    if (remembered !== undefined) return remembered;
    const language = detect(text);
    if (cache.size >= cacheEntries) cache.clear();
    cache.set(text, language);
    return language;
  };
}

let loaded: typeof eld | undefined;

function load(): typeof eld {
  if (loaded === undefined) {
    const path = fileURLToPath(import.meta.resolve('eld/extrasmall'));
    const database: { readonly eld: typeof eld } = createRequire(import.meta.url)(path);
    loaded = database.eld;
  }
  return loaded;
}

/** Letters beyond Latin ones; emoji and dashes are none. */
const otherScript = /(?!\p{Script=Latin})\p{L}/u;

/** Handles, addresses, placeholders and tags are no words of any language. */
const noise = /https?:\/\/\S{1,200}|<\w{1,20}>|\[\w{1,20}\]|[@#]\S{1,60}|&\w{2,6};/gu;

function languageByEld(text: string, expected: ReadonlySet<string>): string | null {
  const clean = text.replace(noise, ' ');
  const letters = clean.replaceAll(/\P{L}+/gu, '').length;
  // A dozen Latin letters fit many languages; as few of another script tell a lot.
  if (letters < (otherScript.test(clean) ? minLetters : minLatinLetters)) return null;
  const result = load().detect(clean);
  if (result.language === '') return null;
  if (!expected.has(result.language) && (letters < minLettersUnexpected || !result.isReliable()))
    return null;
  // Written at length, related languages lie close together: Russian leads Bulgarian by one in a hundred.
  return letters >= lettersForTrust || leadOf(result.getScores()) >= minLead
    ? result.language
    : null;
}

function leadOf(scores: Readonly<Record<string, number>>): number {
  const [first = 0, second = 0] = Object.values(scores).toSorted((a, b) => b - a);
  return second === 0 ? Infinity : first / second;
}
