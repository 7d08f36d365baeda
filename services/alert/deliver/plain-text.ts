// Text that stems from data, made fit for whatever shows a notice: one line, nothing that hides, reorders or controls.

/** Controls, format characters (bidi, zero-width, tags), line separators, lone surrogates and noncharacters. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\ufdd0-\ufdef\ufffe\uffff]+/gu;

/** One line of at most `maxLength` UTF-16 code units, with `…` at its end where it was longer. */
export function plainText(text: string, maxLength: number): string {
  const line = text.replace(unsafe, ' ').replace(/\s+/g, ' ').trim();
  if (line.length <= maxLength) return line;
  const cut = line.slice(0, maxLength - 1);
  // Half a character is none.
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}
