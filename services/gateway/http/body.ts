// A request's body, from the wire to input objects, within bounds: size before and after unpacking, depth, count.
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Problem } from '#core/http/problem.ts';
import { refuse, type Refusal } from '#core/refusal.ts';

export const mediaTypes = ['application/json', 'application/x-ndjson'] as const;
export const maxDepth = 32;

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly maxRecordsPerRequest: number;
}

/** One input object, or why its line is not one. */
export type Item =
  | { readonly index: number; readonly value: unknown }
  | { readonly index: number; readonly refusal: Refusal };

/**
 * Reads the body, unpacking gzip. `grow` is told of every piece before it is kept, and may throw to refuse it.
 * The stream is never destroyed, only left to run dry, so that the answer still reaches the sender.
 * @throws Problem 413, 415, 400.
 */
export function readBody(
  stream: Readable,
  headers: IncomingHttpHeaders,
  { maxBodyBytes }: BodyLimits,
  grow: (bytes: number) => void,
): Promise<Buffer> {
  const gzip = isGzip(headers['content-encoding']);
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge(maxBodyBytes);
  return new Promise((resolve, reject) => {
    const gunzip = gzip ? createGunzip() : undefined;
    const plain: Readable = gunzip ?? stream;
    const pieces: Buffer[] = [];
    let length = 0;

    function settle(problem?: unknown): void {
      stream.off('close', onClose);
      stream.off('data', countPacked);
      plain.off('data', keep);
      if (gunzip !== undefined) {
        stream.unpipe(gunzip);
        gunzip.destroy();
      }
      stream.resume();
      if (problem === undefined) resolve(Buffer.concat(pieces, length));
      else reject(problem);
    }
    function keep(piece: Buffer): void {
      length += piece.length;
      try {
        if (length > maxBodyBytes) throw tooLarge(maxBodyBytes);
        grow(piece.length);
      } catch (problem) {
        settle(problem);
        return;
      }
      pieces.push(piece);
    }
    let packed = 0;
    function countPacked(piece: Buffer): void {
      packed += piece.length;
      if (packed > maxBodyBytes) settle(tooLarge(maxBodyBytes));
    }
    function onClose(): void {
      // Unpacking may still be going on after the last piece came.
      if (stream.readableEnded) return;
      settle(new Problem(400, 'connection-lost', 'The connection ended before the body did.'));
    }

    plain.on('data', keep);
    plain.once('end', () => settle());
    stream.on('error', onClose);
    stream.once('close', onClose);
    if (gunzip !== undefined) {
      gunzip.on('error', () =>
        settle(new Problem(400, 'invalid-gzip', 'The body is not complete, valid gzip.')),
      );
      stream.on('data', countPacked);
      stream.pipe(gunzip);
    }
  });
}

function isGzip(encoding: string | undefined): boolean {
  const name = encoding?.trim().toLowerCase() ?? 'identity';
  if (name === 'gzip' || name === 'x-gzip') return true;
  if (name === 'identity' || name === '') return false;
  throw new Problem(415, 'unsupported-encoding', 'The content encoding is not supported.', {
    hint: 'Send the body plain or with content-encoding: gzip.',
  });
}

function tooLarge(maxBodyBytes: number): Problem {
  return new Problem(
    413,
    'body-too-large',
    `The body is larger than ${maxBodyBytes} bytes, unpacked or not.`,
    {
      hint: 'Send fewer records in a request.',
    },
  );
}

/**
 * The input objects of a body: one object, a list, `{records: [...]}`, or one JSON value a line.
 * @throws Problem 400 when the body as a whole cannot be read, 413 for too many records.
 */
export function parseItems(
  body: Buffer,
  mediaType: (typeof mediaTypes)[number],
  limits: BodyLimits,
): readonly Item[] {
  if (!isUtf8(body)) throw new Problem(400, 'invalid-utf8', 'The body is not valid UTF-8.');
  const text = withoutMark(body.toString('utf8'));
  if (text.trim() === '') throw new Problem(400, 'empty-body', 'The body is empty.');
  const items =
    mediaType === 'application/json'
      ? jsonItems(text)
      : lineItems(text, limits.maxRecordsPerRequest);
  if (items.length === 0) throw new Problem(400, 'no-records', 'The body holds no records.');
  if (items.length > limits.maxRecordsPerRequest) throw tooManyRecords(limits.maxRecordsPerRequest);
  return items;
}

function tooManyRecords(maxRecordsPerRequest: number): Problem {
  return new Problem(
    413,
    'too-many-records',
    `A request may hold at most ${maxRecordsPerRequest} records.`,
    {
      hint: 'Send them in several requests.',
    },
  );
}

function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function jsonItems(text: string): readonly Item[] {
  if (isTooDeep(text))
    throw new Problem(400, 'too-deep', `The body is nested deeper than ${maxDepth} levels.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    throw new Problem(400, 'invalid-json', 'The body is not valid JSON.');
  }
  return recordsOf(value).map((record, index) => ({ index, value: record }));
}

function recordsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'records'))
    return [value];
  if (Object.keys(value).length > 1) {
    throw new Problem(400, 'unknown-field', 'Beside "records" the body may hold nothing else.');
  }
  const records: unknown = Reflect.get(value, 'records');
  if (Array.isArray(records)) return records;
  throw new Problem(400, 'invalid-json', '"records" must be a list.', { field: 'records' });
}

/** Lines count from 0, blank ones too, so that an index leads to its line. */
function lineItems(text: string, maxRecords: number): readonly Item[] {
  const items: Item[] = [];
  let index = 0;
  for (let start = 0; start < text.length; index += 1) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    if (line.trim() === '') continue;
    if (items.length === maxRecords) throw tooManyRecords(maxRecords);
    items.push(lineItem(line, index));
  }
  return items;
}

function lineItem(line: string, index: number): Item {
  if (isTooDeep(line)) {
    return {
      index,
      refusal: refuse('invalid-json', '', `is nested deeper than ${maxDepth} levels`),
    };
  }
  try {
    return { index, value: JSON.parse(line) as unknown };
  } catch {
    return { index, refusal: refuse('invalid-json', '', 'is not valid JSON') };
  }
}

/** Whether brackets outside of strings nest deeper than `maxDepth`. Looks at each character once and builds nothing. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (inString) {
      if (character === 0x5c) at += 1;
      else if (character === 0x22) inString = false;
    } else if (character === 0x22) inString = true;
    else if (character === 0x5b || character === 0x7b) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (character === 0x5d || character === 0x7d) depth -= 1;
  }
  return false;
}
