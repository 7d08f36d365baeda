// What Postgres and the way to it report, as errors a person can act on. No message holds a password, a row or a word.
import { SignpostError } from '../errors.ts';

type Kind = 'unavailable' | 'refused' | 'outdated' | 'busy';

/** By SQLSTATE, or by its class (the first two characters). https://www.postgresql.org/docs/current/errcodes-appendix.html */
const kinds: Readonly<Record<string, Kind>> = {
  '08': 'unavailable', // connection
  '53': 'unavailable', // disk full, out of memory, too many connections
  '57': 'unavailable', // shut down, starting up, statement timeout
  '58': 'unavailable', // the server's own files
  '25006': 'unavailable', // read-only: a replica, or a primary that became one
  '28': 'refused', // password, certificate, pg_hba
  '3D000': 'refused', // no such database
  '42501': 'refused', // privilege
  '42P01': 'outdated', // no such table
  '3F000': 'outdated', // no such schema
  '40001': 'busy', // serialization
  '40P01': 'busy', // deadlock
  '55P03': 'busy', // lock not available in time
};

const hints: Readonly<Record<Kind, string>> = {
  unavailable: 'Is the database up, reachable and not full? What was asked is asked again.',
  refused:
    'Check user, password, database and privileges; see docs/decisions/0007-claims-in-postgres.md.',
  outdated: 'Its tables are not there yet: migrate it first.',
  busy: 'Somebody else was writing the same rows; it can be tried again.',
};

/**
 * `error` as a SignpostError: `store-unavailable` (not reached, gone, full: trying again may help), `store-refused` (who
 * we are or what we may do), `store-outdated` (tables are missing), `store-busy` (deadlock, serialization: try again at once). Anything else, a violated
 * constraint or a wrong statement, comes back as it is.
 * @param where host, port and database, without credentials
 */
export function asStoreError(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error instanceof SignpostError) return error;
  if (isAnswer(error)) {
    const state = error.code;
    const kind = kinds[state] ?? kinds[state.slice(0, 2)];
    if (kind === undefined) return error;
    return storeError(
      kind,
      `The database ${where} says: ${error.message} (SQLSTATE ${state})`,
      error,
    );
  }
  if (!isConnectionTrouble(error)) return error;
  return storeError('unavailable', `Cannot reach the database ${where}: ${reasonOf(error)}`, error);
}

/** Whether `error` is Postgres' `unique_violation`. */
export function isUniqueViolation(error: unknown): boolean {
  return isAnswer(error) && error.code === '23505';
}

/** Whether a connection can be used again after `error`: what is no answer of the server leaves it in the dark. */
export function breaksConnection(error: unknown): boolean {
  return !isAnswer(error) || error.severity === 'FATAL';
}

/** What a server answers; the drivers of Postgres and of PGlite have a class of their own for it each. */
interface Answer extends Error {
  /** SQLSTATE. */
  readonly code: string;
  readonly severity: string;
}

function isAnswer(error: unknown): error is Answer {
  if (!(error instanceof Error)) return false;
  const { code, severity } = error as Partial<Answer>;
  return typeof code === 'string' && code.length === 5 && typeof severity === 'string';
}

function storeError(kind: Kind, message: string, cause: Error): SignpostError {
  return new SignpostError(`store-${kind}`, message, { cause, hint: hints[kind] });
}

const driverMessages = [
  'Connection terminated', // unexpectedly; due to connection timeout
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'The server does not support SSL connections',
  'There was an error establishing an SSL connection',
];

function isConnectionTrouble(error: Error): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined || error instanceof AggregateError) return true;
  if (code !== undefined && /^(?:E[A-Z]+|ERR_(?:TLS|SSL)_[A-Z_]+|[A-Z_]*CERT[A-Z_]*)$/.test(code))
    return true;
  return driverMessages.some((message) => error.message.startsWith(message));
}

/** The message of the first attempt, when several addresses were tried. */
function reasonOf(error: Error): string {
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  return first?.message ?? error.message;
}
