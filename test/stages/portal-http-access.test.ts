// Who reads, and what: keys, sessions, the open loopback address; and what other sites' pages cannot do.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { revokeApiKey } from '#core/http/api-key-changes.ts';
import { insightsJudged } from '../../services/topology.ts';
import { openPortal, type Answer, type TestPortal } from '../support/portal.ts';

let portal: TestPortal;
beforeEach(async () => void (portal = await openPortal()));
afterEach(() => portal[Symbol.asyncDispose]());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const codeOf = (answer: Answer) => answer.json<{ error: { code: string } }>().error.code;
const here = { 'sec-fetch-site': 'same-origin' };

function logIn(key: unknown, headers: Record<string, string> = here) {
  return portal.gateway.inject({
    method: 'POST',
    url: '/v1/session',
    headers: { 'content-type': 'application/json', ...headers },
    payload: JSON.stringify({ key }),
  });
}
const cookieOf = (answer: Answer) => String(answer.headers['set-cookie']);
const cookieHeader = (answer: Answer) => ({ cookie: cookieOf(answer).split(';')[0]! });

describe('without any key', () => {
  test('the loopback address is open to everything', async () => {
    const me = (await portal.get('/v1/me')).json();
    expect(me).toEqual({
      role: 'admin',
      departments: null,
      suppressBelow: 0,
      mayJudge: true,
      needsKey: false,
    });
    expect((await portal.get('/v1/aggregates')).statusCode).toBe(200);
  });

  test('a page that lets its name resolve to this machine is refused', async () => {
    const answer = await portal.get('/v1/me', { host: 'rebound.example' });
    expect([answer.statusCode, codeOf(answer)]).toEqual([421, 'host-not-allowed']);
    expect((await portal.get('/', { host: 'rebound.example' })).statusCode).toBe(421);
  });

  test('any other address needs a key', async () => {
    await using outside = await openPortal({ gateway: { host: '0.0.0.0' } });
    const answer = await outside.get('/v1/me');
    expect([answer.statusCode, codeOf(answer)]).toEqual([401, 'key-missing']);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="signpost"');
    await using closed = await openPortal({ gateway: { openOnLoopback: false } });
    expect((await closed.get('/v1/facets')).statusCode).toBe(401);
  });

  test.each([{}, { kinds: ['judgements' as const] }, { reads: null, kinds: ['tickets' as const] }])(
    'the first key closes it, whatever it is for: %j',
    async (made) => {
      await portal.key(made);
      expect((await portal.get('/v1/me')).statusCode).toBe(401);
    },
  );

  test('a wrong one is refused all the same', async () => {
    const answer = await portal.get('/v1/me', bearer('junk'));
    expect([answer.statusCode, codeOf(answer)]).toEqual([401, 'key-unknown']);
  });
});

describe('with a key', () => {
  test('a reader sees its departments, and small counts not at all', async () => {
    const token = await portal.key({
      source: 'floor',
      reads: { role: 'reader', departments: ['planning'] },
    });
    for (const headers of [
      bearer(token),
      { 'x-api-key': token },
      { authorization: `bearer  ${token}` },
    ]) {
      const answer = await portal.get('/v1/aggregates', headers);
      expect(answer.statusCode).toBe(200);
      expect(portal.asked.pop()?.reader).toEqual({
        name: 'floor',
        role: 'reader',
        departments: ['planning'],
        suppressBelow: 5,
        mayJudge: false,
      });
    }
    const other = await portal.get('/v1/insights?department=operations', bearer(token));
    expect(other.statusCode).toBe(400);
    expect(other.body).toContain('must be of planning, which are those of your key');
    expect(other.body).not.toContain('marketing');
  });

  test('a planner sees every count', async () => {
    const token = await portal.key({ kinds: ['judgements'] });
    expect((await portal.get('/v1/me', bearer(token))).json()).toEqual({
      role: 'planner',
      departments: null,
      suppressBelow: 0,
      mayJudge: true,
      needsKey: true,
    });
  });

  test('one that only sends is told so', async () => {
    await portal.key({});
    const token = await portal.key({ reads: null, kinds: ['tickets'] });
    const answer = await portal.get('/v1/me', bearer(token));
    expect([answer.statusCode, codeOf(answer)]).toEqual([403, 'key-not-for-reading']);
  });

  test.each(['', 'sp_', 'sp_0123456789ab_x', 'a.b.c', 'Basic abc'])(
    '%j is unknown',
    async (token) => {
      await portal.key({});
      const answer = await portal.get('/v1/me', { 'x-api-key': token });
      expect([answer.statusCode, codeOf(answer)]).toEqual([401, 'key-unknown']);
    },
  );

  test('a revoked one is unknown at once, its sessions too', async () => {
    const token = await portal.key({});
    const session = cookieHeader(await logIn(token));
    expect((await portal.get('/v1/me', session)).statusCode).toBe(200);
    await revokeApiKey(portal.dir, token.split('_')[1]!, () => portal.clock.now);
    portal.clock.now += 1000;
    expect((await portal.get('/v1/me', bearer(token))).statusCode).toBe(401);
    const ended = await portal.get('/v1/me', session);
    expect([ended.statusCode, cookieOf(ended).split(';')[0]]).toEqual([401, 'signpost=']);
  });

  test('guessing has to wait longer each time, and does not lock out those who know', async () => {
    const token = await portal.key({});
    const wrong = `sp_0123456789ab_${'x'.repeat(43)}`;
    for (let i = 0; i < 10; i += 1) {
      expect((await portal.get('/v1/me', bearer(wrong))).statusCode).toBe(401);
    }
    const locked = await portal.get('/v1/me', bearer(wrong));
    expect([locked.statusCode, locked.headers['retry-after']]).toEqual([429, '1']);
    expect((await logIn(wrong)).statusCode).toBe(429);
    expect((await portal.get('/v1/me', bearer(token))).statusCode).toBe(200);
    portal.clock.now += 1000;
    expect((await portal.get('/v1/me', bearer(wrong))).statusCode).toBe(401);
    expect((await portal.get('/v1/me', bearer(wrong))).headers['retry-after']).toBe('2');
  });

  test('asking without one again and again is no guessing', async () => {
    await portal.key({});
    for (let i = 0; i < 30; i += 1) expect((await portal.get('/v1/me')).statusCode).toBe(401);
  });

  test('a file of keys that cannot be read refuses everybody for now', async () => {
    const token = await portal.key({});
    await writeFile(join(portal.dir, 'api-keys.json'), 'broken');
    portal.clock.now += 1000;
    const answer = await portal.get('/v1/me', bearer(token));
    expect([answer.statusCode, codeOf(answer)]).toEqual([503, 'keys-unreadable']);
    expect(answer.headers['retry-after']).toBe('2');
    await rm(join(portal.dir, 'api-keys.json'));
  });
});

