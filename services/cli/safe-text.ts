// Text that stems from data, made fit for a terminal: it can neither move the cursor, nor colour, nor reorder, nor fake
// a line. What would do so is shown instead: ESC as ␛, a bidi override as \u{202e}.

/** Controls, format characters (bidi, zero-width, tags, soft hyphen), line separators and lone surrogates. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** More marks upon one letter than any script needs: they would run into the lines above and below. */
const markFlood = /(\p{M}{8})\p{M}+/gu;
const plainAscii = /^[\x20-\x7e]*$/;

/** One line of text that does nothing to the terminal it is printed on. */
export function safeText(text: string): string {
  if (plainAscii.test(text)) return text;
  return text.replace(unsafe, visible).replace(markFlood, '$1\u{fffd}');
}

/** The same for a text of several lines: its line breaks are kept. */
export function safeLines(text: string): string {
  return text.split(/\r?\n/).map(safeText).join('\n');
}

/** A path or word as a shell takes it, for commands to copy. */
export function shellWord(word: string): string {
  const safe = safeText(word);
  return /^[\w./:@%+-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", String.raw`'\''`)}'`;
}

/** Several lines as one: line breaks and tabs are spaces, the rest as `safeText`. */
export function oneLine(text: string): string {
  // Trimmed last: before, it would take hidden characters at the ends for spaces.
  return safeText(text.replace(/[\r\n\t]+/g, ' ')).trim();
}

function visible(character: string): string {
  const code = character.codePointAt(0)!;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u{2421}';
  if (code >= 0xd800 && code <= 0xdfff) return '\u{fffd}';
  return `\\u{${code.toString(16)}}`;
}

let segmenter: Intl.Segmenter | undefined;

function* graphemes(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

/** Columns that a safe text takes. */
export function displayWidth(text: string): number {
  if (plainAscii.test(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemes(text)) width += widthOf(grapheme);
  return width;
}

/** The text, or as much of it as fits into `columns` with `…` at its end. */
export function truncate(text: string, columns: number): string {
  if (text.length <= columns && plainAscii.test(text)) return text;
  let width = 0;
  let end = 0;
  let fitting = 0;
  for (const grapheme of graphemes(text)) {
    width += widthOf(grapheme);
    if (width > columns) return `${text.slice(0, fitting)}…`;
    end += grapheme.length;
    if (width < columns) fitting = end;
  }
  return text;
}

/** Fills up with spaces to `columns`, or cuts. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'right'): string {
  const cut = truncate(text, columns);
  const spaces = ' '.repeat(Math.max(0, columns - displayWidth(cut)));
  return side === 'right' ? cut + spaces : spaces + cut;
}

/** East Asian wide and full-width blocks (Unicode 16, UAX #11), as first and last code points. */
const wideRanges = [
  0x1100, 0x115f, 0x2e80, 0x303e, 0x3041, 0x33ff, 0x3400, 0x4dbf, 0x4e00, 0x9fff, 0xa000, 0xa4cf,
  0xa960, 0xa97f, 0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe30, 0xfe6f, 0xff00, 0xff60, 0xffe0, 0xffe6,
  0x17000, 0x18dff, 0x1b000, 0x1b2ff, 0x1f200, 0x1f2ff, 0x20000, 0x3fffd,
];
const emoji = /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\u{fe0f})/u;

function widthOf(grapheme: string): number {
  const code = grapheme.codePointAt(0)!;
  if (code < 0x300) return 1;
  if (/^\p{M}/u.test(grapheme)) return 0;
  if (emoji.test(grapheme)) return 2;
  for (let i = 0; i < wideRanges.length; i += 2) {
    if (code >= wideRanges[i]! && code <= wideRanges[i + 1]!) return 2;
  }
  return 1;
}
