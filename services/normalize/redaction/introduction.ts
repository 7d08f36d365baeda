// People who say who they are without the word "name": "I am John Smith", "soy Ana Ruiz", "this is Jane calling". The
// same words come before moods, brands and places: two words with capitals are needed, or "calling" behind; and a common
// given name in front, or surroundings that only an introduction has.
import { isGivenName } from './given-names.ts';
import type { Span } from './span.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** `loose`: also names that are not among the common given ones, where what follows is what follows a name. */
interface Cue {
  readonly pattern: RegExp;
  readonly loose: 'never' | 'before-a-break' | 'before-a-verb';
}

// In title case ("This Is Really Bad") every word is capital, and tells nothing.
const cues: readonly Cue[] = [
  {
    loose: 'before-a-break',
    pattern: /(?<![\p{L}\d'])(?:I am|i am|[Ii]'m|[Ii]m) {1,3}(?=\p{Lu})/gu,
  },
  {
    loose: 'before-a-verb',
    pattern: /(?<![\p{L}\d'])(?:[Tt]his is|[Ii]t's|[Ii]t is) {1,3}(?=\p{Lu})/gu,
  },
  { loose: 'before-a-break', pattern: /(?<![\p{L}\d'])(?:[Ss]oy|[Mm]imi ni) {1,3}(?=\p{Lu})/gu },
  {
    loose: 'never',
    pattern:
      /(?<![\p{L}\d'])(?:(?:[Ll]e |[Tt]e )?[Hh]abla|[Hh]ier ist|[Hh]ier spricht|[Ii]ch bin|[Jj]e suis|[Cc]'est|[Hh]uyu ni|[Hh]apa ni) {1,3}(?=\p{Lu})/gu,
  },
];

/** Behind these a common given name is enough by itself. */
const namings: readonly Cue[] = [
  {
    loose: 'before-a-break',
    pattern:
      /(?<![\p{L}\d'])(?:(?:I am|i am|[Ii]'m|[Ii]m) called|(?:[Tt]hey|[Pp]eople|[Ff]riends) call me|[Ee]very(?:one|body) calls me|(?:[Aa]ccount ?[Hh]older|[Cc]ard ?[Hh]older|[Cc]ontact [Pp]erson|(?:[Cc]ustomer|[Cc]lient|[Ss]ubscriber|[Aa]ccount|[Ff]ull|[Ff]irst|[Ll]ast)(?:'s)? [Nn]ame)(?: is)?) {1,3}(?=\p{Lu})/gu,
  },
  { loose: 'never', pattern: /(?<![\p{L}\d'])[Cc]all me {1,3}(?=\p{Lu})/gu },
];

/** In any case of letters: "im sarah jones, my line is down", "I AM SARAH JONES". */
const anyCase =
  /\b(?:i am|i'?m) {1,3}([a-z]{3,24}) ([a-z][a-z'-]{2,24})(?= ?[,.;!(\n\r]| ?$| (?:and|from|with|my|calling|speaking|here)(?![a-z]))/gi;
/** Given names that are everyday words; in lower case they are those. */
const everydayWords = words(
  'joy faith hope grace mark bill rich will may art frank rose dawn sue jack grant chase dean guy max sky drew rob pat ray ' +
    'dale gene jay min jun sandy misty penny ruby pearl hazel ivy lily daisy violet amber crystal heather iris holly carol ' +
    'angel april june august austin christian roman german jordan chad troy lance earl nick josh mercy purity brandy sherry ' +
    'brook brooke merry luz sol pilar cosmas joab wade warren wang ling ming olu hui lei kay joey jean dan don ken ron dee miles ' +
    'fidel flor clemente constance prudence patience blanca clara santos rosa rocio consuelo abel florence sierra dakota ' +
    'cherry candy carmen sandeep precious blessing charity felicity trinity noel patty polly robin jade jan ann van ali abu known',
);

const particle =
  /^(?:de|del|della|di|da|dos|van|von|der|den|la|le|bin|binti|wa|al|el|ter|zu)(?= )/u;
/** One capital in front, or in front of a part: "O'Neil", "McDonald", "Mary-Jane"; initials: "Q.". */
const namePart =
  /^(?:\p{Lu}\.|(?:O'|D'|Mc|Mac)?\p{Lu}[\p{Ll}\p{M}]{1,24}(?:-\p{Lu}[\p{Ll}\p{M}]{1,24})?(?![\p{L}\d]))/u;
/** Binds what follows, though that be a closed word elsewhere: "Nguyen Van An". */
const binds = /^(?:Van|Thi)$/u;
const initial = /^\p{Lu}\.$/u;
const mostParts = 4;

/** What comes behind a name and not behind a mood: a break, or a word that goes on. */
const breakAfter =
  /^(?: ?(?:[,.;:!()\n\r-]|$)| (?:and|from|of|with|my|y|de|del|con|vivo|llamo|na|kutoka|wa)(?!\p{L}))/u;
const verbAfter = /^,? (?:calling|speaking|here|from|writing)(?!\p{L})/u;
/** Makes a name even of one word: "this is Jane calling". */
const speakerAfter = /^,? (?:calling|speaking|here)(?!\p{L})/u;

/** What names end in as well, these seldom: participles, adjectives, what brands are made of. */
const unlikeName =
  /(?:ed|ing|ful|less|ous|ive|able|ible|tion|sion|ness|ment|ity|ly|ist|ism|ware|net|tel|com|mobile|fone|phone|link|cast|vision|band|zone|ado|ada|ido|ida|ción|mente|oso|osa)$/iu;

/** Never the beginning nor the end of a name. */
const neverName = words(
  // closed words
  'a an the not no on in at and or but is was it its for to from of with so very just already still never always now here there ' +
    'also too really quite pretty absolutely totally extremely super beyond done my your our their his her me you we they i ' +
    'who what that this these those as be been has have had do does did will would can could should may might must if when ' +
    'where why how all any some many much more most less out up down over under off again back since because then than only ' +
    'un una el la los las de del que y con en por mi su muy más mas nuevo nueva ein eine der die das und nicht mit im am zum ' +
    'le les des du une et ni na ya wa kwa za la cha sana yule ' +
    // moods
    'angry upset sad mad sick tired fed happy glad sorry sure afraid unhappy disappointed frustrated furious livid disgusted ' +
    'annoyed grateful thankful good great bad worse worst best fine okay ok nice poor terrible horrible awful ridiculous ' +
    'unacceptable outrageous crazy insane broken slow fast free new old big small real true false wrong right ready lost alone ' +
    'dead alive rich broke blind deaf proud shocked curious desperate hopeful patient impatient honest fair unfair serious ' +
    // people by what they are
    'customer customers client clients subscriber user member owner tenant resident renter landlord neighbor neighbour senior ' +
    'citizen veteran student teacher nurse doctor parent mother father mom dad wife husband son daughter guy man woman girl boy ' +
    'person human people everyone everybody nobody somebody anyone one cliente usuario usuaria titular abonado abonada ' +
    'suscriptor mamá papá madre padre soltera soltero literate mteja mwanafunzi mwalimu mwananchi kunde kundin nutzer inhaber mieter rentner client abonné ' +
    // the trade
    'internet wifi wireless network networks service services support care team help desk phone mobile cell cellular cable tv ' +
    'television broadband fiber fibre data line lines bill bills billing payment payments plan plans account number modem router ' +
    'signal tower coverage outage speed speeds price prices company corporation corp inc llc ltd group store shop bank pay money ' +
    'premium prime plus pro max ultra unlimited basic home business express digital online customer-service technical tech ' +
    'supervisor manager agent representative rep operator operations sales marketing technician engineer installer ' +
    'servicio cliente factura señal red línea empresa huduma mtandao simu pesa kampuni netz rechnung vertrag ' +
    // brands
    'comcast xfinity verizon spectrum charter cox att at&t tmobile t-mobile sprint centurylink frontier optimum altice hughesnet ' +
    'viasat starlink dish directv mediacom windstream cricket metro boost mint google amazon apple samsung huawei nokia microsoft ' +
    'netflix hulu facebook twitter instagram youtube whatsapp android iphone ipad galaxy pixel playstation xbox roku alexa siri ' +
    'movistar claro entel bitel telcel vodafone orange telekom o2 mtn airtel safaricom telkom zuku faiba jtl equitel mpesa m-pesa ' +
    'jio bt ee sky virgin three tigo telefonica wom personal vivo tim oi fios uverse u-verse aol yahoo gmail ' +
    // places
    'america usa us uk england scotland wales ireland britain canada mexico españa spain peru perú chile argentina colombia ecuador ' +
    'bolivia germany deutschland france kenya uganda tanzania ethiopia nigeria ghana india china europe africa asia alabama alaska ' +
    'arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa kansas kentucky ' +
    'louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada hampshire jersey york ' +
    'carolina dakota ohio oklahoma oregon pennsylvania rhode island tennessee texas utah vermont virginia washington wisconsin ' +
    'wyoming dc los angeles san santa fort saint st north south east west northern southern eastern western new nairobi mombasa kisumu ' +
    'nakuru eldoret thika lima bogotá bogota madrid barcelona santiago quito london manchester birmingham berlin hamburg münchen ' +
    'köln frankfurt stuttgart paris lyon chicago boston atlanta houston dallas denver seattle miami phoenix philadelphia detroit ' +
    'orlando tampa sacramento portland oakland memphis nashville baltimore pittsburgh cleveland cincinnati ' +
    'city county town village district region area park lake heights valley springs beach creek grove hills street avenue road lane ' +
    'drive mall plaza airport hospital school church university estate centre center mitte ' +
    // times, feasts, languages, nations
    'monday tuesday wednesday thursday friday saturday sunday january february march july august september october november ' +
    'december christmas easter thanksgiving ramadan english spanish german french swahili american canadian mexican british irish ' +
    'scottish kenyan ugandan indian chinese african european latino hispanic asian black white muslim jewish catholic ' +
    'god jesus lord christ please asap immediately today tomorrow tonight',
);

/** In front of a surname these are people's names; as a surname they are not. */
const givenAllTheSame = words(
  'angel austin april august bill carolina charlotte christian georgia guy jesus june max may orlando rich santiago santos tim will',
);

/** Surnames that are everyday words; behind a given name they are surnames. */
const surnamesAllTheSame = words(
  'best black cox good lake march may new north park plaza price real rich sky street west white',
);

/** Adds a span for each. `text` is in plain form; at most four words are read per cue. */
export function findIntroductions(text: string, spans: Span[]): void {
  findBehind(cues, text, false, spans);
}

/** Adds a span for each name behind "they call me", "account holder" and the like. */
export function findNamed(text: string, spans: Span[]): void {
  findBehind(namings, text, true, spans);
}

function findBehind(group: readonly Cue[], text: string, single: boolean, spans: Span[]): void {
  for (const { pattern, loose } of group) {
    for (const match of text.matchAll(pattern)) {
      const start = match.index + match[0].length;
      const end = nameEnd(partsFrom(text, start), text, loose, single);
      if (end !== undefined) spans.push({ start, end, type: 'name' });
    }
  }
}

/** Adds a span for each speaker whose name may be in any case of letters: two words, the first a common given name. */
export function findSpeakers(text: string, spans: Span[]): void {
  for (const match of text.matchAll(anyCase)) {
    const [whole, given = '', surname = ''] = match;
    if (everydayWords.has(given.toLowerCase()) || !isGivenName(given)) continue;
    if (isStopped(given) || isUnlikeName(surname) || !continuesName(surname, true)) continue;
    const end = match.index + whole.length;
    spans.push({ start: end - given.length - surname.length - 1, end, type: 'name' });
  }
}

/**
 * True where name and nothing else may stand: a common given name first, or where `alone` (a line to
 * itself) any words that are not those of moods, brands and places. Returns its end, or undefined.
 */
export function endOfSignature(text: string, start: number, alone: boolean): number | undefined {
  const parts = partsFrom(text, start);
  const [first] = parts;
  if (first === undefined || initial.test(first.word) || parts.length > mostParts) return undefined;
  const isGiven = isGivenName(first.word);
  if (!isGiven && (!alone || isStopped(first.word))) return undefined;
  if (isGiven && isStopped(first.word) && !givenAllTheSame.has(first.word.toLowerCase()))
    return undefined;
  const others = parts.slice(1);
  if (!others.every(({ word }) => continuesName(word, isGiven))) return undefined;
  if (!isGiven && parts.some(({ word }) => isUnlikeName(word))) return undefined;
  return parts.at(-1)!.end;
}

interface Part {
  readonly word: string;
  readonly end: number;
}

/** Words that could be a name's, joined by single spaces; particles belong to the word behind them. */
function partsFrom(text: string, from: number): readonly Part[] {
  const parts: Part[] = [];
  let at = from;
  // One more than a name has: a fifth tells a line in title case.
  while (parts.length <= mostParts) {
    const rest = text.slice(at, at + 64);
    const joint = parts.length === 0 ? undefined : particle.exec(rest)?.[0];
    if (joint !== undefined) {
      at += joint.length + 1;
      if (particle.test(text.slice(at, at + 8)))
        at += particle.exec(text.slice(at, at + 8))![0].length + 1;
    }
    const word = namePart.exec(text.slice(at, at + 64))?.[0];
    if (word === undefined) break;
    at += word.length;
    parts.push({ word, end: at });
    if (text[at] !== ' ') break;
    at += 1;
  }
  return parts;
}

function nameEnd(
  parts: readonly Part[],
  text: string,
  loose: Cue['loose'],
  single: boolean,
): number | undefined {
  const [first] = parts;
  if (first === undefined || initial.test(first.word) || parts.length > mostParts) return undefined;
  const isGiven = isGivenName(first.word);
  if (isStopped(first.word) && !(isGiven && givenAllTheSame.has(first.word.toLowerCase())))
    return undefined;
  let count = 1;
  while (count < parts.length && continuesName(parts[count]!.word, isGiven, parts[count - 1]!.word))
    count += 1;
  // Initials alone are no surname.
  while (count > 1 && initial.test(parts[count - 1]!.word)) count -= 1;
  const { end } = parts[count - 1]!;
  const after = text.slice(end, end + 12);
  const isSpeaker = speakerAfter.test(after);
  if (count < 2 && !isSpeaker && !(single && isGiven)) return undefined;
  if (isGiven) return end;
  if ((loose === 'never' && !isSpeaker) || count < parts.length) return undefined;
  if (parts.slice(0, count).some(({ word }) => isUnlikeName(word))) return undefined;
  const fits = verbAfter.test(after) || (loose === 'before-a-break' && breakAfter.test(after));
  return fits ? end : undefined;
}

function continuesName(word: string, isAfterGiven: boolean, before = ''): boolean {
  if (initial.test(word) || binds.test(before)) return true;
  return !isStopped(word) || (isAfterGiven && surnamesAllTheSame.has(word.toLowerCase()));
}

function isUnlikeName(word: string): boolean {
  return !initial.test(word) && unlikeName.test(word) && !isGivenName(word);
}

function isStopped(word: string): boolean {
  return !initial.test(word) && neverName.has(word.toLowerCase());
}
