// What commands print: lines on stdout, colours only where a person looks, JSON that no terminal can be hurt by.
import { once } from 'node:events';

export interface Styles {
  readonly bold: Style;
  readonly dim: Style;
  readonly underline: Style;
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly cyan: Style;
}
type Style = (text: string) => string;

export interface Output {
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  /** Columns to write in: the terminal's, else 100. */
  readonly columns: number;
  readonly styles: Styles;
  /** Writes text and a line break, waiting while the reader cannot keep up. The text is safe already. */
  readonly line: (text?: string) => Promise<void>;
  /** Writes a value as one line of JSON. */
  readonly json: (value: unknown) => Promise<void>;
}

interface Sink {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): boolean;
  once(event: string, listener: () => void): unknown;
}

/** @param env decides on colours: NO_COLOR (any value) and TERM=dumb turn them off. */
export function createOutput(
  sink: Sink = process.stdout,
  env: NodeJS.ProcessEnv = process.env,
): Output {
  const isTerminal = sink.isTTY === true;
  const write = async (text: string): Promise<void> => {
    if (!sink.write(text)) await once(sink as unknown as NodeJS.EventEmitter, 'drain');
  };
  return {
    isTerminal,
    columns: Math.max(40, isTerminal ? sizeOf(sink).columns : 100),
    styles: isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb' ? coloured : plain,
    line: (text = '') => write(`${text}\n`),
    json: (value) => write(`${toJson(value)}\n`),
  };
}

/** A terminal's size; one that does not know its own says 0 of it, and is taken for 80 by 24. */
export function sizeOf({ columns, rows }: { readonly columns?: number; readonly rows?: number }): {
  readonly columns: number;
  readonly rows: number;
} {
  const isKnown = (size: number | undefined): size is number => size !== undefined && size > 0;
  return { columns: isKnown(columns) ? columns : 80, rows: isKnown(rows) ? rows : 24 };
}

/** A reader that went away (`| head`) is no failure: it has what it wanted. */
export function endQuietlyWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

const unsafeInJson = /[\x7f-\x9f\p{Cf}\u2028\u2029]/gu;

/** JSON on one line, with every character escaped that could act upon a terminal. Parses to the same value. */
export function toJson(value: unknown): string {
  return JSON.stringify(value).replace(unsafeInJson, (character) => {
    let escaped = '';
    for (let i = 0; i < character.length; i += 1) {
      escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
    }
    return escaped;
  });
}

const sgr =
  (on: number, off: number): Style =>
  (text) =>
    text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`;

const coloured: Styles = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  underline: sgr(4, 24),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  cyan: sgr(36, 39),
};

const same: Style = (text) => text;
const plain: Styles = {
  bold: same,
  dim: same,
  underline: same,
  red: same,
  green: same,
  yellow: same,
  cyan: same,
};
