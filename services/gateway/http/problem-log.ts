// What of the intake's troubles is logged: where and what kind, never a message of an inner error, since that could
// quote a record; and one line per kind in ten seconds, since senders come again by the hundred.
import type { Logger } from '#core/logger.ts';
import type { Problem, ProblemCode } from '#core/http/problem.ts';

const quietMs = 10_000;
const maxFrames = 10;

/** Logs problems of status 500 and above; bugs each time, with the places they came through. `clock` in ms. */
export function createProblemLog(logger: Logger, clock: () => number) {
  const seen = new Map<ProblemCode, { at: number; unlogged: number }>();
  return (problem: Problem): void => {
    const { status, code, cause } = problem;
    if (status < 500) return;
    const reason = cause instanceof Error ? nameOf(cause) : undefined;
    if (code === 'internal') {
      logger.error({ code, reason, frames: framesOf(cause) }, 'a request failed');
      return;
    }
    const last = seen.get(code);
    const now = clock();
    if (last !== undefined && now - last.at < quietMs) {
      last.unlogged += 1;
      return;
    }
    logger.warn({ code, reason, unlogged: last?.unlogged ?? 0 }, 'requests are refused');
    seen.set(code, { at: now, unlogged: 0 });
  };
}

function nameOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function framesOf(cause: unknown): string[] {
  const lines = cause instanceof Error ? (cause.stack ?? '').split('\n') : [];
  return lines.filter((line) => line.startsWith('    at ')).slice(0, maxFrames);
}