describe('a session of the pages', () => {
  test('is a cookie that no script reads and no other site sends', async () => {
    const token = await portal.key({});
    const answer = await logIn(` ${token}\n`);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ role: 'planner', needsKey: true });
    expect(answer.headers['cache-control']).toBe('no-store');
    const [, ...attributes] = cookieOf(answer).split('; ');
    expect(attributes.toSorted()).toEqual([
      'HttpOnly',
      'Max-Age=43200',
      'Path=/',
      'SameSite=Strict',
    ]);
    expect((await portal.get('/v1/me', cookieHeader(answer))).statusCode).toBe(200);
    expect(cookieOf(await logIn(token, { ...here, 'x-forwarded-proto': 'https' }))).toContain(
      'Secure',
    );
  });

  test('ends when it is dropped', async () => {
    const answer = await portal.gateway.inject({
      method: 'DELETE',
      url: '/v1/session',
      headers: here,
    });
    expect(answer.statusCode).toBe(204);
    expect(cookieOf(answer)).toMatch(/^signpost=; .*Max-Age=0/);
  });

  test.each([
    ['no JSON', '{', 400, 'invalid-json'],
    ['no key', '{}', 400, 'invalid-parameter'],
    ['more than a key', '{"key":"x","more":1}', 400, 'invalid-parameter'],
    ['no text', '{"key":1}', 400, 'invalid-parameter'],
    ['more than a cookie holds', `{"key":"${'x'.repeat(3901)}"}`, 400, 'invalid-parameter'],
    ['a wrong key', '{"key":"x; Path=/evil\\r\\nX: y"}', 401, 'key-unknown'],
  ])('is not begun with %s', async (_what, payload, status, code) => {
    const answer = await portal.gateway.inject({
      method: 'POST',
      url: '/v1/session',
      headers: { 'content-type': 'application/json', ...here },
      payload,
    });
    expect([answer.statusCode, codeOf(answer)]).toEqual([status, code]);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('is not begun by a form of another site, nor with a body without end', async () => {
    const form = await portal.gateway.inject({
      method: 'POST',
      url: '/v1/session',
      headers: { 'content-type': 'text/plain' },
      payload: '{"key":"x"}',
    });
    expect(form.statusCode).toBe(415);
    const large = await logIn('x'.repeat(10_000));
    expect(large.statusCode).toBe(413);
    const foreign = await logIn(await portal.key({}), { 'sec-fetch-site': 'cross-site' });
    expect([foreign.statusCode, codeOf(foreign)]).toEqual([403, 'cross-site']);
  });
});

