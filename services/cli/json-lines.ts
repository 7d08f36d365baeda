// The lines of a file of JSON lines, also gzip.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { SignpostError } from '#core/errors.ts';

export interface NumberedLine {
  readonly line: string;
  /** Counted from 1. */
  readonly number: number;
}

/**
 * Empty lines are passed over, a byte order mark is let go.
 * @param onBytes is given the file's bytes as they are read
 * @throws SignpostError `data-unreadable`
 */
export async function* linesOfFile(
  path: string,
  onBytes: (chunk: Buffer) => void = () => {},
): AsyncGenerator<NumberedLine> {
  const file = createReadStream(path);
  file.on('data', (chunk) => onBytes(chunk as Buffer));
  const bytes = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  // What fails first must reach the reader of lines, which listens to the last stream only.
  if (bytes !== file) file.once('error', (error) => bytes.destroy(error));
  let number = 0;
  try {
    for await (const read of createInterface({ input: bytes, crlfDelay: Infinity })) {
      number += 1;
      const line = number === 1 ? read.replace(/^\uFEFF/, '') : read;
      if (line.trim() !== '') yield { line, number };
    }
    if (bytes.errored !== null) throw bytes.errored;
  } catch (cause) {
    if (cause instanceof SignpostError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const why = reasons[code] ?? (code.startsWith('Z_') ? 'it is no gzip' : code);
    throw new SignpostError('data-unreadable', `Cannot read ${path}: ${why}`, { cause });
  } finally {
    file.destroy();
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'it may not be read',
};
