// Persons' names, only after words that introduce one. A name without such a word stays: guessing
// would take places, brands and products for persons.
import type { Span } from './span.ts';

interface Cue {
  readonly pattern: RegExp;
  /** True where the words before leave no doubt, so that a name in lower case is taken too. */
  readonly sure: boolean;
}

const cues: readonly Cue[] = [
  {
    sure: true,
    pattern:
      /(?<!\p{L})(?:(?:my|his|her|our|wife's|husband's)\s{1,4}(?:full |first |last )?name(?:'s|\s{1,4}is:?| ?:)|name's|me llamo|se llama|mi nombre (?:completo )?es|a nombre de|ich hei(?:ß|ss)e|mein name ist|je m'appelle|mon nom est|mi chiamo|il mio nome è|meu nome é|me chamo|chamo-me|em dic|jina langu (?:kamili )?ni|naitwa|ninaitwa)\s{1,8}/giu,
  },
  {
    sure: true,
    pattern:
      /(?<!\p{L})(?:mijn naam is|ik heet|jag heter|jeg he(?:t|dd)er|nimeni on|nazywam się|mam na imię|jmenuji se|mă numesc|numele meu este|benim adım|nama saya|tên tôi là|tôi tên là|a nevem|меня зовут|мене звати|казвам се|με λένε|اسمي|שמי)\s{1,8}/giu,
  },
  {
    sure: false,
    pattern:
      /(?<!\p{L})(?:signed(?: by|,|:)?|sincerely,?|(?:kind|best|warm)? ?regards,?|yours (?:truly|faithfully),?|saludos,?|atentamente,?|firmado(?: por)?:?|mit freundlichen grü(?:ß|ss)en,?|(?:viele |liebe )?grü(?:ß|ss)e,?|gru(?:ß|ss),?|asante,|(?:account ?holder|card ?holder|customer|subscriber|contact|holder)(?: name| is|'s name)? ?:|(?:full |customer |first |last |account )?name ?:|nombre ?:|jina ?:|the name of|in the name|under the name) {0,4}\r?\n?\r?\n?[-–—]? {0,4}/giu,
  },
  {
    sure: false,
    // "30 ms. Last test" tells milliseconds; "at 10 Ms. Novak called" is written with one capital.
    pattern:
      /(?<![\p{L}\d])(?:mr|mrs|(?<!\d[ -]?)ms|(?-i:Ms)|dr|señora?|sra?|herr|frau|mwalimu)(?:\. ?| )/giu,
  },
];

/** Words that follow such cues and are no names. */
const notName =
  /^(?:a|an|the|not|no|on|in|at|and|or|but|is|was|it|its|for|to|from|of|with|wrong|misspelled|spelled|mud|still|never|being|changed|listed|incorrect|correct|also|there|here|now|so|very|just|already|under|by|my|your|our|their|his|her|me|you|i|we|they|who|what|that|this|these|as|be|been|has|have|had|will|can|associated|attached|used|registered|please|help|hello|hi|unknown|none|n|na|test|service|support|team|customer|customers|care|comcast|xfinity|verizon|spectrum|att|at&t|tmobile|t-mobile|sprint|movistar|claro|entel|safaricom|airtel|vodafone|orange|telekom|o2|mtn|calling|speaking|writing|cancelled|blocked|muy|un|una|el|la|los|las|de|del|que|y|con|no|en|por|mi|su|ein|eine|der|die|das|und|nicht|falsch|mit|ni|na|ya|wa|kwa|internet|phone|mobile|account|number|data|wifi|tv|robot|clean|card|all|over|everywhere|missing|gone|angry|unhappy|disappointed|frustrated|disgruntled|loyal|former|concerned|mud|god|niet|inte|ikke|ei|nie|nu|değil|bukan|không|не|δεν|ليس|غير|في|من|على|هو|לא)$/iu;

/** "DirecTV", "PlayStation": capitals inside, but for those of Scots and Irish names. */
const isBrand = /^(?!(?:Mc|Mac|De|Di|La|Le)\p{Lu})\p{Lu}\p{Ll}+\p{Lu}/u;

const particle =
  /^(?:de|del|della|di|da|dos|van|von|der|den|la|le|bin|binti|wa|al|el|ter|zu|o'|y)$/iu;
/** Written with a capital it binds what follows, though that be a closed word elsewhere: "Nguyen Van An". */
const binds = /^(?:Van|Thi|De|Da|Bin|Al|El|Le)$/u;
/** "al-Rashid": begins small and is no closed word. */
const joined = /^(?:al|el|ibn|bin)-\p{Lu}/u;
/** A letter of a script without capitals; there "and" is written onto the word behind it. */
const caseless = /^\p{Lo}/u;
const arabicAnd = /^و\p{L}{2}/u;
const nextWord = /^(\p{L}[\p{L}\p{M}'-]{0,30}|\p{Lu}\.)/u;
/** Words of a name, particles apart; and with them. */
const maxWords = 4;
const maxTaken = 8;

/** Adds a span for each name. `text` is in plain form. At most eight words are read per cue. */
export function findNames(text: string, spans: Span[]): void {
  for (const { pattern, sure } of cues) {
    for (const match of text.matchAll(pattern)) {
      const start = match.index + match[0].length;
      const end = endOfName(text, start, sure);
      if (end === start) continue;
      spans.push({ start, end, type: 'name' });
    }
  }
}

function endOfName(text: string, from: number, sure: boolean): number {
  let end = from;
  let at = from;
  let capital = false;
  let bound = false;
  let particles = 0;
  for (let count = 0; count < maxTaken && count - particles < maxWords; count += 1) {
    const word = nextWord.exec(text.slice(at, at + 32))?.[1];
    if (word === undefined) break;
    const initial = /^\p{Lu}\.$/u.test(word) || (word.length === 1 && text[at + 1] === '.');
    const upper = /^\p{Lu}/u.test(word) || (count > 0 && joined.test(word));
    const isParticle = count > 0 && particle.test(word);
    if (isParticle) particles += 1;
    else {
      if (!initial && !(bound && upper) && notName.test(word)) break;
      if (!sure && isBrand.test(word)) break;
      if (!upper && (capital || !sure || count > (caseless.test(word) ? 2 : 1))) break;
      if (count > 0 && arabicAnd.test(word)) break;
    }
    bound = count > 0 && binds.test(word);
    if (count === 0) capital = upper;
    at += word.length;
    if (initial && text[at] === '.') at += 1;
    // A particle belongs to a name only when a name goes on behind it.
    if (!isParticle) end = at;
    if (text[at] !== ' ' || text[at + 1] === ' ') break;
    at += 1;
  }
  return withoutPossessive(text, from, end);
}

function withoutPossessive(text: string, from: number, end: number): number {
  return text.slice(from, end).endsWith("'s") ? end - 2 : end;
}
