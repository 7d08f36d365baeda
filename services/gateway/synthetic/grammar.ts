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
 * Makes a compiler of phrases. `[a|b]` is a choice (nested as you like, an empty way allowed), `{name}`
 * a slot: of `slots` when it is there, else a list of `vocabulary`, whose entries are phrases themselves.
 * The compiler throws on an unknown slot or an unclosed bracket.
 */
export function createCompiler<Context>(
  slots: Readonly<Record<string, Slot<Context>>>,
  vocabulary: Readonly<Record<string, readonly string[]>>,
): (text: string) => Phrase<Context> {
  const lists = new Map<string, Choice<Context>>();
  const list = (name: string, words: readonly string[]): Choice<Context> => {
    let choice = lists.get(name);
    if (choice === undefined) {
      choice = { ways: words.map(compile) };
      lists.set(name, choice);
    }
    return choice;
  };
  const compile = (text: string): Phrase<Context> => parse(text, slots, vocabulary, list);
  return compile;
}

function parse<Context>(
  text: string,
  slots: Readonly<Record<string, Slot<Context>>>,
  vocabulary: Readonly<Record<string, readonly string[]>>,
  list: (name: string, words: readonly string[]) => Choice<Context>,
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
    return list(name, words);
  }

  return sequence(false);
}

/** One reading of a phrase. A choice that says nothing leaves no doubled space and none before a sign. */
export function expand<Context>(phrase: Phrase<Context>, context: Context, random: Random): string {
  let text = '';
  let gap = false;
  for (const part of phrase) {
    let piece: string;
    if (typeof part === 'string') piece = part;
    else if (typeof part === 'function') piece = part(context, random);
    else piece = expand(part.ways[random.below(part.ways.length)]!, context, random);
    if (piece === '') {
      gap = true;
    } else {
      text = gap ? bridged(text, piece) : text + piece;
      gap = false;
    }
  }
  return gap && text.endsWith(' ') ? text.slice(0, -1) : text;
}

/** Joins what stands on both sides of a choice that said nothing. */
function bridged(left: string, right: string): string {
  if (left !== '' && !left.endsWith(' ')) return left + right;
  if (right.startsWith(' ')) return left + right.slice(1);
  return '.,?!:'.includes(right[0]!) ? left.slice(0, -1) + right : left + right;
}
