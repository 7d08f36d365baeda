// Phrases with choices: "[My|Our] line in {area} is down" expands to one of its readings.
// Compiled once, so that a bad phrase fails at the first use and expansion is cheap.
import type { Random } from './random.ts';

/** Gives the words for a slot of a phrase. */
export type Slot<Context> = (context: Context, random: Random) => string;

export interface Choice<Context> {
  readonly ways: readonly Phrase<Context>[];
}
export type Phrase<Context> = readonly (string | Slot<Context> | Choice<Context>)[];

/**
 * Compiles a phrase. `[a|b]` is a choice (nested as you like, an empty way allowed), `{name}` a slot:
 * of `slots` when it is there, else a list of `vocabulary`, whose entries are phrases themselves.
 * Throws on an unknown slot or an unclosed bracket.
 */
export function compile<Context>(
  text: string,
  slots: Readonly<Record<string, Slot<Context>>>,
  vocabulary: Readonly<Record<string, readonly string[]>>,
): Phrase<Context> {
  let at = 0;

  function sequence(inChoice: boolean): Phrase<Context> {
    const parts: (string | Slot<Context> | Choice<Context>)[] = [];
    let literal = '';
    const flush = (): void => {
      if (literal !== '') parts.push(literal);
      literal = '';
    };
    while (at < text.length) {
      const sign = text[at]!;
      if (inChoice && (sign === '|' || sign === ']')) break;
      at += 1;
      if (sign === '[') {
        flush();
        parts.push(choice());
      } else if (sign === '{') {
        flush();
        parts.push(slot());
      } else {
        literal += sign;
      }
    }
    flush();
    return parts;
  }

  function choice(): Choice<Context> {
    const ways = [sequence(true)];
    while (text[at] === '|') {
      at += 1;
      ways.push(sequence(true));
    }
    if (text[at] !== ']') throw new Error(`Unclosed choice in phrase: ${text}`);
    at += 1;
    return { ways };
  }

  function slot(): Slot<Context> | Choice<Context> {
    const end = text.indexOf('}', at);
    if (end === -1) throw new Error(`Unclosed slot in phrase: ${text}`);
    const name = text.slice(at, end);
    at = end + 1;
    const own = slots[name];
    if (own !== undefined) return own;
    const words = vocabulary[name];
    if (words === undefined) throw new Error(`Unknown slot {${name}} in phrase: ${text}`);
    return { ways: words.map((word) => compile(word, slots, vocabulary)) };
  }

  return sequence(false);
}

/** One reading of a phrase. */
export function expand<Context>(phrase: Phrase<Context>, context: Context, random: Random): string {
  let text = '';
  for (const part of phrase) {
    if (typeof part === 'string') text += part;
    else if (typeof part === 'function') text += part(context, random);
    else text += expand(part.ways[random.below(part.ways.length)]!, context, random);
  }
  return text;
}
