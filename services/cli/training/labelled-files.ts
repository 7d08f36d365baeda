// Reads files of labelled texts.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { SignpostError } from '#core/errors.ts';
import { readExample } from '../../classify/training/examples.ts';
import type { Example } from '../../classify/training/examples.ts';
import { linesOfFile } from '../json-lines.ts';

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
    for await (const { line, number } of linesOfFile(path, (chunk) => hash.update(chunk))) {
      const example = readExample(line, { file: path, line: number }, tasks);
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
