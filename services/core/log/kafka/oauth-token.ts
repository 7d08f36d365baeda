// Tokens for SASL OAUTHBEARER by the client-credentials grant (RFC 6749, 4.4), kept until shortly before they expire.
import { z } from 'zod';
import { SignpostError } from '../../errors.ts';

export interface TokenRequest {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string | undefined;
}

export interface TokenEffects {
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const answer = z.object({
  access_token: z.string().min(1),
  /** Seconds; RFC 6749 recommends it, and without it a token is asked for again soon. */
  expires_in: z.number().positive().default(60),
});
/** A token is renewed when so much of its life is left: another connection is to be made with it. */
const RENEW_BEFORE = 0.2;
const TIMEOUT_MS = 10_000;
const endpoint = "The token endpoint of Kafka's OAUTHBEARER";

/**
 * Answers a valid token, asking for one only when need be. Errors have no secret in them.
 * @throws SignpostError `log-unavailable` when the endpoint is away, `log-refused` when it gives none.
 */
export function createTokenSource(
  { tokenEndpoint, clientId, clientSecret, scope }: TokenRequest,
  { fetch, now }: TokenEffects,
): () => Promise<string> {
  let token = '';
  let renewAt = -Infinity;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    const asked = now();
    const basic = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    const response = await fetch(tokenEndpoint, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(basic).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(scope === undefined ? {} : { scope }),
      }).toString(),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { status } = response;
    if (status >= 500 || status === 429) throw away(`answered ${status}`);
    if (!response.ok) throw refused(`answered ${status}`);
    const parsed = answer.safeParse(await response.json().catch(() => null));
    if (!parsed.success) throw refused('answered without a token');
    token = parsed.data.access_token;
    renewAt = asked + parsed.data.expires_in * 1_000 * (1 - RENEW_BEFORE);
    return token;
  }

  return async () => {
    if (now() < renewAt) return token;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    try {
      return await asking;
    } catch (cause) {
      if (cause instanceof SignpostError) throw cause;
      throw away('cannot be reached', cause);
    }
  };
}

function refused(what: string): SignpostError {
  return new SignpostError('log-refused', `${endpoint} ${what}`, {
    hint: 'Check kafka.sasl.tokenEndpoint, clientId and clientSecret.',
  });
}

function away(what: string, cause?: unknown): SignpostError {
  return new SignpostError('log-unavailable', `${endpoint} ${what}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'Does it run, and is kafka.sasl.tokenEndpoint its address?',
  });
}
