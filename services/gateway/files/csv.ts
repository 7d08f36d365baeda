// Lines → delimited records, RFC 4180 with one addition: a quote that is never closed costs the line it
// stands on and no other. Linear in the input, whatever it holds.
import type { Flaw } from './import-reason.ts';
import type { LineBlock } from './lines.ts';

/** One record as it was found: its cells or its JSON object, or why it has none. */
export type RawRecord =
  | {
      readonly kind: 'cells';
      readonly line: number;
      readonly raw: string;
      readonly cells: readonly string[];
    }
  | {
      readonly kind: 'object';
      readonly line: number;
      readonly raw: string;
      readonly object: object;
    }
  | { readonly kind: 'flaw'; readonly line: number; readonly raw: string; readonly flaw: Flaw };

/** Turns blocks of lines into records, in order; `end` hands over what waited for a further line. */
export interface RecordReader {
  push(block: LineBlock, out: RawRecord[]): void;
  end(out: RawRecord[]): void;
}

export interface CsvOptions {
  readonly delimiter: string;
  /** Cells of every record; undefined when the first record, the header, says it. */
  readonly width: number | undefined;
  /** False where a quote is a character like any other, as in most TSV. */
  readonly quotes: boolean;
  /** Bounds of a record with line ends inside quotes; beyond them its quote counts as not closed. */
  readonly maxRecordChars: number;
  readonly maxRecordLines: number;
}

const quoteCode = 0x22;

interface HeldLine {
  readonly line: number;
  readonly text: string;
  readonly flaw: Flaw | undefined;
}

/** How a record's scan stands at the end of a line. */
type Scan = 'complete' | 'open' | 'text-after-quote';

/**
 * Records of a delimited file, the header among them: it is the first record, and its width is then everyone's.
 * A record takes the line number of its first line.
 *
 * While a quote is open, lines are held. When the record closes, breaks, or reaches its bounds without
 * closing, its first line is refused and the held lines are read again, one by one. A line that opens a
 * quote there would take the same way again, so it is refused at once: that is what keeps this linear.
 */
