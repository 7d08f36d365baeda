// Opens an import file as a stream of plain bytes: gzip is found by its magic bytes, other archives are
// refused, and neither a bomb nor a broken archive takes more than a chunk of memory, brings in wrong rows, or
// loses one that could be read.
import { open, type FileHandle } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { SignpostError } from '#core/errors.ts';
import type { Flaw } from './import-reason.ts';

export interface OpenLimits {
  /** Most bytes a gzip file may unpack to. */
  readonly maxUnpackedBytes: number;
  /** Most unpacked bytes per packed byte, looked at after the first `ratioFromBytes` unpacked bytes. */
  readonly maxRatio: number;
  readonly ratioFromBytes: number;
}

export const defaultOpenLimits: OpenLimits = {
  maxUnpackedBytes: 16 * 2 ** 30,
  maxRatio: 200,
  ratioFromBytes: 64 * 2 ** 20,
};

export interface OpenOptions {
  readonly limits: OpenLimits;
  readonly signal?: AbortSignal | undefined;
  /** Bytes read from the disk (packed, for gzip) and the file's size, after every read. */
  readonly onProgress?: ((bytesRead: number, bytesTotal: number) => void) | undefined;
}

/** What the byte stream yields: bytes, or as its very last item the flaw that cut it short. */
export type BytesOrFlaw = Buffer | Flaw;

const plainChunkBytes = 128 * 1024;
// zlib unpacks at most about 1,032 : 1, so one packed chunk never becomes more than 17 MB.
const packedChunkBytes = 16 * 1024;

/**
 * The file's unpacked bytes. A gzip file that was cut off ends the stream with a Flaw, for all before the
 * cut is sound. Throws `file-not-found`, `file-is-directory`, `file-unreadable`, `unsupported-archive`,
 * `corrupt-gzip`, `gzip-bomb`, or the signal's reason.
 */
export async function* openFile(file: string, options: OpenOptions): AsyncGenerator<BytesOrFlaw> {
  const handle = await openForReading(file);
  try {
    const packed = readChunks(file, handle, options);
    const first = await packed.next();
    if (first.done === true) return;
    refuseArchive(file, first.value);
    if (isGzip(first.value)) {
      if ((await handle.stat()).isFile()) await verifyGzip(file, options);
      yield* unpack(file, first.value, packed, options.limits);
    } else {
      yield first.value;
      yield* packed;
    }
  } finally {
    await handle.close();
  }
}

/**
 * Unpacks the file once for its checksum alone. Damaged gzip does not fail where the damage is: it goes on as
 * plausible rows with wrong characters, up to a checksum at the end, when they would long be imported.
 * A pipe cannot be read twice, so there the rows come first.
 */
async function verifyGzip(file: string, { limits, signal }: OpenOptions): Promise<void> {
  const handle = await openForReading(file);
  try {
    const packed = readChunks(file, handle, { limits, signal });
    const first = await packed.next();
    if (first.done === true) return;
    for await (const item of unpack(file, first.value, packed, limits)) void item;
  } finally {
    await handle.close();
  }
}

async function openForReading(file: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (cause) {
    const code = errorCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new SignpostError('file-not-found', `There is no file ${file}.`, {
        cause,
        hint: 'Check the path; it is taken from the directory the command runs in.',
      });
    throw new SignpostError('file-unreadable', `${file} cannot be opened (${code}).`, {
      cause,
      hint: 'Check that the user running this may read it.',
    });
  }
  const isDirectory = (await handle.stat()).isDirectory();
  if (!isDirectory) return handle;
  await handle.close();
  throw new SignpostError('file-is-directory', `${file} is a directory, not a file.`, {
    hint: 'Name one file; import the files of a directory one after the other.',
  });
}

async function* readChunks(
  file: string,
  handle: FileHandle,
  { signal, onProgress }: OpenOptions,
): AsyncGenerator<Buffer> {
  const bytesTotal = (await handle.stat()).size;
  let bytesRead = 0;
  let size = plainChunkBytes;
  for (;;) {
    signal?.throwIfAborted();
    const buffer = Buffer.allocUnsafeSlow(size);
    const filled = await readFully(file, handle, buffer);
    if (filled === 0) return;
    bytesRead += filled;
    onProgress?.(bytesRead, Math.max(bytesTotal, bytesRead));
    const chunk = buffer.subarray(0, filled);
    if (bytesRead === filled && isGzip(chunk)) size = packedChunkBytes;
    yield chunk;
  }
}

/** Fills the buffer unless the file ends: a pipe hands over a few bytes at a time, and the first chunk must hold the magic bytes. */
async function readFully(file: string, handle: FileHandle, buffer: Buffer): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    let bytesRead: number;
    try {
      ({ bytesRead } = await handle.read(buffer, filled, buffer.length - filled, null));
    } catch (cause) {
      throw new SignpostError('file-unreadable', `Reading ${file} failed (${errorCode(cause)}).`, {
        cause,
        hint: 'Check the disk or the network share it lies on, then import it again: what was imported is not counted twice.',
      });
    }
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/**
 * Unpacks chunk by chunk rather than through a pipe: when an archive breaks, a pipe throws away what it
 * had unpacked and not yet handed on, and those rows would be lost.
 */
