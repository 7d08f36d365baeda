// Splits a text into tokens, over char codes into given arrays: letters folded, long vowels shortened,
// numbers reduced to their shape, handles, addresses, currency signs and emoji one token each.
import { FNV_PRIME, SYMBOL_SALT, WORD_SALT, finish, hashOf, pairKey, symbolKey } from './keys.ts';

/** Only this many UTF-16 units of a text are read; a longer text is judged by its beginning. */
export const MAX_TEXT_UNITS = 4_000;
/** Only this many letters of a word make its key and its character n-grams. */
const MAX_WORD_UNITS = 40;

/**
 * The tokens of one text. The arrays belong to the tokenizer and are overwritten by its next call.
 * `start`/`end`: UTF-16 offsets into the text; `word`: key of the word with digits reduced to their
 * shape; `exact`: key of the word as written (case and accents folded), for configured phrases;
 * `bigram`: key of this token with the one before, 0 for the first; `negated`: key of the word under
 * a negation, 0 when there is none; `charFrom`/`charTo`: the folded letters in `chars`, empty for
 * tokens that have no character n-grams (numbers, handles, addresses, symbols, emoji).
 */
export interface Tokens {
  count: number;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly word: Uint32Array;
  readonly exact: Uint32Array;
  readonly bigram: Uint32Array;
  readonly negated: Uint32Array;
  readonly charFrom: Int32Array;
  readonly charTo: Int32Array;
  readonly chars: Uint16Array;
}

const SEPARATOR = 0;
const SKIP = 1;
const UNKNOWN = 0xffff;
/** Folded form of each UTF-16 unit, worked out when first met: 0 separates, 1 is left out, else a letter or digit. */
const folded = new Uint16Array(65_536).fill(UNKNOWN);

const HANDLE = symbolKey('handle');
const ADDRESS = symbolKey('address');
const CURRENCY = symbolKey('currency');
const QUESTION = symbolKey('?');
const EXCLAMATION = symbolKey('!');
const HAPPY = symbolKey(':)');
const UNHAPPY = symbolKey(':(');

/** Fills `tokens` but for pairs and negations. */
export function split(text: string, tokens: Tokens): void {
  const length = Math.min(text.length, MAX_TEXT_UNITS);
  let count = 0;
  let chars = 0;
  let at = 0;
  while (at < length) {
    const unit = text.charCodeAt(at);
    const letter = fold(unit);
    if (letter > SKIP) {
      const start = at;
      const addressEnd = endOfAddress(text, at, unit, length);
      if (addressEnd > 0) {
        symbol(tokens, count++, start, addressEnd, ADDRESS, chars);
        at = addressEnd;
        continue;
      }
      const from = chars;
      let hash = WORD_SALT;
      let digits = 0;
      let end = at;
      for (; at < length; at += 1) {
        const next = text.charCodeAt(at);
        const code = fold(next);
        if (code === SEPARATOR) {
          const inNumber = digits > 0 && digits === chars - from && (next === 44 || next === 46);
          if (!inNumber || at + 1 >= length || !isDigit(text.charCodeAt(at + 1))) break;
          continue;
        }
        if (code === SKIP) continue;
        end = at + 1;
        if (chars - from >= MAX_WORD_UNITS) continue;
        const digit = isDigit(code);
        // "sloooow" and "sloow" are one word.
        if (!digit && chars - from > 1 && tokens.chars[chars - 1] === code) {
          if (tokens.chars[chars - 2] === code) continue;
        }
        if (digit) digits += 1;
        tokens.chars[chars++] = code;
        hash = Math.imul(hash ^ code, FNV_PRIME);
      }
      chars = word(tokens, count++, start, end, from, chars, digits, finish(hash));
      continue;
    }
    const end = endOfSymbol(text, at, unit, length, tokens, count, chars);
    if (end < 0) {
      count += 1;
      at = -end;
    } else at = end;
  }
  tokens.count = count;
}

/** Finishes a word token, whose letters have the key `exact`; returns where the next token's letters begin. */
function word(
  tokens: Tokens,
  token: number,
  start: number,
  end: number,
  from: number,
  to: number,
  digits: number,
  exact: number,
): number {
  const { chars } = tokens;
  tokens.start[token] = start;
  tokens.end[token] = end;
  tokens.exact[token] = exact;
  tokens.charFrom[token] = from;
  tokens.charTo[token] = to;
  const length = to - from;
  if (digits === length) {
    tokens.word[token] = finish(Math.imul(SYMBOL_SALT ^ Math.min(digits, 5), FNV_PRIME));
    tokens.charTo[token] = from;
    return from;
  }
  // "4g" keeps its digit; "300gb" and "50gb" become "0gb".
  if (digits === 0 || length === 2) {
    tokens.word[token] = exact;
    return to;
  }
  let kept = from;
  for (let at = from; at < to; at += 1) {
    const code = isDigit(chars[at]!) ? 48 : chars[at]!;
    if (code === 48 && kept > from && chars[kept - 1] === 48) continue;
    chars[kept++] = code;
  }
  tokens.charTo[token] = kept;
  tokens.word[token] = hashOf(chars, from, kept, WORD_SALT);
  return kept;
}

