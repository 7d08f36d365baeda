// Frequent words of the languages most providers hear, and the vote they give. Closed-class words and
// the everyday ones of this trade, so that "good app" and "sin servicio" need no statistics.

const lists = {
  en:
    'the and is are was were be been to of in for on with at by from it its this that these those i you we they he ' +
    'she my your our their his her me us them not no yes can could will would should have has had do does did but or if ' +
    'so as an what when where why how who which there here just get got very too more all any some been being out up down ' +
    'about after before still never always only now because than then over again please help thank thanks good bad great ' +
    'best worst love nice excellent easy awesome amazing slow fast service services issue issues problem problems poor ' +
    'billing bill charge charges charged speed speeds app works working work keep keeps phone network customer cancel ' +
    "complaint refund price fees unfair outage access use using don't doesn't can't won't isn't i'm it's can't didn't cap " +
    'caps usage throttling overcharged overages connection broken lost dropped new years months days time money pay paid ' +
    'increase practices fraud false advertising refuses sent need want make user-friendly friendly reliable convenient ' +
    'satisfied helpful wonderful perfect super cool okay improve update like well data usage limit limits monthly horrible terrible awful ' +
    'rental fee misleading harassment scam rates intermittent frequent interruptions coverage provider bundled expensive',
  es:
    'el los las una unos unas y o que en con por para se lo le les es son está esta están estoy fue era ser hay muy más ' +
    'mas pero como cuando donde porque ya mi mis tu tus su sus me te nos si sí también nada todo toda todos siempre nunca ' +
    'del al sin sobre hasta desde este esto ese eso qué quién cómo dónde gracias hola buenas buenos servicio señal línea ' +
    'linea llamar cobran cobraron pagar pago meses mes días horas factura reclamo problema lento lenta malo mala ' +
    'bueno buena tengo tiene tienen quiero puedo puede hacer hace años ahora antes después solo sólo aquí allí un la de ' +
    'operador celular número recarga saldo prepago postpago móvil fibra cobertura',
  sw:
    'na ya wa kwa ni la za cha vya katika hii hiyo huu huo hizo hili yangu yako yake yetu wangu wako wake wetu langu ' +
    'mimi wewe sisi ninyi wao sana tu pia lakini kama kwamba au bila hata bado sasa leo jana kesho siku wiki mwezi ' +
    'mwaka nzuri mbaya poa safi vizuri vibaya mzuri bora asante karibu tafadhali samahani naomba nataka nimependa napenda ' +
    'nashindwa sijui sipati huduma mtandao simu pesa laini hakuna kuna hapana ndio ndiyo sawa kabisa inafanya kazi ' +
    'rahisi haraka polepole mteja wateja namba nambari tumia kutumia kupata mnatuibia iko niko hamna kwenye mambo',
  de:
    'der die das und ist sind war ich du wir ihr sie es nicht kein keine keinen ein eine einen einem einer mit für auf aus ' +
    'bei nach von zu zum zur im am den dem des dass wie was wann wo warum auch aber oder wenn noch schon nur sehr mehr ' +
    'immer wieder seit haben habe hat hatte kann können wird werden wurde mein meine meinen euer ihre bitte danke gut ' +
    'schlecht langsam schnell störung rechnung vertrag kündigung netz leitung anschluss funktioniert geht kundenservice hier',
  fr:
    'le les des une et est sont était je tu nous vous ils elle on ne pas plus avec pour dans sur par mais ou où qui que ' +
    'quoi quand comment pourquoi très bien mal bon bonne mauvais depuis encore toujours jamais mon ma mes votre vos notre ' +
    "nos ce cette ces du au aux un de la j'ai c'est n'est d'un l'internet pas rien tout tous merci bonjour réseau " +
    'facture forfait panne débit lent rapide problème ça être avoir fait faire client livebox coupure',
} as const;

export const wordLanguages: readonly string[] = Object.keys(lists);

/** Word to the bits of the languages that use it. */
const bitsOf = (() => {
  const table = new Map<string, number>();
  for (const [index, list] of Object.values(lists).entries()) {
    for (const word of list.split(' ')) table.set(word, (table.get(word) ?? 0) | (1 << index));
  }
  return table;
})();

const skipped = /https?:\/\/\S{1,200}|<\w{1,20}>|\[\w{1,20}\]|[@#]\S{1,60}/gu;

/** Votes per language, filled anew for each text. */
const scores = new Float64Array(wordLanguages.length);

/**
 * The language most frequent words speak for: a code, or undefined when they do not decide. A word of
 * several languages counts for each by its share. One word is enough only if no language disputes it
 * and it is at least half of a text in an expected language.
 */
export function languageByWords(text: string, expected: ReadonlySet<string>): string | undefined {
  const words = vote(/[@#<[:]/.test(text) ? text.replace(skipped, ' ') : text);
  let best = 0;
  for (let index = 1; index < scores.length; index += 1) {
    if (scores[index]! > scores[best]!) best = index;
  }
  const top = scores[best]!;
  let second = 0;
  for (let index = 0; index < scores.length; index += 1) {
    if (index !== best && scores[index]! > second) second = scores[index]!;
  }
  const language = wordLanguages[best]!;
  const share = top / words;
  if (top >= 2 && top >= second * 2 && share >= 0.2) return language;
  if (!expected.has(language)) return undefined;
  return top >= 1 && second === 0 && share >= 0.34 ? language : undefined;
}

/** Fills `scores` and returns the number of words: runs of letters with apostrophes and hyphens in them. */
function vote(text: string): number {
  scores.fill(0);
  const lower = text.toLowerCase();
  let words = 0;
  let at = 0;
  while (at < lower.length) {
    if (kindOf(lower.charCodeAt(at)) !== LETTER) {
      at += 1;
      continue;
    }
    const start = at;
    let isCurly = false;
    for (at += 1; at < lower.length; at += 1) {
      const unit = lower.charCodeAt(at);
      if (kindOf(unit) === OTHER) break;
      if (unit === CURLY_APOSTROPHE) isCurly = true;
    }
    words += 1;
    const word = lower.slice(start, at);
    const bits = bitsOf.get(isCurly ? word.replaceAll('’', "'") : word);
    if (bits === undefined) continue;
    let shared = 0;
    for (let rest = bits; rest !== 0; rest &= rest - 1) shared += 1;
    for (let index = 0; index < scores.length; index += 1) {
      if ((bits & (1 << index)) !== 0) scores[index]! += 1 / shared;
    }
  }
  return words;
}

const UNKNOWN = 0;
const OTHER = 1;
const LETTER = 2;
const INNER = 3;
const CURLY_APOSTROPHE = 0x2019;
/** Kind of each UTF-16 unit, worked out when first met. */
const kinds = new Uint8Array(65_536);

function kindOf(unit: number): number {
  const known = kinds[unit]!;
  if (known !== UNKNOWN) return known;
  const char = String.fromCharCode(unit);
  const kind = /\p{L}/u.test(char) ? LETTER : "'-’".includes(char) ? INNER : OTHER;
  kinds[unit] = kind;
  return kind;
}
