// What one reader, and what all of them together, may ask for at a time.
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { Problem } from '#core/http/problem.ts';
import type { PortalConfig } from '../config.ts';

/** For all routes of `app`: so many requests a minute of one reader. Answers tell how many are left. */
export async function limitRates(
  app: FastifyInstance,
  { requestsPerMinute }: PortalConfig,
): Promise<void> {
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: 60_000,
    // Who asks is known only after the hooks before.
    hook: 'preHandler',
    keyGenerator: ({ reader }) => reader?.name ?? '',
    enableDraftSpec: true,
    errorResponseBuilder: (_request, { ttl }) =>
      new Problem(
        429,
        'too-many-requests',
        `More than ${requestsPerMinute} requests in a minute.`,
        {
          hint: `Come again in ${Math.ceil(ttl / 1000)} s.`,
          headers: { 'retry-after': String(Math.ceil(ttl / 1000)) },
        },
      ),
  });
}

export interface Turns {
  /**
   * Runs `work` when its turn has come.
   * @param isGone whether nobody waits for the answer any more: maps that are dragged ask much and wait for little
   * @throws Problem 503 `too-busy` when it has not come in time, `connection-lost` for who is gone
   */
  take<T>(work: () => Promise<T>, isGone?: () => boolean): Promise<T>;
}

/** Waiting questions have their turn in the order they came. */
export function createTurns({
  questionsAtATime,
  patienceMs,
  retryAfterSeconds,
}: Pick<PortalConfig, 'questionsAtATime' | 'patienceMs' | 'retryAfterSeconds'>): Turns {
  let running = 0;
  const waiting = new Set<() => void>();

  function turn(): Promise<void> {
    if (running < questionsAtATime) {
      running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(late);
        resolve();
      };
      const late = setTimeout(() => {
        waiting.delete(begin);
        reject(tooBusy(retryAfterSeconds));
      }, patienceMs);
      waiting.add(begin);
    });
  }

  /** The turn passes on, so that `running` stays as it is where somebody waits. */
  function leave(): void {
    const [next] = waiting;
    if (next === undefined) {
      running -= 1;
      return;
    }
    waiting.delete(next);
    next();
  }

  return {
    async take(work, isGone = () => false) {
      await turn();
      try {
        if (isGone()) throw new Problem(400, 'connection-lost', 'Nobody waits for the answer.');
        return await work();
      } finally {
        leave();
      }
    },
  };
}

function tooBusy(retryAfterSeconds: number): Problem {
  return new Problem(503, 'too-busy', 'Too many questions are being answered at present.', {
    hint: `Come again in ${retryAfterSeconds} s.`,
    headers: { 'retry-after': String(retryAfterSeconds) },
  });
}
