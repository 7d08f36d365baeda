// Street addresses with a house number, in English, Spanish, German and French. A street without a number
// stays: it tells where the network fails, not who lives there.
import type { Span } from './span.ts';

/** Types that are rarely anything else, and those that are everyday words and need a capital before. */
const sureTypes =
  'street|avenue|ave|road|rd|lane|ln|boulevard|blvd|parkway|pkwy|highway|hwy|crescent|turnpike|st|dr|court|ct|drive';
const doubtfulTypes =
  'place|pl|way|terrace|ter|circle|cir|trail|trl|square|sq|cres|close|grove|gardens|row|mews|alley|loop|quay|estate';
const isSureType = new RegExp(`^(?:${sureTypes})$`, 'i');
const notStreetName =
  /^(?:the|a|an|of|in|on|at|to|for|my|your|our|their|his|her|this|that|and|or|but|is|was|are|were|been|per|from|with|by|no|not|so|it|i|we|you|they|am|pm|days?|weeks?|months?|years?|hours?|hrs?|minutes?|mins?|seconds?|times?|miles?|km|kms|people|customers?|users?|phones?|lines?|bars?|mbps|kbps|gbps|mb|gb|tb|kb|mbs|gigs?|megs?|percent|dollars?|euros?|bucks|ksh|kes|blocks?|feet|ft|meters?|houses?|tvs?|channels?|calls?|techs?|trucks?|outages?|down|up|off|out|all|each|every|more|different|other|same|another|since|when|while|than|as|if|because|still|just|only|who|which|what|how|where|have|has|had|do|does|did|can|could|will|would|plus|star|stars|g|ghz|mhz|ms|cell|sites?|towers?|poles?|cables?|around|near|nearby|over|under|above|below|behind|beside|along|across|through|within|inside|outside|towards?|between|before|after|until|during|about|into|hard|flash|external|en|por|cerca|desde|hace|hasta|verizon|comcast|xfinity|t-mobile|tmobile|vodafone|safaricom|airtel)$/i;

/** "4G Kiln Lane" tells a network, not a house. */
const number = String.raw`(?![2-6]g\b)\d{1,5}(?:-\d{1,5})?[a-z]?`;
/** "only 2 today. Main Street is dark"; shorter ones are abbreviations: "12 Capt. Cook Street". */
const endsSentence = /^.{5,}\.$/;

const direction = String.raw`(?:(?:north|south|east|west|[ns][ew]?|[ew])\.? )?`;
const nameWord = String.raw`(?:\d{1,3}(?:st|nd|rd|th)|[\p{L}'’][\p{L}'’-]{0,23}\.?)`;
const unitPart = String.raw`(?:,? (?:(?:apartment|apt|unit|suite|ste|flat|floor|fl|room|rm|lot|bldg)\.? ?#?|#) ?[\p{L}\d-]{1,6})?`;
const english = new RegExp(
  String.raw`${number},? ${direction}((?:${nameWord} ){1,4}?)(${sureTypes}|${doubtfulTypes})\b\.?(?!['’]\p{L})(?:,? (?:north|south|east|west|[ns][ew]?|[ew])\b)?${unitPart}`,
  'iuy',
);

