// What is signed, checked by a verifier written from the specification and by its published example.
import { describe, expect, it } from 'vitest';
import {
  messageId,
  signatureHeaders,
  signingKeyOf,
} from '../../services/alert/deliver/standard-webhooks.ts';
import { verifyStandardWebhook } from '../support/standard-webhooks.ts';

const secret = `whsec_${Buffer.from('a secret of thirty-two bytes or so').toString('base64')}`;
const other = `whsec_${Buffer.from('another one, of thirty-two bytes.').toString('base64')}`;
const at = Date.UTC(2026, 10, 29, 9, 20, 0, 900);
const body = '{"summary":"Störung in Miami 👩‍👩‍👧"}';

function keyOf(text: string): Buffer {
  const key = signingKeyOf(text);
  if (typeof key === 'string') throw new Error(key);
  return key;
}

describe('a signature', () => {
  it('is that of the example of Standard Webhooks', () => {
    // github.com/standard-webhooks/standard-webhooks, test of its reference libraries.
    const headers = signatureHeaders(
      [keyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')],
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1614265330_000,
      '{"test": 2432232314}',
    );
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is verified by whoever holds the secret, and by nobody else', async () => {
    const headers = signatureHeaders([keyOf(secret)], 'm-1', at, body);
    expect(await verifyStandardWebhook(secret, headers, body, at)).toBe(true);
    expect(await verifyStandardWebhook(other, headers, body, at)).toBe(false);
  });

  it('covers id, time and every byte of the body', async () => {
    const headers = signatureHeaders([keyOf(secret)], 'm-1', at, body);
    const changed = [
      [{ ...headers, 'webhook-id': 'm-2' }, body],
      [{ ...headers, 'webhook-timestamp': String(Math.floor(at / 1000) + 1) }, body],
      [headers, `${body} `],
      [headers, body.replace('ö', 'o')],
    ] as const;
    for (const [told, text] of changed)
      expect(await verifyStandardWebhook(secret, told, text, at)).toBe(false);
  });

  it('is there by each key while one replaces another, so that neither holder is lost', async () => {
    const headers = signatureHeaders([keyOf(other), keyOf(secret)], 'm-1', at, body);
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    expect(await verifyStandardWebhook(secret, headers, body, at)).toBe(true);
    expect(await verifyStandardWebhook(other, headers, body, at)).toBe(true);
  });

  it('is left out where there is no key, the id is not', () => {
    expect(Object.keys(signatureHeaders([], 'm-1', at, body))).toEqual([
      'webhook-id',
      'webhook-timestamp',
    ]);
  });
});

describe('a secret', () => {
  it.each([
    ['sesame-open', 'begin with whsec_'],
    ['whsec_***', 'base64'],
    ['whsec_c2VzYW1l', '24 to 64 bytes'],
    [`whsec_${Buffer.alloc(65, 7).toString('base64')}`, '24 to 64 bytes'],
  ])('%s is refused by a sentence without it', (text, flaw) => {
    expect(signingKeyOf(text)).toContain(flaw);
    expect(signingKeyOf(text)).not.toContain(text.slice(6));
  });
});

describe('the id of a message', () => {
  it('is that of the transition, another for each repeat, and never holds a full stop', () => {
    expect(messageId('t-1', 0)).toBe('t-1');
    expect(messageId('t-1', 2)).toBe('t-1-repeat-2');
    expect(messageId('a.b c', 0)).toMatch(/^[\w-]+$/);
    expect(messageId('a.b c', 0)).not.toBe(messageId('a.b d', 0));
  });
});
