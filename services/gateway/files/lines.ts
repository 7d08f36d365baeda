// Bytes → lines. Every physical line comes out once, in order, with its number; one that cannot be read
// carries its flaw and takes no other with it. Memory is one chunk and one line, whatever the file holds.
import { isUtf8 } from 'node:buffer';
import { SignpostError } from '#core/errors.ts';
import { maxRawBytes, type Flaw } from './import-reason.ts';
import type { BytesOrFlaw } from './open-file.ts';

/** Consecutive lines without their terminators. A flawed line's text is what could be kept of it. */
export interface LineBlock {
  /** Number of `lines[0]` in the file, counted from 1. */
  readonly firstLine: number;
  readonly lines: string[];
  /** By index into `lines`. */
  readonly flaws: ReadonlyMap<number, Flaw> | undefined;
}

export interface LineOptions {
  /** The mapping's encoding, a WHATWG label; a byte order mark in the file overrules it. */
  readonly encoding: string;
  readonly maxLineBytes: number;
}

const lf = 0x0a;
const cr = 0x0d;
// No UTF-8 text holds this byte: it stands for what a decoder could not read, and the line check finds it.
const undecodable = Buffer.from([0xff]);

/**
 * Lines end with LF or CRLF; a file whose first line ends with a bare CR is read as CR-terminated. The
 * first chunk must hold the file's first 4 bytes (byte order mark). Where an archive breaks off, the last
 * line is the rest that could be read, flawed with the archive's reason. Throws `unsupported-encoding`.
 */
export async function* readLines(
  chunks: AsyncIterable<BytesOrFlaw>,
  options: LineOptions,
): AsyncGenerator<LineBlock> {
  let decoder: Decoder | undefined;
  let bareCr: boolean | undefined;
  let heldCr = false;
  let carry: Buffer[] = [];
  /** Bytes of the line that `carry` begins; beyond the limit it does not hold them all. */
  let heldBytes = 0;
  let endsWithCr = false;
  // With room for a CR that may yet prove to belong to the line's end.
  const keptBytes = Math.max(options.maxLineBytes + 1, maxRawBytes);
  let line = 1;
  let broken: Flaw | undefined;

  const hold = (bytes: Buffer): void => {
    if (heldBytes < keptBytes) carry.push(bytes);
    heldBytes += bytes.length;
    endsWithCr = bytes.length > 0 ? bytes.at(-1) === cr : endsWithCr;
  };
  const takeHeld = (flaw: Flaw | undefined): LineBlock => {
    const kept = Buffer.concat(carry);
    const problem =
      kept.length < heldBytes ? overlong(heldBytes - (endsWithCr ? 1 : 0), options) : flaw;
    const block: LineBlock =
      problem === undefined
        ? toBlock(kept, line, options)
        : { firstLine: line, lines: [toText(headOf(kept))], flaws: new Map([[0, problem]]) };
    line += block.lines.length;
    carry = [];
    heldBytes = 0;
    return block;
  };

  for await (const item of chunks) {
    if (!Buffer.isBuffer(item)) {
      broken = item;
      continue;
    }
    decoder ??= chooseDecoder(item, options.encoding);
    let bytes = decoder(item);
    bareCr ??= endsLinesWithBareCr(bytes);
    if (bareCr) [bytes, heldCr] = turnBareCrIntoLf(bytes, heldCr);
    let start = 0;
    if (carry.length > 0) {
      const end = bytes.indexOf(lf);
      hold(end < 0 ? bytes : bytes.subarray(0, end));
      if (end < 0) continue;
      yield takeHeld(undefined);
      start = end + 1;
    }
    const last = bytes.lastIndexOf(lf);
    if (last >= start) {
      const block = toBlock(bytes.subarray(start, last), line, options);
      line += block.lines.length;
      yield block;
      start = last + 1;
    }
    if (start < bytes.length) hold(bytes.subarray(start));
  }
  const rest = decoder?.(undefined);
  if (rest !== undefined && rest.length > 0) hold(rest);
  if (broken !== undefined) {
    // A line that is too long and cut off is too long; the cut then has a line of its own.
    if (heldBytes > keptBytes) yield takeHeld(undefined);
    yield takeHeld(broken);
  } else if (carry.length > 0) yield takeHeld(undefined);
}

