// What other services answer on the intake's server: their own errors and pages, and still the server's own refusals.
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { gatewayConfig } from '../../services/gateway/config.ts';
import { Problem } from '#core/http/problem.ts';
import { createGateway, type Gateway } from '../../services/gateway/http/gateway.ts';
import { createKnownPaths } from '../../services/gateway/http/known-paths.ts';

let open: Gateway | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function start(
  mounts: readonly ((app: FastifyInstance) => Promise<void>)[],
  takesIntake = true,
): Promise<Gateway> {
  open = await createGateway({
    log: { append: async () => [] },
    config: gatewayConfig.parse({ port: 0 }),
    clock: Date.now,
    logger: pino({ level: 'silent' }),
    keys: {
      configured: async () => false,
      knownId: async () => null,
      verify: async () => null,
    },
    overloaded: () => null,
    metricsText: async () => '',
    takesIntake,
    mounts,
  });
  return open;
}

const areas = async (app: FastifyInstance): Promise<void> => {
  app.setErrorHandler<Error>((error, _request, reply) => {
    if (error instanceof Problem) throw error;
    return reply.code(418).send({ mine: error.message });
  });
  app.get('/v1/areas/:id', ({ params }) => {
    const { id } = params as { readonly id: string };
    if (id === 'none') throw new Error('no such area');
    return { id };
  });
};

const pages = async (app: FastifyInstance): Promise<void> => {
  app.get('/*', ({ url }, reply) => {
    if (url === '/') return reply.type('text/html').send('<title>Home</title>');
    return reply.callNotFound();
  });
};

const get = async (gateway: Gateway, url: string, method: 'GET' | 'POST' | 'PUT' = 'GET') => {
  const { statusCode, headers, body } = await gateway.inject({ method, url });
  return { status: statusCode, allow: headers['allow'], body };
};

test('a mounted service answers with its own errors, and the intake beside it with its own', async () => {
  const gateway = await start([areas, pages]);
  expect(await get(gateway, '/v1/areas/ca')).toMatchObject({ status: 200, body: '{"id":"ca"}' });
  expect(await get(gateway, '/v1/areas/none')).toMatchObject({
    status: 418,
    body: '{"mine":"no such area"}',
  });
  expect((await get(gateway, '/')).body).toContain('Home');
  expect((await get(gateway, '/v1/tickets', 'POST')).body).toContain('"code":"empty-body"');
});

test('where pages take any address, a wrong method is still 405 and a wrong address 404', async () => {
  const gateway = await start([areas, pages]);
  expect(await get(gateway, '/v1/tickets?x=1')).toMatchObject({ status: 405, allow: 'POST' });
  expect(await get(gateway, '/v1/areas/ca', 'PUT')).toMatchObject({
    status: 405,
    allow: 'GET, HEAD',
  });
  const missing = await get(gateway, '/v1/nothing');
  expect(missing.status).toBe(404);
  expect(missing.body).toContain('GET /openapi.json describes what there is');
});

test('a mounted service is closed to foreign hosts as the intake is', async () => {
  const gateway = await start([areas]);
  const answer = await gateway.inject({
    url: '/v1/areas/ca',
    headers: { host: 'rebound.example' },
  });
  expect(answer.statusCode).toBe(421);
});

test('a server without the intake takes no tickets and does not hint at them', async () => {
  const gateway = await start([areas], false);
  const answer = await get(gateway, '/v1/tickets', 'POST');
  expect(answer.status).toBe(404);
  expect(answer.body).not.toContain('/v1/posts');
});

test('a parameter takes one segment, a wildcard does not count', () => {
  const known = createKnownPaths();
  known.add({ url: '/v1/areas/:id', method: ['GET', 'HEAD'] });
  known.add({ url: '/v1/areas/rank', method: 'POST' });
  known.add({ url: '/*', method: 'GET' });
  expect(known.methodsAt('/v1/areas/x.y')).toEqual(['GET', 'HEAD']);
  expect(known.methodsAt('/v1/areas/rank')).toEqual(['GET', 'HEAD', 'POST']);
  expect(known.methodsAt('/v1/areas/x/y')).toEqual([]);
  expect(known.methodsAt('/v1/areas/')).toEqual([]);
});
