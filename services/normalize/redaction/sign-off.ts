// Names below the thanks at the end of a message: "Thanks, Maria Garcia". Companies are thanked the same way: behind a
// comma a common given name is needed, on a line to itself any name that is no brand or mood.
import { endOfSignature } from './introduction.ts';
import type { Span } from './span.ts';

const cue =
  /(?<!\p{L})(?:thanks|thank you|thx|best|best wishes|cheers|gracias|merci|danke|obrigad[oa]|grazie)(?:[,.!-]{1,3}|(?=[\r\n])) {0,3}(\r?\n(?:\r?\n)?)? {0,3}(?:[-~] {0,2})?(?=\p{L})/giu;
const lineEnds = /^[.!]? {0,4}(?:[\r\n]|$)/u;

/** Adds a span for each name that stands alone behind such words to the end of its line. `text` is in plain form. */
export function findSignOffs(text: string, spans: Span[]): void {
  for (const match of text.matchAll(cue)) {
    const start = match.index + match[0].length;
    const end = endOfSignature(text, start, match[1] !== undefined);
    if (end === undefined || !lineEnds.test(text.slice(end, end + 8))) continue;
    spans.push({ start, end, type: 'name' });
  }
}
