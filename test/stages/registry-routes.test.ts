// The read half of the schema registry API as clients use it, over HTTP, without a key.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { shippedSchemas } from '#core/registry/shipped.ts';
import { registeredTopics } from '../../services/cli/topics/log-schemas.ts';
import { loadApiKeys } from '../../services/core/http/api-keys.ts';
import { gatewayConfig } from '../../services/gateway/config.ts';
import { createGateway, type Gateway } from '../../services/gateway/http/gateway.ts';
import { createMemoryLog } from '../support/memory-log.ts';

const vendor = 'application/vnd.schemaregistry.v1+json';
const subject = 'insights.operations.v1-value';
const versions = shippedSchemas().filter(({ record }) => record === 'insight');
const insight = versions[0]!;

let directory: string;
let gateway: Gateway;
let url: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signpost-registry-'));
});
afterEach(async () => {
  await gateway.close();
  await rm(directory, { recursive: true, force: true });
});

async function start(config: Record<string, unknown> = {}): Promise<void> {
  gateway = await createGateway({
    log: createMemoryLog(),
    config: gatewayConfig.parse({ port: 0, openOnLoopback: false, ...config }),
    clock: () => 0,
    logger: pino({ level: 'silent' }),
    keys: await loadApiKeys(directory, () => 0),
    overloaded: () => null,
    metricsText: async () => '',
    registry: {
      topics: registeredTopics(['operations', 'x'.repeat(150)], ''),
      source: { find: async (ids) => new Map(ids.includes(42) ? [[42, '"later"']] : []) },
    },
  });
  ({ url } = await gateway.listen());
}

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url + path, { headers: { accept: vendor } });
  expect(response.headers.get('content-type')).toBe(vendor);
  return { status: response.status, body: await response.json() };
}