/**
 * Lines of a refused record once more, with the flaws they have when read with `options`.
 * @param kept what was kept of it: for a line flawed by its encoding what `toText` made of its bytes
 */
export function rereadLines(
  kept: { readonly text: string; readonly firstLine: number; readonly reason: string },
  options: LineOptions,
): LineBlock {
  const { text, firstLine, reason } = kept;
  if (reason !== 'invalid-encoding') return toBlock(Buffer.from(text), firstLine, options);
  const bytes = Buffer.from(text, 'latin1');
  // Of what a decoder could not read, its sign alone was kept.
  if (bytes.includes(undecodable)) return toBlock(bytes, firstLine, options);
  const decoder = chooseDecoder(bytes, options.encoding);
  return toBlock(Buffer.concat([decoder(bytes), decoder(undefined)]), firstLine, options);
}

function toBlock(bytes: Buffer, firstLine: number, options: LineOptions): LineBlock {
  if (bytes.length > options.maxLineBytes || !isUtf8(bytes) || bytes.includes(0))
    return toCheckedBlock(bytes, firstLine, options);
  const text = bytes.toString('utf8');
  const lines = text.split('\n');
  if (text.includes('\r'))
    for (let index = 0; index < lines.length; index += 1)
      lines[index] = withoutCr(lines[index] ?? '');
  return { firstLine, lines, flaws: undefined };
}

/** The slow way, line by line, for a block in which something is wrong. */
function toCheckedBlock(bytes: Buffer, firstLine: number, options: LineOptions): LineBlock {
  const lines: string[] = [];
  const flaws = new Map<number, Flaw>();
  for (let start = 0; start <= bytes.length;) {
    const next = bytes.indexOf(lf, start);
    const end = next < 0 ? bytes.length : next;
    const one = bytes.subarray(start, end > start && bytes[end - 1] === cr ? end - 1 : end);
    const flaw = flawOf(one, options);
    if (flaw !== undefined) flaws.set(lines.length, flaw);
    lines.push(toText(flaw?.reason === 'line-too-long' ? headOf(one) : one));
    start = end + 1;
  }
  return { firstLine, lines, flaws: flaws.size > 0 ? flaws : undefined };
}

function flawOf(line: Buffer, options: LineOptions): Flaw | undefined {
  if (line.length > options.maxLineBytes) return overlong(line.length, options);
  if (!isUtf8(line)) return { reason: 'invalid-encoding', detail: whatIsNotText(line, options) };
  const nul = line.indexOf(0);
  if (nul < 0) return undefined;
  return { reason: 'nul-byte', detail: `byte ${nul + 1} of the line is NUL` };
}

function whatIsNotText(line: Buffer, { encoding }: LineOptions): string {
  const text = line.toString('utf8');
  const at = Buffer.byteLength(text.slice(0, text.indexOf('\ufffd')));
  const byte = line[at] ?? 0;
  if (byte === undecodable[0]) return `byte ${at + 1} of the line is not valid in this encoding`;
  const hex = byte.toString(16).toUpperCase();
  return (
    `byte ${at + 1} of the line (0x${hex}) is not ${encoding === 'utf-8' ? 'UTF-8' : encoding}; ` +
    `if the whole file is in another encoding, name it in the mapping, such as encoding: windows-1252`
  );
}

function overlong(bytes: number, { maxLineBytes }: LineOptions): Flaw {
  return {
    reason: 'line-too-long',
    detail: `the line has ${bytes} bytes, the limit is ${maxLineBytes}`,
  };
}

/** Invalid bytes are shown one by one as the first 256 characters, so that the original can be restored. */
function toText(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('latin1');
}

