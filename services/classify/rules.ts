// Evaluates the departments file's conditions on one record: which rules fire and what shows that they did.
import { words } from './departments.ts';
import type { When } from './departments.ts';
import { createTokenizer } from './features.ts';
import type { Tokens } from './tokens.ts';

/** What is judged. `text` is redacted already; empty text is the same as none. */
export interface JudgeInput {
  /** A kind or scale written by a later version reads as unknown. */
  readonly kind: 'ticket' | 'post' | 'survey' | 'unknown';
  readonly text: string | null;
  readonly scale: 'nps' | 'csat' | 'ces' | 'unknown' | null;
  readonly score: number | null;
  readonly question: string | null;
  readonly channel: string | null;
  readonly product: string | null;
  readonly technology: string | null;
  readonly ticket: {
    readonly type: string | null;
    readonly severity: string | null;
    readonly priority: string | null;
    readonly status: string | null;
  } | null;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A record of which nothing is known: what is known of one is put over it. */
export const nothingSaid: JudgeInput = {
  kind: 'unknown',
  text: null,
  scale: null,
  score: null,
  question: null,
  channel: null,
  product: null,
  technology: null,
  ticket: null,
  attributes: {},
};

/** What the words have been judged to mean, for rules that depend on it. */
export interface Findings {
  /** The class of the theme, the one that means none included. */
  readonly theme: string;
  readonly sentiment: number;
  readonly churnRisk: number;
}

/** A condition ready to be asked. Where it holds, `shown` tells the field or the span that shows it. */
export interface Condition {
  /** It depends on theme, sentiment or churn and can be asked only once these are settled. */
  readonly late: boolean;
  /** What a record must have for it to hold, as bits of `NEEDS`. */
  readonly needs: number;
  holds(input: JudgeInput, spans: PhraseSpans, findings: Findings | null): boolean;
  shown(input: JudgeInput, spans: PhraseSpans, findings: Findings | null): Shown;
}

export interface Shown {
  readonly text: string;
  readonly start: number | null;
  readonly end: number | null;
}

/** First place of each configured phrase in a text; -1 where it does not occur. */
export interface PhraseSpans {
  /** Whether any phrase occurs. */
  readonly any: boolean;
  readonly text: string;
  readonly start: Int32Array;
  readonly end: Int32Array;
}

/** Configured phrases, matched by whole words without regard to case, accents and apostrophes. */
export interface Phrases {
  /** The number of a phrase in `PhraseSpans`. @throws Error when it has no letter or digit. */
  add(phrase: string): number;
  /** Spans of the phrases in a tokenised text; overwritten by the next call. */
  find(text: string, tokens: Tokens | null): PhraseSpans;
}

const LONGEST_SHOWN = 120;
/** Only the beginning of a field is compared: rules name short values, and a field may hold anything. */
const LONGEST_COMPARED = 300;

const NEEDS = { score: 1, ticket: 2, attributes: 4, field: 8, phrase: 16 } as const;

/** What a record has of that which conditions ask for: a condition with other needs cannot hold. */
export function haves(input: JudgeInput, spans: PhraseSpans): number {
  const { channel, product, technology, question, attributes } = input;
  let bits = input.score === null ? 0 : NEEDS.score;
  if (input.ticket !== null) bits |= NEEDS.ticket;
  if ((channel ?? product ?? technology ?? question) !== null) bits |= NEEDS.field;
  if (spans.any) bits |= NEEDS.phrase;
  for (const name in attributes)
    if (Object.hasOwn(attributes, name)) return bits | NEEDS.attributes;
  return bits;
}

function needsOf(when: When): number {
  let bits = when.scale === undefined ? 0 : NEEDS.score;
  if (when.words !== undefined) bits |= NEEDS.phrase;
  for (const name of Object.keys(when.fields ?? {})) {
    if (name.startsWith('attributes.')) bits |= NEEDS.attributes;
    else bits |= name.startsWith('ticket.') ? NEEDS.ticket : NEEDS.field;
  }
  return bits;
}

export function createPhrases(): Phrases {
  const tokenize = createTokenizer();
  const known = new Map<string, number>();
  const keysOf: Uint32Array[] = [];
  const byFirst = new Map<number, number[]>();
  let start = new Int32Array(0);
  let end = new Int32Array(0);

  function add(phrase: string): number {
    const before = known.get(phrase);
    if (before !== undefined) return before;
    const tokens = tokenize(phrase);
    if (tokens.count === 0) throw new Error(`"${phrase}" holds no word`);
    const number = keysOf.length;
    const keys = tokens.exact.slice(0, tokens.count);
    keysOf.push(keys);
    known.set(phrase, number);
    byFirst.set(keys[0]!, [...(byFirst.get(keys[0]!) ?? []), number]);
    start = new Int32Array(keysOf.length);
    end = new Int32Array(keysOf.length);
    return number;
  }

  function find(text: string, tokens: Tokens | null): PhraseSpans {
    let any = false;
    start.fill(-1);
    if (tokens === null || keysOf.length === 0) return { text, any, start, end };
    for (let token = 0; token < tokens.count; token += 1) {
      const candidates = byFirst.get(tokens.exact[token]!);
      if (candidates === undefined) continue;
      for (const number of candidates) {
        const keys = keysOf[number]!;
        if (start[number] !== -1 || token + keys.length > tokens.count) continue;
        let same = 1;
        while (same < keys.length && tokens.exact[token + same] === keys[same]) same += 1;
        if (same < keys.length) continue;
        any = true;
        start[number] = tokens.start[token]!;
        end[number] = tokens.end[token + keys.length - 1]!;
      }
    }
    return { text, any, start, end };
  }

  return { add, find };
}

/** The span of a phrase that occurs, as something to show. */
export function showPhrase(spans: PhraseSpans, phrase: number): Shown {
  const start = spans.start[phrase]!;
  const end = spans.end[phrase]!;
  return { text: spans.text.slice(start, end), start, end };
}

/** Makes a condition of the departments file ready to be asked. @throws Error on a phrase without a word. */
export function compileCondition(when: When, phrases: Phrases): Condition {
  const { scale, scoreAtMost, scoreAtLeast, themes, sentiments, churnAtLeast } = when;
  const wanted = when.words?.map((phrase) => phrases.add(phrase));
  const fields = Object.entries(when.fields ?? {}).map(([name, { equals, contains }]) => ({
    name,
    read: fieldReader(name),
    test: (value: string) => {
      const lower = value.slice(0, LONGEST_COMPARED).trim().toLowerCase();
      if (equals.includes(lower)) return true;
      if (contains.length === 0) return false;
      const padded = ` ${words(lower)} `;
      return contains.some((part) => padded.includes(` ${part} `));
    },
  }));
  const late = (themes ?? sentiments ?? churnAtLeast) !== undefined;

  function holds(input: JudgeInput, spans: PhraseSpans, findings: Findings | null): boolean {
    if (when.kind !== undefined && !when.kind.some((kind) => kind === input.kind)) return false;
    if (when.text !== undefined && (when.text === 'present') !== (spans.text !== '')) return false;
    if (scale !== undefined) {
      const { score } = input;
      if (input.scale !== scale || score === null) return false;
      if (scoreAtMost !== undefined && score > scoreAtMost) return false;
      if (scoreAtLeast !== undefined && score < scoreAtLeast) return false;
    }
    for (let at = 0; at < fields.length; at += 1) {
      const value = fields[at]!.read(input);
      if (value === null || !fields[at]!.test(value)) return false;
    }
    if (wanted !== undefined && !wanted.some((phrase) => spans.start[phrase]! >= 0)) return false;
    if (!late) return true;
    if (findings === null) return false;
    if (themes !== undefined && !themes.includes(findings.theme)) return false;
    if (sentiments !== undefined && !sentiments.some((each) => each === findings.sentiment)) {
      return false;
    }
    return churnAtLeast === undefined || findings.churnRisk >= churnAtLeast;
  }

  function shown(input: JudgeInput, spans: PhraseSpans, findings: Findings | null): Shown {
    const phrase = wanted?.find((each) => spans.start[each]! >= 0);
    if (phrase !== undefined) return showPhrase(spans, phrase);
    const parts = fields.map(({ name, read }) => {
      const label = name.replace('attributes.', '').replaceAll('_', ' ');
      return `${label}: ${read(input) ?? ''}`;
    });
    if (scale !== undefined) parts.push(`${scale}: ${input.score ?? ''}`);
    if (parts.length === 0 && themes !== undefined) parts.push(`theme: ${findings?.theme ?? ''}`);
    if (parts.length === 0) parts.push(`kind: ${input.kind}`);
    return { text: shorten(parts.join(', ')), start: null, end: null };
  }

  return { late, needs: needsOf(when), holds, shown };
}

function fieldReader(name: string): (input: JudgeInput) => string | null {
  if (name.startsWith('attributes.')) {
    const key = name.slice('attributes.'.length);
    return ({ attributes }) => (Object.hasOwn(attributes, key) ? attributes[key]! : null);
  }
  switch (name) {
    case 'channel':
      return (input) => input.channel;
    case 'product':
      return (input) => input.product;
    case 'technology':
      return (input) => input.technology;
    case 'question':
      return (input) => input.question;
    case 'ticket.type':
      return (input) => input.ticket?.type ?? null;
    case 'ticket.severity':
      return (input) => input.ticket?.severity ?? null;
    case 'ticket.priority':
      return (input) => input.ticket?.priority ?? null;
    case 'ticket.status':
      return (input) => input.ticket?.status ?? null;
    default:
      throw new Error(`no such field: ${name}`);
  }
}

/** A field's value may come from a customer: bounded, and cut between characters. */
function shorten(text: string): string {
  return text.length <= LONGEST_SHOWN
    ? text
    : `${text.slice(0, LONGEST_SHOWN - 1)}…`.toWellFormed();
}
