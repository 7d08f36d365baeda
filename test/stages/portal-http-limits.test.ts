// What one reader and all of them together may ask for: so many requests a minute, so many questions at a time.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createTurns } from '../../services/portal/http/limits.ts';
import { examples } from '../../services/portal/http/examples.ts';
import { openPortal } from '../support/portal.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('requests a minute', () => {
  test('are counted by reader, told, and those beyond answered 429', async () => {
    await using portal = await openPortal({ portal: { requestsPerMinute: 3 } });
    const [ann, bob] = [await portal.key({ source: 'ann' }), await portal.key({ source: 'bob' })];
    const left = [];
    for (const url of ['/v1/me', '/v1/facets', '/v1/aggregates']) {
      left.push((await portal.get(url, bearer(ann))).headers['ratelimit-remaining']);
    }
    expect(left).toEqual(['2', '1', '0']);
    const refused = await portal.get('/v1/facets', bearer(ann));
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toMatchObject({ error: { code: 'too-many-requests' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(refused.headers['ratelimit-limit']).toBe('3');
    expect((await portal.get('/v1/facets', bearer(bob))).statusCode).toBe(200);
    expect(portal.asked.map(({ reader }) => reader.name)).toEqual(['ann', 'ann', 'bob']);
  });

  test('are not asked of those who are nobody, nor of pages', async () => {
    await using portal = await openPortal({ portal: { requestsPerMinute: 1 } });
    await portal.key({});
    for (let i = 0; i < 3; i += 1) {
      expect((await portal.get('/v1/me')).statusCode).toBe(401);
      expect((await portal.get('/')).statusCode).toBe(503);
    }
  });
});

describe('questions at a time', () => {
  test('wait for their turn, and are answered 503 when it does not come', async () => {
    const held: (() => void)[] = [];
    await using portal = await openPortal({
      portal: { questionsAtATime: 2, patienceMs: 50 },
      queries: {
        facets: async () => {
          await new Promise<void>((resolve) => void held.push(resolve));
          return examples.facets;
        },
      },
    });
    const slow = [portal.get('/v1/facets'), portal.get('/v1/facets')];
    while (held.length < 2) await sleep(1);
    const refused = await portal.get('/v1/waves');
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '2']);
    expect(refused.json()).toMatchObject({ error: { code: 'too-busy' } });
    expect((await portal.get('/v1/me')).statusCode).toBe(200);
    const patient = portal.get('/v1/waves');
    held[0]!();
    expect((await patient).statusCode).toBe(200);
    held[1]!();
    expect((await Promise.all(slow)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect((await portal.get('/v1/waves')).statusCode).toBe(200);
  });

  test('of those who are gone are not put', async () => {
    let begun = 0;
    let release = () => {};
    await using portal = await openPortal({
      portal: { questionsAtATime: 1 },
      queries: {
        facets: async () => {
          begun += 1;
          if (begun === 1) await new Promise<void>((resolve) => void (release = resolve));
          return examples.facets;
        },
      },
    });
    const { url } = await portal.gateway.listen();
    const slow = fetch(`${url}/v1/facets`);
    while (portal.asked.length === 0) await sleep(1);
    const gone = new AbortController();
    const dragged = fetch(`${url}/v1/waves`, { signal: gone.signal }).catch(() => 'aborted');
    const patient = fetch(`${url}/v1/insights`);
    await sleep(50);
    gone.abort();
    expect(await dragged).toBe('aborted');
    // The server sees that it is gone when it comes to it.
    await sleep(1_000);
    release();
    expect([(await slow).status, (await patient).status]).toEqual([200, 200]);
    expect(portal.asked.map(({ name }) => name)).toEqual(['facets', 'insights']);
  });

  test('come in order, never more than allowed, and a failure gives its turn on', async () => {
    const turns = createTurns({ questionsAtATime: 3, patienceMs: 10_000, retryAfterSeconds: 1 });
    let running = 0;
    let most = 0;
    const begun: number[] = [];
    const done = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) =>
        turns.take(async () => {
          begun.push(i);
          most = Math.max(most, (running += 1));
          await sleep(i % 3);
          running -= 1;
          if (i % 5 === 0) throw new Error('no');
        }),
      ),
    );
    expect(most).toBe(3);
    expect(begun).toEqual(begun.toSorted((a, b) => a - b));
    expect(done.filter(({ status }) => status === 'rejected')).toHaveLength(10);
  });
});
