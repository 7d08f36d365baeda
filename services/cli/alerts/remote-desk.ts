// Alerts of a process that runs: the same over HTTP, see services/portal/alerts/routes.ts.
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';
import {
  acknowledgeAnswer,
  alertAnswer,
  alertsAnswer,
  madeSilence,
  silence,
  silencesAnswer,
} from '../../portal/alerts/answers.ts';
import type { AlertDesk } from './desk.ts';

export interface RemoteDeskParts {
  /** Of the process, `http://host:port`. */
  readonly url: string;
  /** Empty for none. */
  readonly key: string;
  /** Who acts, where no key says so. */
  readonly user: string;
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

const answerWithinMs = 30_000;

/** As the query API takes it: of as long a time as it allows. @param now milliseconds since the epoch */
export function questionOfList(
  which: 'standing' | 'all',
  most: number,
  now: number,
): Readonly<Record<string, string>> {
  const year = new Date(now).getUTCFullYear() + 1;
  return {
    from: `${year - 19}-01-01`,
    to: `${year}-01-01`,
    limit: String(most),
    ...(which === 'standing' ? { state: 'firing,acknowledged,suppressed,reopened' } : {}),
  };
}

export function remoteDesk(parts: RemoteDeskParts): AlertDesk {
  const id = encodeURIComponent;
  const query = (which: 'standing' | 'all', most: number): string =>
    new URLSearchParams(questionOfList(which, most, parts.clock())).toString();
  return {
    where: parts.url,
    list: (which, most) => ask(parts, alertsAnswer, 'GET', `alerts?${query(which, most)}`),
    show: (alert) =>
      ask(parts, alertAnswer, 'GET', `alerts/${id(alert)}`).catch(unless('alert-unknown', null)),
    acknowledge: (alert, body) =>
      ask(parts, acknowledgeAnswer, 'POST', `alerts/${id(alert)}/acknowledge`, body)
        .then(({ changed }) => (changed ? 'acknowledged' : 'already-acknowledged'))
        .catch(unless('alert-over', 'over' as const))
        .catch(unless('alert-unknown', 'unknown' as const)),
    silences: async (over) =>
      (await ask(parts, silencesAnswer, 'GET', `silences?over=${over}`)).silences,
    silence: (body) => ask(parts, madeSilence, 'POST', 'silences', body),
    unsilence: (one) =>
      ask(parts, silence, 'DELETE', `silences/${id(one)}`).catch(
        unless('silence-unknown', undefined),
      ),
  };
}

function unless<T>(code: string, instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof SignpostError && error.code === code) return instead;
    throw error;
  };
}

async function ask<S extends z.ZodType>(
  { url, key, user, fetch }: RemoteDeskParts,
  schema: S,
  method: string,
  path: string,
  body?: unknown,
): Promise<z.output<S>> {
  const response = await fetch(`${url}/v1/${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === ''
        ? // Others are no header, or none that is taken.
          /^[\w.@+-]{1,64}$/.test(user) && { 'signpost-user': user }
        : { authorization: `Bearer ${key}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(answerWithinMs),
  }).catch((cause: unknown) => {
    throw new SignpostError('log-in-use', `The process at ${url} does not answer`, {
      cause,
      hint: 'Run it again; or when that process has ended.',
    });
  });
  const said: unknown = await response.json().catch(() => null);
  if (!response.ok) throw errorOf(response.status, said, url);
  const answer = schema.safeParse(said);
  if (answer.success) return answer.data;
  throw new SignpostError('not-taken-in', `The process at ${url} answers in another form`, {
    cause: answer.error,
    hint: 'Is it another release of Signpost? Run the same one.',
  });
}

const errorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
});

function errorOf(status: number, said: unknown, url: string): SignpostError {
  const { code, message, hint } = errorBody.safeParse(said).data?.error ?? {
    code: 'not-taken-in',
    message: `It answered ${status}.`,
  };
  const advice =
    status === 401
      ? 'Set SIGNPOST_KEY to a key that may act on alerts: `signpost keys create --read --kinds judgements` makes one.'
      : code === 'not-found'
        ? 'It answers no questions; run this again when it has ended.'
        : hint;
  return new SignpostError(
    code,
    `The process at ${url} says: ${message}`,
    advice === undefined ? {} : { hint: advice },
  );
}
