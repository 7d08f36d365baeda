// What follows from an answer: told, tried again later, or given up with the reason. Pure.
import { plainText } from './plain-text.ts';
import type { Answer, SendFailure } from './send.ts';

/** As a label of metrics. `superseded`: a reminder that was overtaken before it was sent. */
export const deliveryResults = [
  'delivered',
  'tried-again',
  'refused',
  'expired',
  'superseded',
  'resent',
  'resend-failed',
] as const;
export type DeliveryResult = (typeof deliveryResults)[number];

export type Verdict =
  | { readonly kind: 'delivered' }
  /** By our own end: nothing was wrong. */
  | { readonly kind: 'back' }
  | {
      readonly kind: 'again';
      readonly afterMs: number;
      readonly why: string;
      /** The target asked for quiet, for all that waits for it. */
      readonly isPause: boolean;
    }
  | { readonly kind: 'given-up'; readonly result: 'refused' | 'expired'; readonly why: string };

export interface Attempt {
  /** Counts from 1. */
  readonly attempts: number;
  /** Since it was to be sent first. */
  readonly ageMs: number;
  readonly giveUpAfterMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** A refusal is tried again as often, for keys and routes are changed; then it stays one. */
export const mostRefusals = 5;
const longestPauseMs = 3_600_000;

export function verdictOn(answer: Answer, attempt: Attempt): Verdict {
  if (answer.answered && answer.status >= 200 && answer.status < 300) return { kind: 'delivered' };
  if (!answer.answered && answer.failure === 'stopped') return { kind: 'back' };
  const why = whyOf(answer);
  if (attempt.ageMs >= attempt.giveUpAfterMs) {
    const hours = Math.round(attempt.giveUpAfterMs / 360_000) / 10;
    return { kind: 'given-up', result: 'expired', why: `for ${hours} h: ${why}` };
  }
  const isRefusal = answer.answered && refuses(answer.status);
  if (isRefusal && (attempt.attempts >= mostRefusals || answer.status === 410))
    return { kind: 'given-up', result: 'refused', why };
  const asked = answer.answered ? retryAfterMs(answer.retryAfter, attempt.now) : undefined;
  const own = backoffMs(attempt.attempts, isRefusal ? 30_000 : 2000, attempt.random);
  return { kind: 'again', afterMs: Math.max(own, asked ?? 0), why, isPause: asked !== undefined };
}

/** For people: `not reached (ECONNREFUSED)`, `answered 302: …`. It may hold what the target said; see `withoutSecrets`. */
export function whyOf(answer: Answer): string {
  if (!answer.answered) return `${failureWords[answer.failure]} (${answer.detail})`;
  const { status, body } = answer;
  if (status >= 300 && status < 400)
    return `answered ${status}, and redirects are not followed: set url to where it leads`;
  const said = plainText(body, 200);
  return said === '' ? `answered ${status}` : `answered ${status}: ${said}`;
}

/** The same without what the target said, for logs. */
export function briefOf(answer: Answer): string {
  return answer.answered ? `answered ${answer.status}` : whyOf(answer);
}

const failureWords: Readonly<Record<SendFailure, string>> = {
  'name-not-resolved': 'the name was not found',
  'address-refused': 'the address is not allowed, see allowPrivate',
  'not-reached': 'not reached',
  'tls-refused': 'its certificate was refused',
  'no-answer': 'no answer in time',
  'broke-off': 'the connection broke off',
  stopped: 'stopped',
};

/** Request Timeout, Too Early and Too Many Requests pass by themselves. A redirect does not. */
function refuses(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408 && status !== 425 && status !== 429;
}

const leastBackoffMs = 500;
const mostBackoffMs = 600_000;

/** Exponential with full jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015). */
function backoffMs(attempts: number, baseMs: number, random: () => number): number {
  const ceiling = Math.min(mostBackoffMs, baseMs * 2 ** Math.min(attempts - 1, 20));
  return leastBackoffMs + Math.floor(random() * ceiling);
}

/** RFC 9110, 10.2.3: seconds or a date; bounded, so that nobody silences us for a year. */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(longestPauseMs, Math.max(0, ms));
}