async function send(
  path: string,
  body: unknown,
  method = 'POST',
  type = vendor,
): Promise<{ status: number; body: unknown }> {
  const request: RequestInit = {
    method,
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
  const response = await fetch(url + path, request);
  return { status: response.status, body: await response.json() };
}

test('gives schemas by id, as deserializers ask for them', async () => {
  await start();
  for (const { id, text } of shippedSchemas()) {
    expect(await get(`/schemas/ids/${id}`)).toEqual({ status: 200, body: { schema: text } });
  }
  expect((await get(`/schemas/ids/${insight.id}/schema`)).body).toEqual(JSON.parse(insight.text));
  expect((await get(`/schemas/ids/${insight.id}/versions`)).body).toContainEqual({
    subject,
    version: 1,
  });
  expect((await get(`/schemas/ids/${insight.id}/subjects`)).body).toEqual([
    'insights.shared.v1-value',
    'insights.unsure.v1-value',
    'insights.revised.v1-value',
    subject,
    `insights.${'x'.repeat(150)}.v1-value`,
  ]);
  expect((await get('/schemas/types')).body).toEqual(['AVRO']);
});

test('gives schemas of another release that lies on the log', async () => {
  await start();
  expect((await get('/schemas/ids/42')).body).toEqual({ schema: '"later"' });
});

test('gives versions by subject', async () => {
  await start();
  const of = (version: number) => {
    const { id, text } = versions[version - 1]!;
    return { subject, id, version, schema: text };
  };
  expect((await get('/subjects')).body).toContain(subject);
  expect((await get('/subjects?subjectPrefix=insights.o')).body).toEqual([subject]);
  expect((await get(`/subjects/${subject}/versions`)).body).toEqual([1, 2]);
  expect((await get(`/subjects/${subject}/versions/1`)).body).toEqual(of(1));
  for (const name of ['2', 'latest', '-1']) {
    expect((await get(`/subjects/${subject}/versions/${name}`)).body).toEqual(of(2));
  }
  expect((await get(`/subjects/${subject}/versions/1/schema`)).body).toEqual(
    JSON.parse(insight.text),
  );
  expect((await get(`/subjects/${subject}/versions/1/referencedby`)).body).toEqual([]);
  expect((await get(`/subjects/insights.${'x'.repeat(150)}.v1-value/versions`)).status).toBe(200);
});

test('finds a schema under its subject however it is spelt', async () => {
  await start();
  const plain = JSON.stringify(JSON.parse(insight.text), (key, value: unknown) =>
    key === 'doc' ? undefined : value,
  );
  const found = { subject, id: insight.id, version: 1 };
  for (const schema of [insight.text, plain]) {
    for (const body of [{ schema }, { schema, schemaType: 'AVRO', references: [] }]) {
      expect(await send(`/subjects/${subject}?normalize=true`, body)).toMatchObject({
        status: 200,
        body: found,
      });
    }
    expect(
      await send(`/subjects/${subject}`, { schema }, 'POST', 'application/json'),
    ).toMatchObject({ body: found });
    // A serializer that registers what is there already gets its id and changes nothing.
    expect(await send(`/subjects/${subject}/versions`, { schema })).toEqual({
      status: 200,
      body: { id: insight.id },
    });
  }
});

test('tells its rules', async () => {
  await start();
  for (const path of ['/config', `/config/${subject}`]) {
    expect((await get(path)).body).toEqual({ compatibilityLevel: 'FULL_TRANSITIVE' });
  }
  for (const path of ['/mode', `/mode/${subject}`]) {
    expect((await get(path)).body).toEqual({ mode: 'READONLY' });
  }
});

describe('says no as the API does', () => {
  test.each([
    ['/schemas/ids/999', 404, 40403],
    ['/schemas/ids/999/versions', 404, 40403],
    ['/schemas/ids/none', 404, 404],
    ['/subjects/none/versions', 404, 40401],
    ['/subjects/none/versions/1', 404, 40401],
    [`/subjects/${subject}/versions/3`, 404, 40402],
    [`/subjects/${subject}/versions/0`, 422, 42202],
    [`/subjects/${subject}/versions/first`, 422, 42202],
  ])('GET %s', async (path, status, code) => {
    await start();
    expect(await get(path)).toEqual({
      status,
      body: { error_code: code, message: expect.any(String) },
    });
  });

  test.each<[string, string, unknown, number, number]>([
    ['POST', '/subjects/none', { schema: insight.text }, 404, 40401],
    ['POST', `/subjects/${subject}`, { schema: '{"type":"string"}' }, 404, 40403],
    ['POST', `/subjects/${subject}`, { schema: '{' }, 422, 42201],
    ['POST', `/subjects/${subject}`, {}, 422, 42201],
    ['POST', `/subjects/${subject}`, { schema: '{}', schemaType: 'PROTOBUF' }, 422, 42201],
    ['POST', `/subjects/${subject}`, '{', 400, 400],
    ['POST', `/subjects/${subject}`, 'null', 422, 42201],
    ['POST', `/subjects/${subject}/versions`, { schema: '"string"' }, 422, 42205],
    ['POST', '/subjects/new/versions', { schema: insight.text }, 422, 42205],
    ['DELETE', `/subjects/${subject}`, {}, 422, 42205],
    ['PUT', '/config', { compatibility: 'NONE' }, 422, 42205],
    ['PUT', `/mode/${subject}`, { mode: 'READWRITE' }, 422, 42205],
    ['POST', `/subjects/${subject}`, { schema: 'x'.repeat(600_000) }, 413, 413],
  ])('%s %s', async (method, path, body, status, code) => {
    await start();
    expect(await send(path, body, method)).toEqual({
      status,
      body: { error_code: code, message: expect.any(String) },
    });
  });
});

test('refuses foreign hosts as the intake does', async () => {
  await start();
  const answer = await gateway.inject({ url: '/subjects', headers: { host: 'evil.example' } });
  expect(answer.statusCode).toBe(421);
});

test('is not there when switched off', async () => {
  await start({ schemaRegistry: false });
  expect((await fetch(`${url}/subjects`)).status).toBe(404);
});

test('leaves the intake and its description as they were', async () => {
  await start();
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
  expect(Object.keys(paths)).toEqual(['/v1/tickets', '/v1/posts', '/v1/surveys']);
  const answer = await send('/v1/tickets', { id: 1 }, 'POST', vendor);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.body).toHaveProperty('error.code');
});