async function* unpack(
  file: string,
  first: Buffer,
  rest: AsyncGenerator<Buffer>,
  limits: OpenLimits,
): AsyncGenerator<BytesOrFlaw> {
  const unpacker = createUnpacker();
  let bytesIn = 0;
  let bytesOut = 0;
  async function* pass(packed: Buffer): AsyncGenerator<Buffer> {
    bytesIn += packed.length;
    for (const chunk of await unpacker.write(packed)) {
      if (bytesOut === 0) refuseArchive(file, chunk, 'inside the gzip');
      bytesOut += chunk.length;
      if (bytesOut > limits.maxUnpackedBytes || isBomb(bytesIn, bytesOut, limits))
        throw bomb(file, bytesIn, bytesOut, limits);
      yield chunk;
    }
  }
  try {
    for (let at = 0; at < first.length; at += packedChunkBytes)
      yield* pass(first.subarray(at, at + packedChunkBytes));
    for await (const packed of rest) {
      if (unpacker.failure() !== undefined) break;
      yield* pass(packed);
    }
    await unpacker.end();
    const failure = unpacker.failure();
    if (failure !== undefined) yield brokenGzip(file, failure, bytesIn, bytesOut);
  } finally {
    unpacker.close();
  }
}

interface Unpacker {
  /** All that these bytes unpack to; empty once the archive has turned out broken. */
  write(packed: Buffer): Promise<Buffer[]>;
  end(): Promise<void>;
  failure(): Error | undefined;
  close(): void;
}

function createUnpacker(): Unpacker {
  const gunzip = createGunzip({ chunkSize: 128 * 1024 });
  let unpacked: Buffer[] = [];
  let failure: Error | undefined;
  let isOver = false;
  let wake: (() => void) | undefined;
  gunzip.on('data', (chunk: Buffer) => unpacked.push(chunk));
  gunzip.on('error', (error) => {
    failure = error;
    isOver = true;
    wake?.();
  });
  gunzip.on('end', () => {
    isOver = true;
    wake?.();
  });
  return {
    async write(packed) {
      if (!isOver)
        await new Promise<void>((resolve) => {
          wake = resolve;
          gunzip.write(packed, () => resolve());
        });
      const taken = unpacked;
      unpacked = [];
      return taken;
    },
    async end() {
      if (isOver) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        gunzip.end();
      });
    },
    failure: () => failure,
    close: () => gunzip.destroy(),
  };
}

function isBomb(bytesIn: number, bytesOut: number, limits: OpenLimits): boolean {
  return bytesOut > limits.ratioFromBytes && bytesOut > bytesIn * limits.maxRatio;
}

function bomb(file: string, bytesIn: number, bytesOut: number, limits: OpenLimits): SignpostError {
  return new SignpostError(
    'gzip-bomb',
    `${file} unpacks to more than is allowed: ${bytesIn} bytes became ${bytesOut}; the limits are ` +
      `${limits.maxUnpackedBytes} bytes in all and ${limits.maxRatio} times the packed size.`,
    { hint: 'If the file is genuine, unpack it with gunzip and import the plain file.' },
  );
}

/** Cut off after some rows: a flaw of the last line. Cut off before, or damaged: throws. */
function brokenGzip(file: string, cause: Error, bytesIn: number, bytesOut: number): Flaw {
  const isCutOff = errorCode(cause) === 'Z_BUF_ERROR';
  if (isCutOff && bytesOut > 0)
    return {
      reason: 'truncated-gzip',
      detail: `the gzip file ends too early, after ${bytesIn} bytes; what followed this line is missing`,
    };
  const what = isCutOff ? 'it ends too early' : `its data is damaged (${cause.message})`;
  throw new SignpostError('corrupt-gzip', `${file} cannot be unpacked: ${what}.`, {
    cause,
    hint: 'Copy or download it again and check it with gzip -t.',
  });
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

const archives: readonly (readonly [name: string, at: number, magic: string])[] = [
  ['a zip archive (or a spreadsheet, .xlsx)', 0, 'PK\u0003\u0004'],
  ['an empty zip archive', 0, 'PK\u0005\u0006'],
  ['a bzip2 file', 4, '1AY&SY'],
  ['an xz file', 0, '\u00fd7zXZ\u0000'],
  ['a zstd file', 0, '\u0028\u00b5\u002f\u00fd'],
  ['a 7-zip archive', 0, "7z\u00bc\u00af'\u001c"],
  ['a rar archive', 0, 'Rar!\u001a\u0007'],
  ['a Parquet file', 0, 'PAR1\u0015'],
  ['an old Excel file (.xls)', 0, '\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1'],
  ['a PDF', 0, '%PDF-'],
  ['an SQLite database', 0, 'SQLite format 3\u0000'],
  ['a tar archive', 257, 'ustar\u0000'],
  ['a tar archive', 257, 'ustar  \u0000'],
];

/** Refuses what cannot be text; `where` is given when the archive was found inside a gzip. */
function refuseArchive(file: string, head: Buffer, where?: string): void {
  const found = archives.find(
    ([, at, magic]) => head.toString('latin1', at, at + magic.length) === magic,
  );
  const name = found?.[0] ?? (where !== undefined && isGzip(head) ? 'a second gzip' : undefined);
  if (name === undefined) return;
  throw new SignpostError(
    'unsupported-archive',
    `${file} is ${name}${where === undefined ? '' : ` ${where}`}, which import does not unpack.`,
    { hint: 'Unpack or export it to CSV, TSV or JSON lines first; gzip alone is read as it is.' },
  );
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
