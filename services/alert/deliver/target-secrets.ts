// Secrets of targets are named in the file, never written in it: by a variable of the environment or by a file.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';

export const secretSource = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  'must name a variable, as {env: NAME}, or a file, as {file: path}',
);
export type SecretSource = z.output<typeof secretSource>;

/** The text behind `source`, or a sentence why there is none. */
export type ReadSecret = (
  source: SecretSource,
) => { readonly text: string } | { readonly flaw: string };

/** @param folder what paths are relative to */
export function secretReader(folder: string, env: Readonly<NodeJS.ProcessEnv>): ReadSecret {
  return (source) => {
    if ('env' in source) {
      const text = env[source.env]?.trim() ?? '';
      return text === '' ? { flaw: `the variable ${source.env} is not set` } : judged(text);
    }
    const path = resolve(folder, source.file);
    try {
      const text = readFileSync(path, 'utf8').trim();
      return text === '' ? { flaw: `the file ${path} is empty` } : judged(text);
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      return { flaw: `the file ${path} cannot be read (${code})` };
    }
  };
}

/** What may stand in a header or an address. */
function judged(text: string): { readonly text: string } | { readonly flaw: string } {
  return /^[\x20-\x7e]{1,4096}$/.test(text)
    ? { text }
    : { flaw: 'what it holds must be one line of ASCII' };
}
