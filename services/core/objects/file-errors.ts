// What a file system refuses with, as one sentence with what to do.
import { SignpostError } from '../errors.ts';

/** The error to throw for one that came up in `root`; bugs and what already is a sentence stay as they are. */
export function fileError(root: string, error: unknown): unknown {
  if (error instanceof SignpostError || !(error instanceof Error) || !('code' in error))
    return error;
  const refused = (message: string, hint: string): SignpostError =>
    new SignpostError('objects-refused', message, { cause: error, hint });
  const path = 'path' in error && typeof error.path === 'string' ? error.path : root;
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return refused(
        `There is no room left for objects in ${root}`,
        'Make room on its disk; what was being written left nothing behind.',
      );
    case 'EROFS':
      return refused(
        `${root} is on a file system that can only be read`,
        'Mount it for writing, or name another directory.',
      );
    case 'EACCES':
    case 'EPERM':
      return refused(
        `There is no right to use ${path}`,
        `Give the user that Signpost runs as the right to read and write ${root} and all in it.`,
      );
    case 'ENOTDIR':
    case 'EISDIR':
    case 'EEXIST':
      return refused(
        `${path} is in the way of an object: it is a file where a folder is needed, or the other way round`,
        `Move away what is not of the archive in ${root}.`,
      );
    case 'ENAMETOOLONG':
    case 'EINVAL':
    case 'EILSEQ':
      return refused(
        `The file system of ${root} does not take the name of an object (${error.code})`,
        'Keep the archive on a file system that takes names of 255 bytes.',
      );
    case 'EXDEV':
      return refused(
        `${path} is on another file system than ${root}`,
        'Mount one file system for the whole directory.',
      );
    case 'ERR_SQLITE_ERROR':
      return refused(
        `${root} cannot be locked for writing: ${error.message}`,
        'Keep the archive on a file system that knows locks, with the right to write.',
      );
    case 'EMFILE':
    case 'ENFILE':
    case 'EIO':
    case 'ESTALE':
    case 'EBUSY':
    case 'EAGAIN':
    case 'ETIMEDOUT':
    case 'EHOSTDOWN':
    case 'ENOENT':
      return new SignpostError('objects-unavailable', `${root} cannot be used (${error.code})`, {
        cause: error,
      });
    default:
      return error;
  }
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(error.code as string);
}
