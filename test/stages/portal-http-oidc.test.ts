// Tokens of an OpenID Connect issuer: who is let in, as what, and what happens while the issuer is away.
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { portalConfig } from '../../services/portal/config.ts';
import { openIssuer, type Issuer } from '../support/issuer.ts';
import { openPortal, type Answer, type TestPortal } from '../support/portal.ts';

let issuer: Issuer;
let portal: TestPortal;
const now = Date.UTC(2026, 10, 29, 8) / 1000;

beforeEach(async () => {
  issuer = await openIssuer(() => now);
  portal = await open();
});
afterEach(async () => {
  await portal[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

function open(oidc: Record<string, unknown> = {}): Promise<TestPortal> {
  return openPortal({ portal: { oidc: { issuer: issuer.url, audience: 'signpost', ...oidc } } });
}
const ask = (token: string, at = portal) =>
  at.get('/v1/facets', { authorization: `Bearer ${token}` });
const codeOf = (answer: Answer) => answer.json<{ error: { code: string } }>().error.code;
const readerAt = (at = portal) => at.asked.at(-1)?.reader;

describe('a token', () => {
  test('lets its holder read, under a name that is no person’s', async () => {
    expect((await ask(await issuer.token())).statusCode).toBe(200);
    const reader = readerAt();
    expect(reader).toMatchObject({
      role: 'planner',
      departments: null,
      suppressBelow: 0,
      mayJudge: true,
    });
    expect(reader?.name).toMatch(/^oidc-[a-p]{16}$/);
    await ask(await issuer.token({ sub: 'bob@example.com' }));
    expect(readerAt()?.name).not.toBe(reader?.name);
  });

  test('of a reader shows its departments alone', async () => {
    await ask(await issuer.token({ role: 'reader', departments: ['planning', 'sales'] }));
    expect(readerAt()).toMatchObject({
      role: 'reader',
      departments: ['planning'],
      suppressBelow: 5,
    });
  });

  test.each([
    ['a reader of no department', { role: 'reader' }],
    ['a reader of unknown ones', { role: 'reader', departments: ['sales'] }],
    ['a planner of unknown ones', { departments: ['sales'] }],
    ['an unknown role', { role: 'owner' }],
    ['a name of JavaScript’s own as role', { role: 'constructor' }],
    ['no role', { role: undefined }],
  ])('of %s is refused', async (_who, claims) => {
    const answer = await ask(await issuer.token(claims));
    expect([answer.statusCode, codeOf(answer)]).toEqual([403, 'role-unknown']);
    expect(portal.asked).toEqual([]);
  });

  test.each([
    ['another issuer', { iss: 'https://other.example' }],
    ['another audience', { aud: 'billing' }],
    ['no audience', { aud: undefined }],
    ['no end', { exp: undefined }],
    ['no subject', { sub: undefined }],
    ['a beginning to come', { nbf: now + 31 }],
  ])('of %s is not valid', async (_what, claims) => {
    const answer = await ask(await issuer.token(claims));
    expect([answer.statusCode, codeOf(answer)]).toEqual([401, 'token-invalid']);
    expect(answer.headers['www-authenticate']).toContain('invalid_token');
  });

  test('is taken within the skew of clocks', async () => {
    expect((await ask(await issuer.token({ exp: now - 29, nbf: now + 29 }))).statusCode).toBe(200);
  });

  test('of another key, no key or a shared secret is not valid', async () => {
    const claims = { iss: issuer.url, aud: 'signpost', sub: 'x', role: 'admin', exp: now + 60 };
    const forged = [
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'k0' })
        .sign(issuer.foreignKey),
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'k9' })
        .sign(issuer.foreignKey),
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', kid: 'k0' })
        .sign(new Uint8Array(32)),
      new UnsecuredJWT(claims).encode(),
      'a.b.c',
    ];
    for (const token of forged) {
      const answer = await ask(token);
      expect([answer.statusCode, codeOf(answer)]).toEqual([401, 'token-invalid']);
    }
    expect(portal.asked).toEqual([]);
  });

  test('that fails often has to wait, and one that has expired is no guess', async () => {
    for (let i = 0; i < 10; i += 1) await ask('a.b.c');
    expect((await ask('a.b.c')).statusCode).toBe(429);
    await using other = await open();
    const old = await issuer.token({ exp: now - 100 });
    for (let i = 0; i < 12; i += 1) expect(codeOf(await ask(old, other))).toBe('token-expired');
    expect((await ask(await issuer.token({ exp: now - 31 }), other)).statusCode).toBe(401);
  });

  test('can be kept by the pages, and judges', async () => {
    const answer = await portal.gateway.inject({
      method: 'POST',
      url: '/v1/session',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      payload: JSON.stringify({ key: await issuer.token() }),
    });
    expect(answer.statusCode).toBe(200);
    const cookie = String(answer.headers['set-cookie']).split(';')[0]!;
    const judged = await portal.gateway.inject({
      method: 'POST',
      url: '/v1/judgements',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', cookie },
      payload: JSON.stringify({ insightId: 'x', department: 'planning', verdict: 'right' }),
    });
    expect(judged.statusCode).toBe(202);
  });
});

