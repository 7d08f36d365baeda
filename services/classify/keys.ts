// Keys of words, pairs and character n-grams: 32-bit FNV-1a over folded letters with MurmurHash3's
// finaliser. Training and judging share them, so a key means the same in both; changing one voids every model.

export const WORD_SALT = 0x811c9dc5;
export const SYMBOL_SALT = 0x2f0b4c47;
export const GRAM_SALT = 0x5bd1e995;
export const BIGRAM_SALT = 0x27d4eb2f;
export const NEGATION_SALT = 0x165667b1;
export const FNV_PRIME = 0x01000193;

export function hashOf(units: Uint16Array, from: number, to: number, salt: number): number {
  let hash = salt;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ units[at]!, FNV_PRIME);
  return finish(hash);
}

export function foldedKey(text: string): number {
  const units = Uint16Array.from(text, (char) => char.charCodeAt(0));
  return hashOf(units, 0, units.length, WORD_SALT);
}

export function symbolKey(name: string): number {
  const units = Uint16Array.from(name, (char) => char.charCodeAt(0));
  return hashOf(units, 0, units.length, SYMBOL_SALT);
}

export function pairKey(first: number, second: number, salt: number): number {
  return finish(Math.imul(first ^ salt, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b));
}

/** MurmurHash3's 32-bit finaliser; 0 is kept free to mean "no key". */
export function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0 || 1;
}

/** Key of what a record says beside its words, for example field `rating` with value 1. */
export function contextKey(field: string, value: string): number {
  return symbolKey(`${field}=${value}`);
}