export function createCsvReader(options: CsvOptions): RecordReader {
  const { delimiter, quotes } = options;
  const delimiterCode = delimiter.charCodeAt(0);
  let expected = options.width;
  let held: HeldLine[] = [];
  let heldChars = 0;
  let cells: string[] = [];
  let openCell = '';

  /** Reads on in `text` from an open quote or a fresh line; fills `cells` and `openCell`. */
  function scan(text: string, isOpen: boolean): Scan {
    let inQuotes = isOpen;
    let at = 0;
    for (;;) {
      if (!inQuotes) {
        if (text.charCodeAt(at) === quoteCode) {
          inQuotes = true;
          openCell = '';
          at += 1;
        } else {
          const end = text.indexOf(delimiter, at);
          if (end < 0) {
            cells.push(text.slice(at));
            return 'complete';
          }
          cells.push(text.slice(at, end));
          at = end + 1;
          continue;
        }
      }
      const quote = text.indexOf('"', at);
      if (quote < 0) {
        openCell += `${text.slice(at)}\n`;
        return 'open';
      }
      openCell += text.slice(at, quote);
      const after = text.charCodeAt(quote + 1);
      at = quote + 2;
      if (after === quoteCode) {
        openCell += '"';
        continue;
      }
      const isLineEnd = quote + 1 === text.length;
      if (!isLineEnd && after !== delimiterCode) return 'text-after-quote';
      cells.push(openCell);
      inQuotes = false;
      if (isLineEnd) return 'complete';
    }
  }

  function scanAlone(text: string): Scan {
    cells = [];
    if (!quotes || !text.includes('"')) {
      cells = text.split(delimiter);
      return 'complete';
    }
    return scan(text, false);
  }

  function finish(line: number, raw: string, flaw: Flaw | undefined, out: RawRecord[]): void {
    if (flaw !== undefined) out.push({ kind: 'flaw', line, raw, flaw });
    else if (cells.length !== (expected ??= cells.length))
      out.push({ kind: 'flaw', line, raw, flaw: columnCount(cells.length, expected) });
    else out.push({ kind: 'cells', line, raw, cells });
  }

  /** A line outside any quote. `mayHold` is false for lines that were held before. */
  function takeLine(one: HeldLine, mayHold: boolean, out: RawRecord[]): void {
    const { line, text, flaw } = one;
    if (flaw !== undefined && isCutShort(flaw)) {
      out.push({ kind: 'flaw', line, raw: text, flaw });
      return;
    }
    if (isBlank(text)) return;
    const state = scanAlone(text);
    if (state === 'complete') finish(line, text, flaw, out);
    else if (state === 'text-after-quote')
      out.push({ kind: 'flaw', line, raw: text, flaw: flaw ?? textAfterQuote });
    else if (mayHold) {
      held = [one];
      heldChars = text.length;
    } else out.push({ kind: 'flaw', line, raw: text, flaw: flaw ?? quoteNotClosed });
  }

  /** Refuses the first held line and reads the others as lines of their own. */
  function resume(out: RawRecord[], isLastOnItsWay: boolean): void {
    const [first, ...others] = held;
    held = [];
    if (first === undefined) return;
    out.push({
      kind: 'flaw',
      line: first.line,
      raw: first.text,
      flaw: first.flaw ?? quoteNotClosed,
    });
    others.forEach((one, index) => {
      takeLine(one, !isLastOnItsWay && index === others.length - 1, out);
    });
  }

  function continueHeld(one: HeldLine, out: RawRecord[]): void {
    const cut = one.flaw !== undefined && isCutShort(one.flaw);
    const state = cut ? 'text-after-quote' : scan(one.text, true);
    held.push(one);
    heldChars += one.text.length + 1;
    const [first] = held;
    if (first === undefined) return;
    if (state === 'text-after-quote') resume(out, false);
    else if (state === 'open') {
      if (heldChars > options.maxRecordChars || held.length >= options.maxRecordLines)
        resume(out, true);
    } else if (isTwoRecords()) resume(out, false);
    else {
      // isTwoRecords may have scanned another line meanwhile; the record's own cells are restored by it.
      const raw = held.map(({ text }) => text).join('\n');
      const flaw = held.find((each) => each.flaw !== undefined)?.flaw;
      held = [];
      finish(first.line, raw, flaw, out);
    }
  }

  /**
   * A quote forgotten on one line can be "closed" by a quote that opens a cell lines below. Such a record
   * has the wrong number of columns while the line after its first is a whole record by itself.
   */
  function isTwoRecords(): boolean {
    if (expected === undefined || cells.length === expected) return false;
    const found = cells;
    const state = scanAlone(held[1]?.text ?? '');
    const isRecord = state === 'complete' && cells.length === expected;
    cells = found;
    return isRecord;
  }

  return {
    push({ firstLine, lines, flaws }, out) {
      for (let index = 0; index < lines.length; index += 1) {
        const text = lines[index] ?? '';
        const flaw = flaws?.get(index);
        const line = firstLine + index;
        // The way of nearly every line: no quote, no flaw, nothing held.
        if (held.length === 0 && flaw === undefined && !(quotes && text.includes('"'))) {
          if (isBlank(text)) continue;
          cells = text.split(delimiter);
          finish(line, text, undefined, out);
        } else if (held.length === 0) takeLine({ line, text, flaw }, true, out);
        else continueHeld({ line, text, flaw }, out);
      }
    },
    end(out) {
      // Nothing follows that could close the quote of the last line read again, so one pass is enough.
      resume(out, true);
    },
  };
}

const quoteNotClosed: Flaw = {
  reason: 'quote-not-closed',
  detail: 'a quoted cell starts on this line and does not end; reading went on with the next line',
};

const textAfterQuote: Flaw = {
  reason: 'text-after-quote',
  detail: 'a quoted cell is followed by text; a quote inside a quoted cell is written twice ("")',
};

function columnCount(found: number, expected: number): Flaw {
  return { reason: 'column-count', detail: `${found} columns where the header has ${expected}` };
}

/** The line's end is missing, so whether a quote closes on it is unknown. */
function isCutShort(flaw: Flaw): boolean {
  return flaw.reason === 'line-too-long' || flaw.reason === 'truncated-gzip';
}

/** Empty or spaces alone: no record. A line of delimiters is one. */
export function isBlank(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) !== 0x20) return false;
  return true;
}
