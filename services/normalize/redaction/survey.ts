// One pass over the characters that tells which rules can apply at all. Most customer texts hold no
// digit, no '@' and no cue word, and cost nothing further.

export const has = {
  digit: 1,
  at: 2,
  /** Colons, dashes or dots enough for a MAC or IPv6 address, which may hold no digit at all. */
  groups: 4,
  /** A word that introduces a person's name. */
  nameCue: 8,
  /** 'dot', 'arroba', '(at)': an e-mail address spelled out. */
  spelledMail: 16,
  /** Characters that are another form of an ASCII one, or invisible. */
  disguise: 32,
  /** A word of a street: 'avenue', 'calle'. */
  street: 64,
  /** Seven digits or more: what a phone, card, account or device number needs. */
  longNumber: 128,
  /** Two colons or more: what an IPv6 address needs. */
  colons: 256,
  /** "I am", "soy" and the like before a capital: what introduces a name, among much else. */
  introduction: 512,
  /** "Thanks" and the like before a comma or the end of the line: a name may sign. */
  signOff: 1024,
  /** "I am" before any letter. */
  speaker: 2048,
  /** "called" before a capital, "holder". */
  naming: 4096,
} as const;

const nameCues =
  'name nombre nom llamo appelle heiße heisse jina naitwa signed sincerely regards ' +
  'mr mrs ms dr señor señora sr sra herr frau saludos firmado ' +
  'atentamente gruß grüße grüßen gruss gruessen asante nome chiamo chamo ' +
  'dic naam heet heter hedder nimeni nazywam imię jmenuji numesc numele adım nama tên nevem зовут звати казвам λένε اسمي שמי';
/** Words that introduce a name only with a colon behind them. */
const colonCues = 'holder accountholder cardholder customer subscriber contact';
/** Words that introduce a name only with a capital behind them: the last ones of "I am", "I'm", "this is". */
const capitalCues = 'am m im is s soy ni habla ist bin spricht suis est';
const namingCues = 'called me';
/** These also with a word between. */
const holderCues = 'holder person';
/** After these a name in lower case counts as well, if it is a common one: "im sarah jones". */
const letterCues = 'am m im';
const signOffCues =
  'thanks you thx best cheers wishes gracias merci danke obrigado obrigada grazie';
const mailCues = 'dot arroba punto punkt nukta';
const streetWords =
  'via viale piazza corso markt linden street st avenue ave road rd drive dr lane ln boulevard blvd court ct place pl way terrace ter ' +
  'circle cir parkway pkwy highway hwy trail trl square sq crescent cres close grove gardens row mews ' +
  'alley loop turnpike quay estate c calle avenida av avda avd paseo plaza pza jirón jiron jr carrera cra ' +
  'pasaje camino carretera ctra ronda travesía travesia calzada urbanización straße strasse str rue bd allée impasse chemin quai';

/** This size and the shift by 10 keep the commonest words of customers out of the slots of cues. */
const hashMask = 0x3fff;
/** Kept inside: becomes `nameCue` when the colon follows. */
const beforeColon = 1 << 16;
/** Kept inside: becomes `introduction` when a space and a capital follow. */
const beforeCapital = 1 << 17;
/** Kept inside: becomes `speaker` when a space and any letter follow. */
const beforeLetter = 1 << 18;
/** Kept inside: becomes `signOff` when a break follows. */
const beforeBreak = 1 << 19;
/** Kept inside: becomes `naming` when a space and a capital follow. */
const beforeProperName = 1 << 20;

function hashOf(word: string): number {
  let hash = 0;
  for (let at = 0; at < word.length; at += 1) hash = (hash * 31 + word.charCodeAt(at)) | 0;
  return hash;
}

/** Which flag a word's hash raises. A collision only costs a rule run in vain. */
const flagOfHash = (() => {
  const table = new Uint32Array(hashMask + 1);
  const groups: ReadonlyArray<readonly [string, number]> = [
    [nameCues, has.nameCue],
    [mailCues, has.spelledMail],
    [streetWords, has.street],
    ['mac', has.groups],
    [colonCues, beforeColon],
    [capitalCues, beforeCapital],
    [holderCues, has.naming],
    [namingCues, beforeProperName],
    [letterCues, beforeLetter],
    [signOffCues, beforeBreak],
  ];
  for (const [words, flag] of groups) {
    for (const word of words.split(' ')) {
      const slot = (hashOf(word) ^ (hashOf(word) >>> 10)) & hashMask;
      table[slot] = (table[slot] ?? 0) | flag;
    }
  }
  return table;
})();

