// Answers compressed on the way, where the caller takes it and it is worth it.
import { promisify } from 'node:util';
import {
  brotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  gzip,
  type BrotliOptions,
  type ZlibOptions,
} from 'node:zlib';
import type { Transform } from 'node:stream';

export type Encoding = 'br' | 'gzip';

/** Below, a packet is saved at best. */
export const worthBytes = 1400;

/** Fast ones: an answer is asked for once, and time counts. */
const brotli: BrotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
const zip: ZlibOptions = { level: 5 };

/** Undefined for as it is. @param accept the Accept-Encoding header (RFC 9110, section 12.5.3) */
export function encodingFor(accept: string | string[] | undefined): Encoding | undefined {
  const taken = new Set(
    String(accept ?? '')
      .toLowerCase()
      .split(',')
      .map((part) => part.split(';').map((piece) => piece.trim()))
      .flatMap(([coding, q]) => (/^q=0(\.0*)?$/.test(q ?? '') ? [] : [coding])),
  );
  return (['br', 'gzip'] as const).find((coding) => taken.has(coding));
}

const brotliBytes = promisify<Buffer, BrotliOptions, Buffer>(brotliCompress);
const gzipBytes = promisify<Buffer, ZlibOptions, Buffer>(gzip);

export function encoded(bytes: Buffer, encoding: Encoding): Promise<Buffer> {
  return encoding === 'br' ? brotliBytes(bytes, brotli) : gzipBytes(bytes, zip);
}

export function encoder(encoding: Encoding): Transform {
  return encoding === 'br' ? createBrotliCompress(brotli) : createGzip(zip);
}
