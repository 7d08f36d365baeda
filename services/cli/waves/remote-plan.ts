// The rollout plan of a process that runs: the same over HTTP, see services/portal/waves/routes.ts.
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';
import { importAnswer, planAnswer, planProblem, removeAnswer } from '../../portal/waves/api.ts';
import type { RolloutPlan } from './open-plan.ts';

export interface RemoteParts {
  /** Of the process, `http://host:port`. */
  readonly url: string;
  /** Empty for none. */
  readonly key: string;
  readonly fetch: typeof globalThis.fetch;
}

const answerWithinMs = 60_000;

export function remotePlan(parts: RemoteParts): RolloutPlan {
  return {
    where: parts.url,
    async import({ bytes, replace, dryRun }) {
      const response = await ask(parts, 'POST', `waves?replace=${replace}&dryRun=${dryRun}`, bytes);
      if (response.status === 422) {
        const { flaws } = await read(planProblem, response, parts.url);
        return { ok: false, flaws };
      }
      await requireOk(response, parts.url);
      return { ok: true, imported: await read(importAnswer, response, parts.url) };
    },
    async list() {
      const response = await ask(parts, 'GET', 'waves/plan');
      await requireOk(response, parts.url);
      return (await read(planAnswer, response, parts.url)).lines;
    },
    async remove(wave) {
      const response = await ask(parts, 'DELETE', `waves/${encodeURIComponent(wave)}`);
      const error = response.ok ? undefined : await errorOf(response, parts.url);
      if (error?.code === 'wave-unknown') return 0;
      if (error !== undefined) throw error;
      return (await read(removeAnswer, response, parts.url)).removed;
    },
  };
}

async function ask(
  { url, key, fetch }: RemoteParts,
  method: string,
  path: string,
  body?: Uint8Array,
): Promise<Response> {
  try {
    return await fetch(`${url}/v1/${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'text/csv' }),
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      },
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
  } catch (cause) {
    throw new SignpostError('log-in-use', `The process at ${url} does not answer`, {
      cause,
      hint: 'Run it again; or when that process has ended.',
    });
  }
}

async function requireOk(response: Response, url: string): Promise<void> {
  if (!response.ok) throw await errorOf(response, url);
}

const errorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
});

async function errorOf(response: Response, url: string): Promise<SignpostError> {
  const refusal = errorBody.safeParse(await response.json().catch(() => null));
  const { code, message, hint } = refusal.data?.error ?? {
    code: 'not-taken-in',
    message: `It answered ${response.status}.`,
  };
  const advice =
    response.status === 401 || response.status === 403
      ? 'Set SIGNPOST_KEY to the key of a planner: `signpost keys create --read --role planner` makes one.'
      : code === 'not-found'
        ? 'It answers no questions of planners; run this again when it has ended.'
        : hint;
  return new SignpostError(
    code,
    `The process at ${url} says: ${message}`,
    advice === undefined ? {} : { hint: advice },
  );
}

async function read<S extends z.ZodType>(
  schema: S,
  response: Response,
  url: string,
): Promise<z.output<S>> {
  const answer = schema.safeParse(await response.json().catch(() => null));
  if (answer.success) return answer.data;
  throw new SignpostError('not-taken-in', `The process at ${url} answers in another form`, {
    cause: answer.error,
    hint: 'Is it another release of Signpost? Run the same one.',
  });
}
