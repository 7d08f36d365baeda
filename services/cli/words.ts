// A customer's words as lines of a terminal: quoted, wrapped, with what spoke for a judgement marked.
import { displayWidth, safeText } from './safe-text.ts';

/** A stretch of text, in UTF-16 units, end exclusive. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface QuoteShape {
  readonly columns: number;
  readonly maxLines: number;
  readonly mark: (word: string) => string;
}

/** The text as quoted lines of at most `columns`; what does not fit into `maxLines` ends in `…`. */
export function quoteLines(
  text: string,
  marked: readonly Stretch[],
  { columns, maxLines, mark }: QuoteShape,
): string[] {
  const lines: string[] = [];
  let line = '“';
  let width = 1;
  let isFirst = true;
  for (const { word, start, end } of wordsOf(text)) {
    const safe = safeText(word);
    const wordWidth = displayWidth(safe);
    if (!isFirst && width + 1 + wordWidth > columns) {
      lines.push(line);
      if (lines.length === maxLines) {
        lines[maxLines - 1] += ' …”';
        return lines;
      }
      line = ' ';
      width = 1;
    } else if (!isFirst) {
      line += ' ';
      width += 1;
    }
    // A word longer than a line is left to the terminal to break.
    const isMarked = marked.some((stretch) => stretch.start < end && stretch.end > start);
    line += isMarked ? mark(safe) : safe;
    width += wordWidth;
    isFirst = false;
  }
  lines.push(`${line}”`);
  return lines;
}

function* wordsOf(text: string): Generator<{ word: string; start: number; end: number }> {
  // Not \S: the line separators and other hidden characters of \s are shown, as everywhere.
  for (const match of text.matchAll(/[^\p{Zs}\t\r\n]+/gu)) {
    yield { word: match[0], start: match.index, end: match.index + match[0].length };
  }
}
