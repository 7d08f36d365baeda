// Why the operating system lets nothing be written at a place, in words, and what to do about it.
import { realpathSync, statSync } from 'node:fs';
import { SignpostError } from '#core/errors.ts';

const mayNot: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);
const noRoom: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
const noFolder: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/**
 * A refusal of the operating system to write `path` as an error a user can act on; any other comes back as it is.
 * @param elsewhere how to name another place: `with --out`.
 */
export function writeRefused(error: unknown, path: string, elsewhere: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
  const code = String(error.code);
  const refused = (message: string, hint: string): SignpostError =>
    new SignpostError('not-writable', message, { cause: error, hint });
  if (mayNot.has(code))
    return refused(
      `${path} cannot be written: this user may not, or the disk is read-only (${code})`,
      `Name another place ${elsewhere}, or run it as a user who may write there.`,
    );
  if (noRoom.has(code))
    return refused(
      `No space left for ${path} (${code})`,
      `What was written of it is not whole. Free some space, or name another place ${elsewhere}, and run it again.`,
    );
  if (code === 'EISDIR')
    return refused(`${path} is a folder, not a file`, `Name a file in it ${elsewhere}.`);
  if (code === 'EEXIST')
    return refused(`${path} is a file, not a folder`, `Name a folder ${elsewhere}.`);
  if (noFolder.has(code))
    return refused(
      `${path} cannot be written: the folder above it is not there, or is a file (${code})`,
      `Make the folder first, or name another place ${elsewhere}.`,
    );
  return refused(
    `${path} cannot be written (${code})`,
    `Check the disk it lies on, or name another place ${elsewhere}.`,
  );
}

/**
 * Before work of minutes: a result must not take the place of what it is made from, nor of a device or a pipe.
 * @param inputs paths that are read; those that are no files are passed over
 * @throws SignpostError `output-is-input`, `output-is-no-file`
 */
export function refuseToOverwrite(out: string, option: string, inputs: readonly string[]): void {
  const place = placeOf(out);
  if (place === undefined) return;
  if (!place.isFile) {
    throw new SignpostError('output-is-no-file', `${out} is there and no regular file`, {
      hint: `Name a file ${option} may write.`,
    });
  }
  const input = inputs.find((each) => placeOf(each)?.path === place.path);
  if (input === undefined) return;
  throw new SignpostError('output-is-input', `${out} is read by this command: it would be lost`, {
    hint: `Name another file with ${option}.`,
  });
}

function placeOf(path: string): { readonly path: string; readonly isFile: boolean } | undefined {
  try {
    const real = realpathSync(path);
    return { path: real, isFile: statSync(real).isFile() };
  } catch {
    return undefined;
  }
}
