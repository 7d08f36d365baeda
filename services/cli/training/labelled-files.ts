// Reads files of labelled texts, JSON lines and also gzip, line by line.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { SignpostError } from '#core/errors.ts';
import { readExample } from '../../classify/training/examples.ts';
import type { Example } from '../../classify/training/examples.ts';

export interface LabelledTexts {
  readonly examples: readonly Example[];
  /** Lines without a label of any of the tasks. */
  readonly unlabelled: number;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
}

/**
 * Rows of the files that have a label of one of `tasks`.
 * @throws SignpostError `data-unreadable` for a file that cannot be read, `data-invalid` for a line that is no labelled text or
 * files without one.
 */
export async function readLabelled(
  paths: readonly string[],
  tasks: readonly string[],
  { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {},
): Promise<LabelledTexts> {
  const examples: Example[] = [];
  const files: { name: string; sha256: string }[] = [];
  let unlabelled = 0;
  for (const path of paths) {
    const hash = createHash('sha256');
    let number = 0;
    for await (const line of linesOf(path, hash)) {
      number += 1;
      if (line.trim() === '') continue;
      const place = { file: path, line: number };
      const example = readExample(number === 1 ? line.replace(/^\uFEFF/, '') : line, place, tasks);
      if (Object.keys(example.labels).length === 0) unlabelled += 1;
      else examples.push(example);
    }
    files.push({ name: basename(path), sha256: hash.digest('hex') });
  }
  if (examples.length === 0 && !mayBeEmpty) {
    throw new SignpostError(
      'data-invalid',
      `No row of ${paths.join(', ')} has a label of ${tasks.join(', ')}`,
      { hint: 'Rows name the task beside the text: {"text": …, "<task>": …}.' },
    );
  }
  return { examples, unlabelled, files };
}

async function* linesOf(
  path: string,
  hash: { update(chunk: Buffer): void },
): AsyncGenerator<string> {
  const file = createReadStream(path);
  file.on('data', (chunk) => hash.update(chunk as Buffer));
  const bytes = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  // What fails first must reach the reader of lines, which listens to the last stream only.
  if (bytes !== file) file.once('error', (error) => bytes.destroy(error));
  try {
    yield* createInterface({ input: bytes, crlfDelay: Infinity });
    if (bytes.errored !== null) throw bytes.errored;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const why = reasons[code] ?? (code.startsWith('Z_') ? 'it is no gzip' : code);
    throw new SignpostError('data-unreadable', `Cannot read ${path}: ${why}`, { cause });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'it may not be read',
};
