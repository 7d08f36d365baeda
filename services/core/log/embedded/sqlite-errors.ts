// What SQLite's refusals mean to a person, and errors as data so that they cross threads.
import { SignpostError } from '../../errors.ts';

/** SQLite primary result codes, https://www.sqlite.org/rescode.html. */
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** Why a folder cannot be made or written: no right to, read-only, or something else in its way. */
const noFolder: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'ENOENT',
  'ELOOP',
  'ENAMETOOLONG',
]);

/** An error of SQLite or the file system as one a user can act on; anything else comes back as it is. */
export function describeStorageError(error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || error instanceof SignpostError) return error;
  if ('code' in error && error.code === 'ENOSPC') return diskFull(error, directory);
  if ('code' in error && typeof error.code === 'string' && noFolder.has(error.code)) {
    return notWritable(error, directory);
  }
  if (!('errcode' in error) || typeof error.errcode !== 'number') return error;
  switch (error.errcode & 0xff) {
    case FULL:
      return diskFull(error, directory);
    case READONLY:
    case CANTOPEN:
      return notWritable(error, directory);
    case BUSY:
      return new SignpostError('log-busy', `The log in ${directory} is locked by another program`, {
        cause: error,
        hint: 'Close what has the file open (a backup, a database browser) and try again.',
      });
    case IOERR:
      return new SignpostError('log-io', `The disk under ${directory} failed: ${error.message}`, {
        cause: error,
        hint: 'Nothing was half-written. Check the disk and its free space, then try again.',
      });
    case CORRUPT:
    case NOTADB:
      return new SignpostError(
        'log-corrupt',
        `The log in ${directory} is damaged: ${error.message}`,
        {
          cause: error,
          hint: 'Restore the data directory from a backup.',
        },
      );
    default:
      return error;
  }
}

function diskFull(cause: unknown, directory: string): SignpostError {
  return new SignpostError('disk-full', `No space left for the log in ${directory}`, {
    cause,
    hint: 'Nothing was half-written. Free some space or shorten retention; writing goes on by itself.',
  });
}

function notWritable(cause: unknown, directory: string): SignpostError {
  return new SignpostError('log-not-writable', `The log in ${directory} cannot be opened`, {
    cause,
    hint: 'Check that the directory exists, is writable for this user, and its disk is not read-only.',
  });
}

/** An error as plain data. */
export interface ErrorData {
  readonly signpost: boolean;
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly stack: string | undefined;
}

export function errorToData(error: unknown): ErrorData {
  const known = error instanceof SignpostError;
  return {
    signpost: known,
    code: known ? error.code : '',
    message: error instanceof Error ? error.message : String(error),
    hint: known ? error.hint : undefined,
    stack: error instanceof Error ? error.stack : undefined,
  };
}

/** The error again, thrown where the caller is; where it arose stays as its cause. */
export function errorFromData(data: ErrorData): Error {
  if (data.signpost) {
    return new SignpostError(
      data.code,
      data.message,
      data.hint === undefined ? {} : { hint: data.hint },
    );
  }
  return new Error(data.message, { cause: data.stack });
}
