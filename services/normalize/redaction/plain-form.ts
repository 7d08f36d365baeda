// The text as a plain reader sees it: fullwidth and other scripts' digits as ASCII, every dash as '-',
// every space as ' ', invisible characters gone. Offsets lead back to the text as it was written.

export interface PlainForm {
  readonly plain: string;
  /** For each unit of `plain` (and one past its end) the offset in the written text. */
  readonly origin: Uint32Array;
  /** For each unit of `plain` the offset just past it in the written text. */
  readonly originEnd: Uint32Array;
}

/** First code points of the decimal digit runs people paste: Arabic, Persian, Indic, fullwidth, styled. */
const digitZeros = [
  0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0x1040,
  0xff10, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1fbf0,
];

const invisible = /^(?:\p{Default_Ignorable_Code_Point}|\p{Cf}|\p{Mn})$/u;
const space = /^(?:\p{Zs}|[\u2028\u2029])$/u;
const dash = /^(?:\p{Pd}|\u2212)$/u;

function plainOf(code: number): string {
  const character = String.fromCodePoint(code);
  for (const zero of digitZeros) {
    if (code >= zero && code <= zero + 9) return String(code - zero);
  }
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xfee0);
  if (code === 0x2019 || code === 0x2018 || code === 0x2bc) return "'";
  if (code === 0x2024 || code === 0x3002 || code === 0xff61) return '.';
  if (space.test(character)) return ' ';
  if (dash.test(character)) return '-';
  return invisible.test(character) ? '' : character;
}

/** Memory is bounded by what Unicode has; a text uses a few dozen of them. */
const known = new Map<number, string>();

/** Builds the plain form. Linear; call it only when the survey saw a disguise. */
export function toPlainForm(text: string): PlainForm {
  const origin = new Uint32Array(text.length + 1);
  const originEnd = new Uint32Array(text.length + 1);
  const parts: string[] = [];
  let size = 0;
  for (let at = 0; at < text.length;) {
    const code = text.codePointAt(at)!;
    const width = code > 0xffff ? 2 : 1;
    let plain: string | undefined;
    if (code < 0x80) plain = text[at]!;
    else {
      plain = known.get(code);
      if (plain === undefined) {
        plain = plainOf(code);
        if (known.size < 4096) known.set(code, plain);
      }
    }
    for (let unit = 0; unit < plain.length; unit += 1) {
      origin[size] = at;
      originEnd[size] = at + width;
      size += 1;
    }
    if (plain !== '') parts.push(plain);
    at += width;
  }
  origin[size] = text.length;
  originEnd[size] = text.length;
  return { plain: parts.join(''), origin, originEnd };
}
