// Signatures of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md): whoever
// holds the secret can tell that a message is ours, whole and recent.
import { createHmac } from 'node:crypto';

const prefix = 'whsec_';
/** Of the bytes behind the prefix. */
const leastBytes = 24;
const mostBytes = 64;

/** The bytes of a secret `whsec_<base64>`, or why it is none; the sentence never quotes it. */
export function signingKeyOf(secret: string): Buffer | string {
  if (!secret.startsWith(prefix)) return `must begin with ${prefix}`;
  const encoded = secret.slice(prefix.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return `must be base64 after ${prefix}`;
  const key = Buffer.from(encoded, 'base64');
  if (key.length < leastBytes || key.length > mostBytes)
    return `must hold ${leastBytes} to ${mostBytes} bytes after ${prefix}: openssl rand -base64 32 makes 32`;
  return key;
}

/**
 * Headers of one attempt. With several keys, as while one replaces another, there is a signature by each.
 * @param id the same for every attempt at a message, without a full stop
 * @param at milliseconds since the epoch, of this attempt
 */
export function signatureHeaders(
  keys: readonly Uint8Array[],
  id: string,
  at: number,
  body: string,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1000));
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
  };
}

/** Of what is sent of a transition: the same for every attempt, another for every repeat. */
export function messageId(transitionId: string, repeat: number): string {
  const id = /^[\w-]{1,200}$/.test(transitionId)
    ? transitionId
    : Buffer.from(transitionId).toString('base64url');
  return repeat === 0 ? id : `${id}-repeat-${repeat}`;
}