describe('judgements', () => {
  const said = { insightId: 'bQ3yV0m8nK1c7Xr2LwZp9A', department: 'planning', verdict: 'right' };
  const judge = (headers: Record<string, string>) =>
    portal.gateway.inject({
      method: 'POST',
      url: '/v1/judgements',
      headers: { 'content-type': 'application/json', ...headers },
      payload: JSON.stringify(said),
    });
  const judges = () =>
    portal.log.records().map(({ value }) => insightsJudged.codec.decode(value!).judgedBy);

  test('come from the pages by their session, in the name of its key', async () => {
    const session = cookieHeader(
      await logIn(await portal.key({ source: 'floor', kinds: ['judgements'] })),
    );
    expect((await judge({ ...session, ...here })).statusCode).toBe(202);
    expect(
      (await judge({ ...session, origin: 'http://localhost:8080', host: 'localhost:8080' }))
        .statusCode,
    ).toBe(202);
    expect(judges()).toEqual(['floor', 'floor']);
  });

  test.each([
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ 'sec-fetch-site': 'cross-site', origin: 'http://localhost:8080', host: 'localhost:8080' }],
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{}],
  ])('with a session and %j are not taken', async (headers) => {
    const session = cookieHeader(await logIn(await portal.key({ kinds: ['judgements'] })));
    const answer = await judge({ ...session, ...headers });
    expect([answer.statusCode, codeOf(answer)]).toEqual([403, 'cross-site']);
    expect(portal.log.records()).toEqual([]);
  });

  test('need a key that may judge', async () => {
    const session = cookieHeader(await logIn(await portal.key({})));
    const answer = await judge({ ...session, ...here });
    expect([answer.statusCode, codeOf(answer)]).toEqual([403, 'judging-not-allowed']);
  });

  test('with a key, or on the open loopback address, go the way of the intake', async () => {
    expect((await judge({})).statusCode).toBe(202);
    const token = await portal.key({ source: 'desk', kinds: ['judgements'] });
    expect((await judge(bearer(token))).statusCode).toBe(202);
    expect((await judge({})).statusCode).toBe(401);
    expect(judges()).toEqual(['http', 'desk']);
    const sending = await portal.key({ source: 'crew', kinds: ['judgements'], reads: null });
    expect((await judge(bearer(sending))).statusCode).toBe(202);
    expect((await judge({})).statusCode).toBe(401);
    expect(judges()).toEqual(['http', 'desk', 'crew']);
  });
});

describe('judgements of a reader held to a department', () => {
  test('are of that one alone, with a key and by a session of the pages', async () => {
    const token = await portal.key({
      kinds: ['judgements'],
      reads: { role: 'reader', departments: ['planning'] },
    });
    const session = cookieHeader(await logIn(token));
    for (const headers of [bearer(token), { ...session, ...here }]) {
      const judge = (department: string) =>
        portal.gateway.inject({
          method: 'POST',
          url: '/v1/judgements',
          headers: { 'content-type': 'application/json', ...headers },
          payload: JSON.stringify({ insightId: 'bQ3yV0m8', department, verdict: 'missing' }),
        });
      const foreign = await judge('marketing');
      expect([foreign.statusCode, codeOf(foreign)]).toEqual([403, 'department-not-allowed']);
      expect(foreign.json()).toMatchObject({ error: { field: 'department' } });
      expect((await judge('planning')).statusCode).toBe(202);
    }
    expect(portal.log.records()).toHaveLength(2);
  });
});

describe('every answer', () => {
  test('tells browsers to guess, show and pass on nothing', async () => {
    for (const url of ['/v1/me', '/v1/aggregates?format=csv', '/v1/aggregates?x=1', '/']) {
      const { headers } = await portal.get(url);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
    const { headers } = await portal.get('/v1/me');
    expect(headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'");
  });

  test('of an error is kept by no cache', async () => {
    expect((await portal.get('/v1/aggregates?x=1')).headers['cache-control']).toBe('no-store');
  });

  test('leaves no key in the log', async () => {
    const token = await portal.key({});
    await logIn(token);
    await portal.get(`/v1/me?${token}`, bearer(token));
    await writeFile(join(portal.dir, 'api-keys.json'), token);
    portal.clock.now += 1000;
    await portal.get('/v1/me', bearer(token));
    expect(portal.logged()).toContain('keys-unreadable');
    expect(portal.logged()).not.toContain(token.slice(4, 12));
  });
});

describe('streams', () => {
  test('are handed over with their reader, and only those that it reads', async () => {
    await using listening = await openPortal({
      streams: {
        notices: async () => [],
        listen: ({ question: { reader, filters } }) =>
          Readable.from([`${String(filters.department)} ${reader.name}`]),
        close: async () => {},
      },
    });
    const token = await listening.key({ reads: { role: 'reader', departments: ['planning'] } });
    expect((await listening.get('/v1/streams/planning', bearer(token))).body).toBe('planning desk');
    const foreign = await listening.get('/v1/streams/operations', bearer(token));
    expect([foreign.statusCode, foreign.body.includes('marketing')]).toEqual([403, false]);
    expect((await listening.get('/v1/streams/sales', bearer(token))).statusCode).toBe(404);
    expect((await listening.get('/v1/streams/planning')).statusCode).toBe(401);
  });
});