/** The first maxRawBytes, cut at a character's edge. */
function headOf(bytes: Buffer): Buffer {
  let end = Math.min(bytes.length, maxRawBytes);
  while (end < bytes.length && end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

function withoutCr(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function endsLinesWithBareCr(bytes: Buffer): boolean {
  const first = bytes.indexOf(cr);
  if (first < 0 || bytes[first + 1] === lf) return false;
  const firstLf = bytes.indexOf(lf);
  return firstLf < 0 || first < firstLf;
}

/** CRLF stays as it is; a CR at the chunk's end waits for the next chunk to tell the two apart. */
function turnBareCrIntoLf(chunk: Buffer, heldCr: boolean): [bytes: Buffer, heldCr: boolean] {
  const bytes = heldCr ? Buffer.concat([Buffer.from([cr]), chunk]) : Buffer.from(chunk);
  for (let at = bytes.indexOf(cr); at >= 0; at = bytes.indexOf(cr, at + 1)) {
    if (at === bytes.length - 1) return [bytes.subarray(0, at), true];
    if (bytes[at + 1] !== lf) bytes[at] = lf;
  }
  return [bytes, false];
}

/** Bytes in the file's encoding → UTF-8 bytes; called with undefined at the end for what is left. */
type Decoder = (chunk: Buffer | undefined) => Buffer;

function chooseDecoder(head: Buffer, declared: string): Decoder {
  const mark = head.toString('hex', 0, 4);
  if (mark === 'fffe0000' || mark === '0000feff')
    throw new SignpostError(
      'unsupported-encoding',
      'The file is UTF-32, which import does not read.',
      {
        hint: 'Save it as UTF-8.',
      },
    );
  if (mark.startsWith('efbbbf')) return utf8Decoder(3);
  if (mark.startsWith('fffe')) return utf16Decoder(false, 2);
  if (mark.startsWith('feff')) return utf16Decoder(true, 2);
  const { encoding } = new TextDecoder(declared);
  if (encoding === 'utf-8') return utf8Decoder(0);
  if (encoding === 'utf-16le' || encoding === 'utf-16be')
    return utf16Decoder(encoding === 'utf-16be', 0);
  return legacyDecoder(encoding);
}

function utf8Decoder(markBytes: number): Decoder {
  let skip = markBytes;
  return (chunk) => {
    if (chunk === undefined) return Buffer.alloc(0);
    const bytes = skip > 0 ? chunk.subarray(skip) : chunk;
    skip = 0;
    return bytes;
  };
}

function utf16Decoder(bigEndian: boolean, markBytes: number): Decoder {
  let rest: Buffer = Buffer.alloc(0);
  let skip = markBytes;
  return (chunk) => {
    if (chunk === undefined) return rest.length > 0 ? undecodable : rest;
    const all = Buffer.concat([rest, chunk.subarray(skip)]);
    skip = 0;
    let end = all.length - (all.length % 2);
    // The first half of a surrogate pair waits for its other half.
    const lastUnit =
      end < 2 ? 0 : bigEndian ? all.readUInt16BE(end - 2) : all.readUInt16LE(end - 2);
    if (lastUnit >= 0xd800 && lastUnit <= 0xdbff) end -= 2;
    rest = all.subarray(end);
    const units = all.subarray(0, end);
    const text = (bigEndian ? Buffer.from(units).swap16() : units).toString('utf16le');
    return text.isWellFormed() ? Buffer.from(text) : markUndecodable(text.split(/\p{Cs}/u));
  };
}

function legacyDecoder(encoding: string): Decoder {
  const decoder = new TextDecoder(encoding);
  return (chunk) => {
    const text = chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    return text.includes('\ufffd') ? markUndecodable(text.split('\ufffd')) : Buffer.from(text);
  };
}

function markUndecodable(parts: readonly string[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part, index) =>
      index === 0 ? [Buffer.from(part)] : [undecodable, Buffer.from(part)],
    ),
  );
}
