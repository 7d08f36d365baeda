// What can go wrong with a server, as a closed set of codes and a sentence that says what to do.

export type ServerErrorCode =
  | 'checksum-mismatch'
  | 'download-failed'
  | 'program-missing'
  | 'did-not-start'
  | 'already-running'
  | 'wrong-folder'
  | 'not-running'
  | 'unknown-server';

export class ServerError extends Error {
  readonly code: ServerErrorCode;

  constructor(code: ServerErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ServerError';
    this.code = code;
  }
}
