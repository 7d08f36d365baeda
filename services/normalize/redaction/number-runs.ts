// Cuts a text into runs of digit groups as people write numbers: groups joined by a few separators.
// Everything that reads long numbers works on these runs, so that the work stays linear.

export interface DigitGroup {
  readonly start: number;
  readonly end: number;
}

/** Groups joined without a space: "555-123-4567" is one token, "555 123" are two. */
export interface NumberToken {
  readonly start: number;
  readonly end: number;
  readonly digits: number;
  readonly groups: readonly DigitGroup[];
}

const isDigitAt = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
};

/** Separators inside a token; a bracket may come with a space: "(212) 555-0123". */
const joins = '-./)(~';
/** Written so it is a phone number; in other places a '_' or '*' divides ids and dial codes. */
const unusualJoins = /^\d{3}([_*])\d{3}\1\d{4}(?![\d_*#])/;
/** Digits from which a token may be a number of its own. */
const wholeNumber = 7;

/** Hands out each maximal run: tokens divided by one or two spaces, a dash between spaces, or the end of a line. */
export function* numberRuns(text: string): Generator<readonly NumberToken[]> {
  let run: NumberToken[] = [];
  let at = 0;
  while (at < text.length) {
    if (!isDigitAt(text, at)) {
      at += 1;
      continue;
    }
    const token = readToken(text, at);
    const before = run.at(-1);
    if (
      before !== undefined &&
      (token.start - before.end > 3 ||
        !/^(?: {1,2}| ?\r?\n| ?- ?| ?\/ ?| ?\(| ?\+)$/.test(text.slice(before.end, token.start)))
    ) {
      yield run;
      run = [];
    }
    run.push(token);
    at = token.end;
    if (run.length >= 4096) {
      yield run;
      run = [];
    }
  }
  if (run.length > 0) yield run;
}

function readToken(text: string, from: number): NumberToken {
  const groups: DigitGroup[] = [];
  let digits = 0;
  let at = from;
  const mark = text[from + 3];
  if ((mark === '_' || mark === '*') && unusualJoins.test(text.slice(from, from + 13))) {
    const cuts = [from, from + 4, from + 8, from + 13];
    const parts = [0, 1, 2].map((index) => ({ start: cuts[index]!, end: cuts[index + 1]! - 1 }));
    return { start: from, end: from + 12, digits: 10, groups: parts };
  }
  for (;;) {
    const start = at;
    while (isDigitAt(text, at)) at += 1;
    groups.push({ start, end: at });
    digits += at - start;
    if (isDigitAt(text, at + 1) && joins.includes(text[at]!)) {
      // Two whole numbers with a stroke between are two; "089/1234567" is one.
      if (text[at] === '/' && digits >= wholeNumber) break;
      at += 1;
    } else if (isDigitAt(text, at + 2) && text[at] === ')' && '- .'.includes(text[at + 1]!))
      at += 2;
    else break;
  }
  const start = text[from - 1] === '(' && text.slice(from, at).includes(')') ? from - 1 : from;
  return { start, end: at, digits, groups };
}

const attachedWord =
  /(?:call|tel|phone|ph|mob|mobile|cell|fax|no|number|cel|handy|whatsapp|imei|imsi|iccid|card|sms|text|at|on)[-_:.=#]?$|wa\.me\/$/i;

/** False for a date, a decimal, an amount or a part of a word: no number spans such a token. */
export function isOpen(text: string, { start, end, groups }: NumberToken): boolean {
  if (groups.length > 1 && (isDate(text, groups) || isDecimal(text, groups))) return false;
  if (isAmidWords(text, start, end)) return true;
  const after = text.slice(end, end + 2);
  if (/^:\d|^,\d|^[\p{L}_]/u.test(after) && !/^[xe]/i.test(after)) return false;
  const lead = text.slice(start > 12 ? start - 12 : 0, start);
  if (/[@$€£¥₦₹₵]\s?$|\d[,:]$/u.test(lead)) return false;
  if (/#\s?$/.test(lead) && !/(?:phone|cell|tel|mobile|ph|fax) ?# ?$/i.test(lead)) return false;
  return (
    !/[\p{L}_][-_/.]?$/u.test(lead) ||
    attachedWord.test(lead) ||
    /[\p{Lo}]$/u.test(lead) ||
    /\p{L}\.$/u.test(lead)
  );
}

/** The common case, without a regex: a space on either side, and a letter or digit before the first. */
function isAmidWords(text: string, start: number, end: number): boolean {
  if (text.charCodeAt(start - 1) !== 32 || (end < text.length && text.charCodeAt(end) !== 32))
    return false;
  const before = text.charCodeAt(start - 2) | 32;
  return (before >= 97 && before <= 122) || isDigitAt(text, start - 2);
}

function isDate(text: string, groups: readonly DigitGroup[]): boolean {
  const [first, second, third] = groups.map((group) => text.slice(group.start, group.end));
  if (
    groups.length === 2 &&
    /^(?:19|20)\d\d$/.test(first!) &&
    /^(?:(?:19|20)\d\d|\d{1,2})$/.test(second!)
  )
    return true;
  if (groups.length !== 3) return false;
  const short = /^\d{1,2}$/;
  const year = /^(?:(?:19|20)\d\d|\d\d)$/;
  return (
    (/^(?:19|20)\d\d$/.test(first!) && short.test(second!) && short.test(third!)) ||
    (short.test(first!) && short.test(second!) && year.test(third!))
  );
}

/** "36.817223" and "1.234.567": a decimal or grouped thousands, not a number to call. */
function isDecimal(text: string, groups: readonly DigitGroup[]): boolean {
  if (groups.length < 2 || text[groups[0]!.end] !== '.') return false;
  if (groups.length === 2) return true;
  const sizes = groups.map((group) => group.end - group.start);
  return sizes[0]! <= 3 && sizes.slice(1).every((size) => size === 3);
}
