// Lines → JSON objects, one a line. Depth, keys given twice, lone surrogates and NULs are looked at here, so that
// nothing behind this has to fear them.
import type { RawRecord, RecordReader } from './csv.ts';
import { isBlank } from './csv.ts';
import type { Flaw } from './import-reason.ts';

export interface JsonlOptions {
  /** Objects and arrays inside one another, the record itself counted. */
  readonly maxDepth: number;
}

/** Records of a JSON lines file (jsonlines.org): UTF-8, one object a line, blank lines ignored. */
export function createJsonlReader(options: JsonlOptions): RecordReader {
  return {
    push({ firstLine, lines, flaws }, out) {
      for (let index = 0; index < lines.length; index += 1) {
        const text = lines[index] ?? '';
        const flaw = flaws?.get(index);
        if (flaw !== undefined)
          out.push({ kind: 'flaw', line: firstLine + index, raw: text, flaw });
        else if (!isBlank(text)) out.push(parseLine(text, firstLine + index, options));
      }
    },
    end() {},
  };
}

function parseLine(raw: string, line: number, { maxDepth }: JsonlOptions): RawRecord {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch (error) {
    return {
      kind: 'flaw',
      line,
      raw,
      flaw: { reason: 'invalid-json', detail: whatIsWrong(error) },
    };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`;
    return {
      kind: 'flaw',
      line,
      raw,
      flaw: { reason: 'not-an-object', detail: `the line is ${found}, not an object` },
    };
  }
  // Only an escape can bring in what the line check has not seen.
  const seen = { members: 0 };
  const flaw =
    inspect(value, maxDepth, raw.includes('\\u'), seen) ??
    (seen.members === membersOf(raw) ? undefined : keyGivenTwice);
  return flaw === undefined
    ? { kind: 'object', line, raw, object: value }
    : { kind: 'flaw', line, raw, flaw };
}

const keyGivenTwice: Flaw = {
  reason: 'duplicate-key',
  detail: 'an object of the line has the same key twice, and which value is meant cannot be told',
};

/** Members written in a valid JSON text: its strings that a colon follows. `JSON.parse` keeps one to a key. */
function membersOf(json: string): number {
  let members = 0;
  for (let start = json.indexOf('"'); start >= 0;) {
    let end = json.indexOf('"', start + 1);
    while (isEscaped(json, end)) end = json.indexOf('"', end + 1);
    let after = end + 1;
    while (json[after] === ' ' || json[after] === '\t') after += 1;
    if (json[after] === ':') members += 1;
    start = json.indexOf('"', after);
  }
  return members;
}

function isEscaped(json: string, at: number): boolean {
  let backslashes = 0;
  while (json[at - backslashes - 1] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

/** Goes at most `depthLeft` calls deep; adds the members it has `seen`. */
function inspect(
  value: object,
  depthLeft: number,
  checkText: boolean,
  seen: { members: number },
): Flaw | undefined {
  if (depthLeft === 0)
    return {
      reason: 'too-deep',
      detail: 'objects and arrays lie deeper in one another than allowed',
    };
  if (checkText && !Array.isArray(value))
    for (const key of Object.keys(value)) {
      const flaw = inspectText(key);
      if (flaw !== undefined) return flaw;
    }
  const inners: readonly unknown[] = Object.values(value);
  if (!Array.isArray(value)) seen.members += inners.length;
  for (const inner of inners) {
    let flaw: Flaw | undefined;
    if (typeof inner === 'object' && inner !== null)
      flaw = inspect(inner, depthLeft - 1, checkText, seen);
    else if (checkText && typeof inner === 'string') flaw = inspectText(inner);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

function inspectText(text: string): Flaw | undefined {
  if (!text.isWellFormed())
    return {
      reason: 'lone-surrogate',
      detail: 'a \\u escape gives half a character (a lone surrogate)',
    };
  if (text.includes('\0'))
    return { reason: 'nul-byte', detail: 'an escape \\u0000 gives a NUL character' };
  return undefined;
}

/** V8's message without the excerpt of the line it quotes: that is customers' text. */
function whatIsWrong(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return `broken at character ${Number(position) + 1}`;
  if (message.startsWith('Unexpected end')) return 'ends too early';
  // Here V8 names no position, only the character, which is the customer's.
  return 'broken: something stands in it that JSON does not have, such as NaN or a word without quotes';
}
