// Looks every few seconds whether a server answers, and says in the log when that changes.
import { SignpostError } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';

export interface ReachWatch {
  /** A sentence why the server cannot be used at present, or null. */
  away(): string | null;
  /** Whoever met an error of the server tells it here; it counts until the server is seen to answer again. */
  met(error: SignpostError): void;
  /** Looks until `signal` aborts; the first time at once. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ReachWatchParts {
  /** As a sentence begins with it, for example `The log`. */
  readonly name: string;
  /** Asks the server something small; undefined until it is opened. */
  readonly ask: () => Promise<unknown> | undefined;
  readonly logger: Logger;
  /** Waits, or returns early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly everyMs?: number;
}

/** Clients try again for longer than that by themselves; whoever asks whether a copy is ready is told meanwhile. */
const answerWithinMs = 5_000;

export function createReachWatch(parts: ReachWatchParts): ReachWatch {
  const { name, ask, logger, sleep, everyMs = 2_000 } = parts;
  let away: string | null = `${name} is not opened yet.`;
  let isTold = false;

  function tell(why: string, code: string): void {
    away = why;
    if (!isTold) logger.warn({ code }, `${why.replace(/\.$/, '')}; waiting for it`);
    isTold = true;
  }

  function answered(error: SignpostError | null): void {
    if (error !== null) return tell(`${name} cannot be reached: ${error.message}`, error.code);
    if (isTold) logger.warn(`${name} answers again.`);
    isTold = false;
    away = null;
  }

  async function look(asked: Promise<unknown>, signal: AbortSignal): Promise<void> {
    const answer = asked.then(() => null, operational);
    // A bug counts also when it shows only after the deadline.
    answer.catch(() => {});
    const enough = new AbortController();
    const late = sleep(answerWithinMs, AbortSignal.any([signal, enough.signal]));
    const first = await Promise.race([answer, late.then(() => 'late' as const)]);
    enough.abort();
    if (first !== 'late') return answered(first);
    if (signal.aborted) return;
    tell(`${name} has not answered for ${answerWithinMs / 1000} s.`, 'no-answer');
    const aborted = new Promise<'aborted'>((resolve) => {
      signal.addEventListener('abort', () => resolve('aborted'), { once: true });
    });
    const last = await Promise.race([answer, aborted]);
    if (last !== 'aborted') answered(last);
  }

  return {
    away: () => away,
    met(error) {
      away ??= `${name} cannot be reached: ${error.message}`;
    },
    async run(signal) {
      while (!signal.aborted) {
        const asked = ask();
        if (asked !== undefined) await look(asked, signal);
        await sleep(asked === undefined || away !== null ? everyMs / 4 : everyMs, signal);
      }
    },
  };
}

function operational(error: unknown): SignpostError {
  if (error instanceof SignpostError) return error;
  throw error;
}