describe('claims', () => {
  test.each([
    [
      'lists',
      { roleClaim: 'groups', roles: { net: 'planner', boss: 'admin' } },
      { groups: ['x', 'net', 'boss'] },
      'admin',
    ],
    [
      'inside others',
      { roleClaim: 'realm_access.roles' },
      { realm_access: { roles: ['planner'] } },
      'planner',
    ],
    [
      'with a URL for a name',
      { roleClaim: 'https://x.example/role' },
      { 'https://x.example/role': 'admin' },
      'admin',
    ],
    [
      'text of several',
      { roleClaim: 'scope', roles: { 'signpost.plan': 'planner' } },
      { scope: 'openid signpost.plan' },
      'planner',
    ],
  ])('may be %s', async (_what, oidc, claims, role) => {
    await using other = await open(oidc);
    await ask(await issuer.token({ role: undefined, ...claims }), other);
    expect(readerAt(other)?.role).toBe(role);
  });
});

describe('the issuer', () => {
  test('is asked for its keys once, and again for a key that it has since', async () => {
    const token = await issuer.token();
    await Promise.all([ask(token), ask(token), ask(token)]);
    await ask(token);
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
    await issuer.rotate();
    // Not at once, or tokens with keys that are made up would have it asked without end.
    expect((await ask(await issuer.token())).statusCode).toBe(401);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
    expect((await ask(await issuer.token())).statusCode).toBe(200);
    vi.useRealTimers();
    expect(issuer.asked.filter((path) => path === '/keys')).toHaveLength(2);
  });

  test.each(['discovery', 'keys'] as const)(
    'away (%s) is 503 for now, and remembered for nothing',
    async (what) => {
      issuer.down[what] = true;
      for (let i = 0; i < 12; i += 1) {
        const answer = await ask(await issuer.token());
        expect([answer.statusCode, codeOf(answer)]).toEqual([503, 'issuer-unreachable']);
        expect(answer.headers['retry-after']).toBe('2');
      }
      issuer.down[what] = false;
      expect((await ask(await issuer.token())).statusCode).toBe(200);
    },
  );

  test('that calls itself something else is not believed', async () => {
    issuer.calls.issuer = 'https://other.example';
    expect((await ask(await issuer.token())).statusCode).toBe(503);
  });

  test('must be asked by https, but on this machine', () => {
    const check = (url: string) =>
      portalConfig.safeParse({ oidc: { issuer: url, audience: 'x' } }).success;
    expect(
      ['https://id.example', 'http://localhost:8080/realms/x', 'http://[::1]:1'].map(check),
    ).toEqual([true, true, true]);
    expect(['http://id.example', 'ftp://id.example', 'id.example'].map(check)).toEqual([
      false,
      false,
      false,
    ]);
  });
});

test('where an issuer is set, nothing is open, and keys are taken as before', async () => {
  expect((await portal.get('/v1/me')).statusCode).toBe(401);
  const key = await portal.key({});
  expect((await ask(key)).statusCode).toBe(200);
  expect(issuer.asked).toEqual([]);
});
