// How a command ends: its exit code, and what it says when something is wrong.
import { toJson } from './output.ts';
import { safeLines } from './safe-text.ts';

export const exitCodes = {
  ok: 0,
  /** Something is wrong that the message says; also a check that found something. */
  failed: 1,
  /** The command was not given as its help says. */
  usage: 2,
  /** Ctrl-C or SIGTERM before the end; 128 + SIGINT, as shells have it. */
  interrupted: 130,
  /** A fault of Signpost itself (EX_SOFTWARE of sysexits.h). */
  bug: 70,
} as const;

/** Refusals of how a command was called, by code: what commander cannot check itself. */
const usageCodes: ReadonlySet<string> = new Set([
  'key-incomplete',
  'kinds-missing',
  'no-customer',
  'no-text',
  'nothing-chosen',
  'score-incomplete',
  'score-out-of-scale',
  'source-name-invalid',
  'unknown-kind',
  'unknown-service',
  'wrong-kind',
  'wrong-time',
]);

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/**
 * Says what went wrong on stderr, with `asJson` also as `{"error": {code, message, hint}}` on stdout.
 * @returns the exit code.
 */
export function reportError(
  error: unknown,
  asJson: boolean,
  env: NodeJS.ProcessEnv = process.env,
): number {
  const usage = usageExit(error);
  // Commander has printed its own message by now, to the right stream.
  if (usage !== undefined) {
    if (asJson && usage !== exitCodes.ok)
      printJson({ code: 'usage', message: withoutPrefix((error as Error).message) });
    return usage;
  }
  const failure = operational(error);
  if (failure !== undefined) {
    const { message, hint } = failure;
    const lines = hint === undefined ? [message] : [message, `  ${hint}`];
    process.stderr.write(`signpost: ${lines.map(safeLines).join('\n')}\n`);
    if (asJson) printJson(failure);
  } else {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    process.stderr.write(
      `signpost: a fault inside Signpost (${safeLines(message)}); run it again with SIGNPOST_DEBUG=1 for the details.\n`,
    );
    if (asJson) printJson({ code: 'bug', message });
  }
  if (env['SIGNPOST_DEBUG'] === '1') process.stderr.write(`${safeLines(detailsOf(error))}\n`);
  if (failure === undefined) return exitCodes.bug;
  if (failure.code === 'interrupted') return exitCodes.interrupted;
  return usageCodes.has(failure.code) ? exitCodes.usage : exitCodes.failed;
}

function printJson(failure: Failure): void {
  process.stdout.write(`${toJson({ error: failure })}\n`);
}

/** Exit code of an error thrown by commander; undefined for any other. */
function usageExit(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string')
    return undefined;
  if (!error.code.startsWith('commander.')) return undefined;
  return 'exitCode' in error && error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
}

function withoutPrefix(message: string): string {
  return message.startsWith('error: ') ? message.slice(7) : message;
}

/** Recognised by shape, so that help need not load the class. */
function operational(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string')
    return undefined;
  const { code, message } = error;
  if (error.name === 'SignpostError') {
    const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;
    return { code, message, ...(hint === undefined ? {} : { hint }) };
  }
  // The operating system's refusals (no such file, no permission, no space) name the call and the path themselves.
  return 'syscall' in error ? { code, message } : undefined;
}

function detailsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by: ${detailsOf(error.cause)}`;
}
