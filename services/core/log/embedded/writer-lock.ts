// One writer to a data directory.
import { SignpostError } from '../../errors.ts';
import { lockForProcess, type ProcessLock } from '../../process-lock.ts';
import { logDirectory } from './log-file.ts';

export type WriterLock = ProcessLock;

/** @throws SignpostError `log-in-use`, naming the holder. `since` is milliseconds since the epoch, for that message. */
export function lockForWriting(dataDirectory: string, since: number): WriterLock {
  return lockForProcess(
    logDirectory(dataDirectory),
    since,
    (holder) =>
      new SignpostError('log-in-use', `${dataDirectory} is in use by ${holder}`, {
        hint: 'Only one process may write to a data directory. Stop that one, or choose another with --data.',
      }),
  );
}