function symbol(
  tokens: Tokens,
  token: number,
  start: number,
  end: number,
  key: number,
  chars: number,
): void {
  tokens.start[token] = start;
  tokens.end[token] = end;
  tokens.word[token] = key;
  tokens.exact[token] = key;
  tokens.charFrom[token] = chars;
  tokens.charTo[token] = chars;
}

/** What is not a word: returns where to read on, negated when a token was written. */
function endOfSymbol(
  text: string,
  at: number,
  unit: number,
  length: number,
  tokens: Tokens,
  count: number,
  chars: number,
): number {
  if (unit === 32) return at + 1;
  const next = at + 1 < length ? text.charCodeAt(at + 1) : 0;
  let end = at + 1;
  let key = 0;
  if (unit === 63 || unit === 33) {
    while (end < length && (text.charCodeAt(end) === 63 || text.charCodeAt(end) === 33)) end += 1;
    key = unit === 63 ? QUESTION : EXCLAMATION;
  } else if (unit === 64 && isHandleUnit(next)) {
    while (end < length && isHandleUnit(text.charCodeAt(end))) end += 1;
    key = HANDLE;
  } else if (unit === 91) {
    // A redaction placeholder such as [phone] says nothing about the matter: left out.
    while (end < length && end - at <= 24 && isPlaceholderUnit(text.charCodeAt(end))) end += 1;
    return end > at + 1 && text.charCodeAt(end) === 93 ? end + 1 : at + 1;
  } else if (unit === 38) {
    while (end < length && end - at <= 6 && isPlaceholderUnit(text.charCodeAt(end))) end += 1;
    return end > at + 1 && text.charCodeAt(end) === 59 ? end + 1 : at + 1;
  } else if (unit === 58 && (next === 41 || next === 68 || next === 40)) {
    end = at + 2;
    key = next === 40 ? UNHAPPY : HAPPY;
  } else if (unit === 36 || (unit >= 0xa2 && unit <= 0xa5) || (unit >= 0x20a0 && unit <= 0x20cf)) {
    key = CURRENCY;
  } else if (unit >= 0xd800 && unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) {
    end = at + 2;
    const skinTone = unit === 0xd83c && next >= 0xdffb;
    if (!skinTone) key = pairKey(unit, next, SYMBOL_SALT);
  } else if (unit >= 0x2600 && unit <= 0x27bf) {
    key = pairKey(unit, 0, SYMBOL_SALT);
  }
  if (key === 0) return end;
  symbol(tokens, count, at, end, key, chars);
  return -end;
}

/** End of a web address that begins here, or 0. */
function endOfAddress(text: string, at: number, unit: number, length: number): number {
  const initial = unit | 32;
  if (initial !== 104 && initial !== 119) return 0;
  if (at + 4 > length || (text.charCodeAt(at + 1) | 32) !== (initial === 104 ? 116 : 119)) return 0;
  const head = text.slice(at, at + 8).toLowerCase();
  if (!head.startsWith('http://') && head !== 'https://' && !head.startsWith('www.')) return 0;
  let end = at + 4;
  while (end < length && text.charCodeAt(end) > 32) end += 1;
  return end;
}

function fold(unit: number): number {
  const known = folded[unit]!;
  if (known !== UNKNOWN) return known;
  const value = foldUnit(unit);
  folded[unit] = value;
  return value;
}

function foldUnit(unit: number): number {
  if (unit >= 0xd800 && unit <= 0xdfff) return SEPARATOR;
  const char = String.fromCharCode(unit);
  if (char === "'" || char === '\u2019' || char === '\ufe0f' || char === '\u200d') return SKIP;
  if (/^[\p{M}\p{Cf}]$/u.test(char)) return SKIP;
  if (!/^[\p{L}\p{Nd}]$/u.test(char)) return SEPARATOR;
  const base = char.normalize('NFKD').charAt(0).toLowerCase().charCodeAt(0);
  return base > SKIP && base !== UNKNOWN ? base : SEPARATOR;
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

function isHandleUnit(unit: number): boolean {
  return isDigit(unit) || unit === 95 || ((unit | 32) >= 97 && (unit | 32) <= 122);
}

function isPlaceholderUnit(unit: number): boolean {
  return isHandleUnit(unit) || unit === 45 || unit === 35;
}
