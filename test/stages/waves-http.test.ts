// The rollout plan on the query API's server: who may change it, and what is answered when the store is away.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { migrate } from '#core/store/migrate.ts';
import { openPglite } from '#core/store/pglite.ts';
import type { Db } from '#core/store/postgres.ts';
import { openPortal, type TestPortal } from '../support/portal.ts';

const file = 'area,wave,technology,date\nA,Wave 1,5G,2027-01-05\n';

describe('the rollout plan over HTTP', () => {
  let db: Db;
  beforeAll(async () => {
    db = await openPglite(undefined);
    await migrate(db);
  }, 180_000);
  afterAll(() => db.close());

  const open = (broken = false): Promise<TestPortal> => {
    const away = {
      transaction() {
        throw new SignpostError('store-unavailable', 'The database is away');
      },
    };
    const used = broken ? { ...db, query: away as unknown as Db['query'] } : db;
    return openPortal({ plan: { db: used, clock: () => Date.UTC(2026, 10, 29) } });
  };
  const post = (portal: TestPortal, headers: Record<string, string> = {}) =>
    portal.gateway.inject({
      method: 'POST',
      url: '/v1/waves',
      headers: { 'content-type': 'text/csv', ...headers },
      body: file,
    });

  it('is open on the loopback address while there are no keys', async () => {
    await using portal = await open();
    expect((await post(portal)).json()).toMatchObject({ added: 1, waves: ['Wave 1'] });
    expect((await portal.get('/v1/waves/plan')).json()).toEqual({
      lines: [
        { wave: 'Wave 1', area: 'A', technology: '5G', plannedOn: '2027-01-05', finishedOn: null },
      ],
    });
    const gone = await portal.gateway.inject({ method: 'DELETE', url: '/v1/waves/Wave%201' });
    expect(gone.json()).toEqual({ wave: 'Wave 1', removed: 1 });
  });

  it('is changed by planners and admins, read by readers, and shut to senders', async () => {
    await using portal = await open();
    const as = async (role: 'reader' | 'planner' | 'admin') => ({
      authorization: `Bearer ${await portal.key({ reads: { role, departments: null } })}`,
    });
    const [reader, planner, admin] = [await as('reader'), await as('planner'), await as('admin')];
    expect((await post(portal)).statusCode).toBe(403);
    expect((await portal.get('/v1/waves/plan')).statusCode).toBe(401);
    const refused = await post(portal, reader);
    expect({ status: refused.statusCode, ...refused.json() }).toMatchObject({
      status: 403,
      error: { code: 'role-not-allowed' },
    });
    expect((await portal.get('/v1/waves/plan', reader)).statusCode).toBe(200);
    expect((await post(portal, planner)).statusCode).toBe(200);
    expect((await post(portal, admin)).json()).toMatchObject({ unchanged: 1 });
  });

  it('is not changed from another site', async () => {
    await using portal = await open();
    const foreign = await post(portal, { 'sec-fetch-site': 'cross-site' });
    expect(foreign.json()).toMatchObject({ error: { code: 'cross-site' } });
  });

  it('says so when the store is away', async () => {
    await using portal = await open(true);
    const answer = await post(portal);
    expect({ status: answer.statusCode, ...answer.json() }).toMatchObject({
      status: 503,
      error: { code: 'store-unavailable' },
    });
  });

  it('is in the OpenAPI document', async () => {
    await using portal = await open();
    const { paths } = (await portal.get('/openapi.json')).json() as {
      paths: Record<string, Record<string, { requestBody?: unknown; responses: object }>>;
    };
    expect(Object.keys(paths['/v1/waves'] ?? {})).toContain('post');
    expect(Object.keys(paths['/v1/waves']?.['post']?.responses ?? {})).toContain('422');
    expect(paths['/v1/waves/{wave}']).toHaveProperty('delete');
  });
});