/** Past the alphabets whose words are looked up: Latin to Arabic. */
const lettersEnd = 0x700;

/** Letters in lower case; 0 for all that ends a word. */
const letterOf = (() => {
  const table = new Uint16Array(lettersEnd);
  for (let code = 0; code < lettersEnd; code += 1) {
    const character = String.fromCharCode(code);
    if (/\p{L}/u.test(character)) table[code] = character.toLowerCase().charCodeAt(0);
  }
  return table;
})();

function disguiseOf(code: number): number {
  if (!isDisguise(code)) return 0;
  return mayBeDigit(code) ? has.disguise | has.digit | has.longNumber : has.disguise;
}

function isDisguise(code: number): boolean {
  return (
    code === 0xa0 ||
    code === 0xad ||
    (code >= 0x300 && code < 0x370) ||
    (code >= 0x600 && code < 0x700) ||
    (code >= 0x900 && code < 0xa00) ||
    (code >= 0x1680 && code < 0x2070) ||
    (code >= 0x2212 && code < 0x2213) ||
    code >= 0x3000
  );
}

/** Arabic, Indic, fullwidth and styled digits; fullwidth '@' is told apart in the plain form. */
function mayBeDigit(code: number): boolean {
  return (
    (code >= 0x660 && code <= 0x6f9) ||
    (code >= 0x966 && code <= 0x96f) ||
    (code >= 0xff01 && code <= 0xff5e) ||
    code === 0xd835
  );
}

/** Whether a capital comes next, or more spaces, behind which there may be one. */
function isCapitalAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (code >= 65 && code <= 90) || code === 32 || code >= 0xc0;
}

/** ',', '!', '-' or the end of a line; a full stop comes too often, and counts only at the end of a line. */
function isBreak(code: number): boolean {
  return code === 44 || code === 45 || code === 33 || code === 10 || code === 13;
}

/** The flags of `has` that hold for the text, or-ed. Linear, no allocation. */
export function survey(text: string): number {
  let flags = 0;
  let digits = 0;
  let colons = 0;
  let dashes = 0;
  let dots = 0;
  let hash = 0;
  const length = text.length;
  for (let at = 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < lettersEnd) {
      const letter = letterOf[code]!;
      if (letter !== 0) {
        hash = (hash * 31 + letter) | 0;
        continue;
      }
      if (code >= 48 && code <= 57) digits += 1;
      else if (code === 46) {
        dots += 1;
        // Four apart: Cisco's form of a MAC address, which may hold no digit.
        if (text.charCodeAt(at + 5) === 46) flags |= has.groups;
      } else if (code === 45) dashes += 1;
      else if (code === 64) flags |= has.at;
      else if (code === 37 && text.startsWith('40', at + 1)) flags |= has.at;
      else if (code === 58) colons += 1;
      else if ((code === 41 || code === 93) && /[([]\s?at\s?$/i.test(text.slice(at - 5, at)))
        flags |= has.spelledMail;
      else if (code >= 0xa0) flags |= disguiseOf(code);
    } else flags |= disguiseOf(code);
    if (hash !== 0) {
      const flag = flagOfHash[(hash ^ (hash >>> 10)) & hashMask]!;
      if (flag !== 0) {
        flags |= code === 58 ? flag | ((flag & beforeColon) === 0 ? 0 : has.nameCue) : flag;
        if (code === 32) {
          if ((flag & beforeLetter) !== 0) flags |= has.speaker;
          if ((flag & (beforeCapital | beforeProperName)) !== 0 && isCapitalAt(text, at + 1))
            flags |= (flag & beforeCapital) === 0 ? has.naming : has.introduction;
        } else if (
          (flag & beforeBreak) !== 0 &&
          isBreak(code === 46 ? text.charCodeAt(at + 1) : code)
        )
          flags |= has.signOff;
      }
      hash = 0;
    }
  }
  if (hash !== 0) flags |= flagOfHash[(hash ^ (hash >>> 10)) & hashMask]!;
  flags &= ~(beforeColon | beforeCapital | beforeLetter | beforeBreak | beforeProperName);
  if (digits > 0) flags |= digits >= 7 ? has.digit | has.longNumber : has.digit;
  if (colons >= 2) flags |= has.colons;
  return colons >= 2 || dashes >= 5 || (dots >= 2 && digits >= 1) ? flags | has.groups : flags;
}
