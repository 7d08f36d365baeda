// What follows from an answer: told, tried again, or given up.
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../services/alert/deliver/send.ts';
import { mostRefusals, verdictOn, type Attempt } from '../../services/alert/deliver/verdict.ts';
import { withoutSecrets } from '../../services/alert/deliver/without-secrets.ts';

const now = Date.UTC(2026, 10, 29, 9);
const day = 86_400_000;
const answered = (status: number, retryAfter?: string): Answer => ({
  answered: true,
  status,
  retryAfter,
  body: '',
  isWhole: true,
});
const on = (answer: Answer, attempt: Partial<Attempt> = {}) =>
  verdictOn(answer, {
    attempts: 1,
    ageMs: 0,
    giveUpAfterMs: day,
    now,
    random: () => 0.5,
    ...attempt,
  });

describe('an answer', () => {
  it.each([200, 201, 202, 204, 299])('of %i says that it was told', (status) => {
    expect(on(answered(status), { attempts: 50, ageMs: 2 * day })).toEqual({ kind: 'delivered' });
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 599])('of %i passes, so it is tried on', (status) => {
    expect(on(answered(status), { attempts: 50 })).toMatchObject({ kind: 'again' });
  });

  it.each([301, 302, 307, 308, 400, 401, 403, 404, 405, 409, 413, 422])(
    'of %i is a refusal: tried a few times, then given up',
    (status) => {
      expect(on(answered(status), { attempts: mostRefusals - 1 })).toMatchObject({ kind: 'again' });
      expect(on(answered(status), { attempts: mostRefusals })).toMatchObject({
        kind: 'given-up',
        result: 'refused',
        why: expect.stringContaining(String(status)),
      });
    },
  );

  it('of 410 is given up at once: nobody is there any more', () => {
    expect(on(answered(410))).toMatchObject({ kind: 'given-up', result: 'refused' });
  });

  it('that never came is tried on until it is too old', () => {
    const failed: Answer = { answered: false, failure: 'not-reached', detail: 'ECONNREFUSED' };
    expect(on(failed, { attempts: 99, ageMs: day - 1 })).toMatchObject({ kind: 'again' });
    expect(on(failed, { ageMs: day })).toEqual({
      kind: 'given-up',
      result: 'expired',
      why: 'for 24 h: not reached (ECONNREFUSED)',
    });
  });

  it('that we did not wait for is nobody’s fault', () => {
    const failed: Answer = { answered: false, failure: 'stopped', detail: '' };
    expect(on(failed, { ageMs: 2 * day })).toEqual({ kind: 'back' });
  });
});

describe('the wait', () => {
  const waits = (attempts: number, random: number, status = 500) => {
    const verdict = on(answered(status), { attempts, random: () => random });
    return verdict.kind === 'again' ? verdict.afterMs : undefined;
  };

  it('doubles with every attempt, up to ten minutes, with full jitter', () => {
    expect([1, 2, 3, 4].map((attempts) => waits(attempts, 1))).toEqual([2500, 4500, 8500, 16_500]);
    expect(waits(1000, 1)).toBe(600_500);
    expect(waits(1000, 0)).toBe(500);
    expect(waits(1000, 0.5)).toBe(300_500);
  });

  it('after a refusal is longer: somebody may be changing a key', () => {
    expect(waits(1, 1, 403)).toBe(30_500);
  });

  it.each([
    ['120', 120_000],
    ['0', 1500],
    [new Date(now + 90_000).toUTCString(), 90_000],
    [new Date(now - 90_000).toUTCString(), 1500],
    ['99999999', 3_600_000],
    ['soon', 1500],
    ['', 1500],
  ])('that Retry-After: %s asks for is kept to, an hour at most', (header, expected) => {
    expect(on(answered(503, header))).toMatchObject({ kind: 'again', afterMs: expected });
  });

  it('asked for is one for all that waits for the target', () => {
    expect(on(answered(429, '5'))).toMatchObject({ isPause: true });
    expect(on(answered(503))).toMatchObject({ isPause: false });
  });
});

describe('what a target says', () => {
  it('is shown without our keys, the longest first', () => {
    const said = 'token abcdefgh-1 of abcdefgh is wrong';
    expect(withoutSecrets(said, ['abcdefgh', 'abcdefgh-1'])).toBe(
      'token [hidden] of [hidden] is wrong',
    );
  });
});