const spanish =
  /(?<![\p{L}\d])(?:c\/ ?|(?:calle|avenida|avda?|av|paseo|plaza|pza|jir[oó]n|jr|carrera|cra|pasaje|camino|carretera|ctra|ronda|traves[ií]a|calzada)\.? )((?:[\p{L}.'-]{1,20} |\d{1,3} ?(?=(?:n[º°o.]|#))){0,5}(?:[\p{L}.'-]{1,20},? ?|\d{1,3} ?(?=(?:n[º°o.]|#))))(?:(?:n[º°o]\.?|n\.|num\.|número|numero|#) ?)?\d{1,5}(?:[ -]?\d{1,4})?[a-z]?(?![\p{L}\d:%/]| ?(?:horas?|hrs|h|d[ií]as?|meses|semanas|años|veces|minutos|min|km|[gmk]b(?:ps)?|soles|clientes|usuarios|personas)(?!\p{L}))(?:,? \d{1,2}[º°ª](?: ?[a-z])?)?/giu;
const french =
  /(?<![\p{L}\d#$€.,:/-])\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|bd|allée|impasse|chemin|quai) (?:(?:de la|de l'|de|du|des|d')(?: |(?<=')))?\p{Lu}[\p{L}'-]{1,30}(?: \p{Lu}[\p{L}'-]{1,30}){0,2}/gu;
const notCalle =
  /(?<!\p{L})(?:sin|con|no|hay|est[aá]|desde|hace|por|tiene|tengo|son|es|fue|a las|más|solo)(?!\p{L})/iu;

/** "Hauptstraße 5", "hauptstr. 5", and apart: "Berliner Straße 12". */
const german =
  /(?<![\p{L}\d])(?:[\p{L}-]{2,30}(?:[Ss]tra(?:ß|ss)e|[Ss]tr\.?)|\p{Lu}[\p{L}-]{1,30}(?:weg|platz|allee|gasse|damm|ufer)|(?:\p{Lu}[\p{L}.-]{1,30} ){1,2}(?:Stra(?:ß|ss)e|Str\.?|Allee|Platz|Weg|Gasse|Damm|Ufer)) \d{1,4}(?:-\d{1,4})?(?: ?[a-h])?(?![\p{L}\d:%/])/gu;
const germanTail = /(?:stra(?:ß|ss)e|str|str\.|weg|platz|allee|gasse|damm|ufer) \d/iu;

/** With the number behind the name it ends its clause, or it counts something: "Oak Street 5 times". */
const clauseEnds = String.raw`(?= ?(?:[,;!?)\n\r]|\.(?!\d)|$))`;
const behind = (form: string): RegExp =>
  new RegExp(String.raw`(?<![\p{L}\d])${form}[a-h]?${clauseEnds}`, 'gu');
/** Each with what tells cheaply that it may apply. */
const numberBehind: ReadonlyArray<readonly [RegExp, RegExp]> = [
  [
    /(?:Road|Street|Avenue|Lane),? \d/,
    behind(
      String.raw`(?:\p{Lu}[\p{L}'’-]{1,23} ){1,3}(?:Road|Street|Avenue|Lane),? (?!(?:19|20)\d\d(?!\d))\d{1,4}`,
    ),
  ],
  [
    /(?:[Vv]ial?e?|[Pp]iazza|[Cc]orso) [A-Zds]/,
    behind(
      String.raw`(?:[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso) (?!(?:App|Chat|Phone|Email|Text|Web|Twitter|Facebook|Whatsapp|Wifi)(?!\p{L}))(?:(?:di|del|della|dei|San|Santa) )?\p{Lu}[\p{L}'’-]{1,23}(?: \p{Lu}[\p{L}'’-]{1,23})?,? \d{1,4}`,
    ),
  ],
  [
    /Markt|Bahnhof|Rathaus|Unter den/,
    behind(
      String.raw`(?:[Aa]m (?:Markt|Bahnhof|Rathaus)|Unter den (?:Linden|Eichen|Birken|Ulmen)) \d{1,4}`,
    ),
  ],
  [/Unter den Linden/, /(?<![\p{L}\d.,:#$€-])\d{1,4}[a-h]?,? Unter den Linden(?!\p{L})/gu],
];

/** Adds a span for each address. `text` is in plain form. Linear: every repetition is bounded. */
export function findAddresses(text: string, hasStreetWord: boolean, spans: Span[]): void {
  if (hasStreetWord) {
    // French first: to the English rule "3 bis avenue" is complete.
    for (const match of text.matchAll(french))
      spans.push({ start: match.index, end: match.index + match[0].length, type: 'address' });
    findEnglish(text, spans);
    for (const [hint, form] of numberBehind) {
      if (!hint.test(text)) continue;
      for (const match of text.matchAll(form))
        spans.push({ start: match.index, end: match.index + match[0].length, type: 'address' });
    }
    for (const match of text.matchAll(spanish)) {
      if (notCalle.test(match[1] ?? '')) continue;
      spans.push({ start: match.index, end: match.index + match[0].length, type: 'address' });
    }
  }
  if (!germanTail.test(text)) return;
  for (const match of text.matchAll(german))
    spans.push({ start: match.index, end: match.index + match[0].length, type: 'address' });
}

function findEnglish(text: string, spans: Span[]): void {
  const starts = /(?<![\p{L}\d#$€£_@.,:/-])\d/gu;
  for (let hit = starts.exec(text); hit !== null; hit = starts.exec(text)) {
    english.lastIndex = hit.index;
    const match = english.exec(text);
    if (match === null) continue;
    const [whole, name = '', type = ''] = match;
    if (!isStreetName(name.trim(), type) || isYearOfAnEvent(text, hit.index, whole)) continue;
    spans.push({ start: hit.index, end: hit.index + whole.length, type: 'address' });
    starts.lastIndex = hit.index + whole.length;
  }
}

function isStreetName(name: string, type: string): boolean {
  const words = name.split(' ');
  if (words.some((word) => endsSentence.test(word) || notStreetName.test(word.replace('.', ''))))
    return false;
  const capital = /^[\p{Lu}\d]/u;
  if (words.every((word) => capital.test(word))) return true;
  return words.length <= 2 && isSureType.test(type);
}

/** "in 2015 Oak Street was dark" tells a year, not a house. */
function isYearOfAnEvent(text: string, at: number, whole: string): boolean {
  return (
    /^(?:19|20)\d\d,? /.test(whole) &&
    /(?<!\p{L})(?:in|since|during|of|until|by|january|february|march|april|may|june|july|august|september|october|november|december) $/iu.test(
      text.slice(at > 11 ? at - 11 : 0, at),
    )
  );
}
