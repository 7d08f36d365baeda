// Schemas in a registry: known there before the first record, found there when another release wrote it.
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createRegistryClient,
  readRegistrySettings,
  type RegistryClient,
  type RegistrySettings,
} from '#core/registry/registry-client.ts';
import { registerSchemas } from '#core/registry/register.ts';
import { foreignId } from '#core/registry/schema-source.ts';
import { shippedSchemas } from '#core/registry/shipped.ts';
import { registeredTopics } from '../../services/cli/topics/log-schemas.ts';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.ts';

const topics = registeredTopics(['operations', 'legal'], 'dev-');
let registry: FakeRegistry;
let logged: string;
let pauses: number[];
let ending: AbortController;

beforeEach(async () => {
  registry = await startFakeRegistry();
  logged = '';
  pauses = [];
  ending = new AbortController();
});
afterEach(() => registry.close());

function clientOf(settings: RegistrySettings = { url: registry.url }): RegistryClient {
  return createRegistryClient({
    settings,
    fetch: globalThis.fetch,
    sleep: async (ms) => void pauses.push(ms),
    logger: pino({ level: 'trace' }, { write: (line) => void (logged += line) }),
    signal: ending.signal,
  });
}

const shipped = (record: string) => shippedSchemas().find((schema) => schema.record === record)!;

describe('registration', () => {
  test('puts every topic under its subject, and takes over the ids', async () => {
    const { ids } = await registerSchemas(clientOf(), topics);
    expect([...registry.subjects.keys()]).toEqual(topics.map(({ name }) => `${name}-value`));
    const versions = shippedSchemas().filter(({ record }) => record === 'insight');
    expect(registry.subjects.get('dev-insights.legal.v1-value')).toEqual(
      versions.map(({ id }) => ids.toWire(id)),
    );
    for (const { recordName } of topics) {
      const { id, text } = shippedSchemas().find((schema) => schema.recordName === recordName)!;
      expect(registry.schemas.get(ids.toWire(id))).toBe(text);
      expect(ids.fromWire(ids.toWire(id))).toBe(id);
    }
  });

  test('done again changes nothing and only looks up', async () => {
    const first = await registerSchemas(clientOf(), topics);
    const before = registry.requests.length;
    const second = await registerSchemas(clientOf(), topics);
    expect(second.ids.toWire(1)).toBe(first.ids.toWire(1));
    const later = registry.requests.slice(before);
    expect(later.filter((request) => request.endsWith('/versions'))).toEqual([]);
  });

  test('takes any id of a schema that has one for each subject', async () => {
    registry.idsPerSubject = true;
    const { ids } = await registerSchemas(clientOf(), topics);
    const insight = shipped('insight').id;
    for (const subject of ['operations', 'legal']) {
      const [wire] = registry.subjects.get(`dev-insights.${subject}.v1-value`)!;
      expect(ids.fromWire(wire!)).toBe(insight);
    }
  });

  test('waits, a little longer each time, while the registry is away', async () => {
    registry.answerNext(2, 503);
    registry.answerNext(1, 429);
    await registerSchemas(clientOf(), topics);
    expect(pauses).toEqual([250, 500, 1000]);
    expect(logged).toContain('answers 503; trying again');
  });

  test('waiting ends when the process is to end', async () => {
    await registry.close();
    const { name } = clientOf();
    const stopping = createRegistryClient({
      settings: { url: name },
      fetch: globalThis.fetch,
      sleep: async () => ending.abort(),
      logger: pino({ level: 'silent' }),
      signal: ending.signal,
    });
    await expect(registerSchemas(stopping, topics)).rejects.toMatchObject({
      code: 'registry-away',
    });
  });

  test('says which subject was refused, and what the registry says', async () => {
    registry.refuse('dev-insights.legal.v1-value', 'reader type STRING, writer type INT');
    await expect(registerSchemas(clientOf(), topics)).rejects.toMatchObject({
      code: 'schema-incompatible',
      message: expect.stringMatching(
        /refuses insight version 1 for subject dev-insights\.legal\.v1-value \(409 \/ 409: reader type STRING, writer type INT\)/,
      ),
    });
  });

  test.each([
    [404, '<h1>Not found</h1>'],
    [200, '<h1>Welcome</h1>'],
    [405, { message: 'no' }],
  ])('at a web server (%i) that is no registry says so', async (status, body) => {
    registry.answerNext(2, status, body);
    await expect(registerSchemas(clientOf(), topics)).rejects.toMatchObject({
      code: 'no-registry',
      message: `What answers at ${registry.url} (${status}) is no schema registry`,
      hint: expect.stringContaining('/apis/ccompat/v7'),
    });
  });

  test('refused credentials are no reason to wait', async () => {
    registry.protect('signpost', 'right');
    const wrong = clientOf({ url: registry.url, username: 'signpost', password: 'wrong' });
    await expect(registerSchemas(wrong, topics)).rejects.toMatchObject({
      code: 'registry-refused',
    });
    expect(pauses).toEqual([]);
  });
});

describe('credentials', () => {
  test('come from the address or the environment, which wins', async () => {
    registry.protect('signpost', 'p@ss:word');
    const address = registry.url.replace('//', '//signpost:p%40ss%3Aword@');
    await registerSchemas(clientOf(readRegistrySettings(address, {})), topics);
    const env = {
      SCHEMA_REGISTRY_URL: registry.url,
      SCHEMA_REGISTRY_USERNAME: 'signpost',
      SCHEMA_REGISTRY_PASSWORD: 'p@ss:word',
    };
    await registerSchemas(clientOf(readRegistrySettings('http://nowhere:1', env)), topics);
    expect(readRegistrySettings(undefined, {})).toBeUndefined();
  });

  test('are in no log and no error', async () => {
    const settings = readRegistrySettings(registry.url.replace('//', '//user:topsecret@'), {})!;
    registry.answerNext(1, 500);
    registry.protect('other', 'password');
    const error = await registerSchemas(clientOf(settings), topics).catch((e: unknown) => e);
    const told = logged + String(error) + JSON.stringify(error);
    expect(told).toContain(registry.url);
    expect(told).not.toMatch(/topsecret|user:|Basic/);
    expect(() => readRegistrySettings('user:topsecret@host', {})).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('topsecret') }),
    );
  });

  test('do not follow a redirect', async () => {
    const settings = readRegistrySettings(registry.url.replace('//', '//user:pw@'), {})!;
    const elsewhere = createRegistryClient({
      settings,
      fetch: async (_, init) => {
        expect(init?.redirect).toBe('error');
        throw new TypeError('redirected');
      },
      sleep: async () => ending.abort(),
      logger: pino({ level: 'silent' }),
      signal: ending.signal,
    });
    await expect(registerSchemas(elsewhere, topics)).rejects.toMatchObject({
      code: 'registry-away',
    });
  });
});

describe('ids that this release does not know', () => {
  test('are found at the registry, and are none of ours by accident', async () => {
    const { ids, source } = await registerSchemas(clientOf(), topics);
    // Ids of a registry and ours are counted apart: 5 is an insight here, and anything there.
    const wire = registry.add('somebody-elses', '"string"');
    expect(ids.fromWire(5)).not.toBe(5);
    const own = ids.fromWire(wire);
    expect(ids.toWire(own)).toBe(wire);
    expect(await source.find([own])).toEqual(new Map([[own, '"string"']]));
  });

  test('are asked for three times before they are nobody’s, for a copy may be behind', async () => {
    const { source } = await registerSchemas(clientOf(), topics);
    const later = registry.add('later', '"int"');
    registry.answerNext(1, 404, { error_code: 40403, message: 'Schema not found' });
    expect([...(await source.find([foreignId(later)])).keys()]).toEqual([foreignId(later)]);
    expect((await source.find([foreignId(31), foreignId(32)])).size).toBe(0);
    expect(registry.requests.filter((request) => request.endsWith('/31')).length).toBe(3);
  });

  test('cannot be told while the registry is away: records wait', async () => {
    const { source } = await registerSchemas(clientOf(), topics);
    registry.answerNext(3, 500);
    await expect(source.find([foreignId(31)])).rejects.toMatchObject({ code: 'registry-away' });
  });

  test('beyond what a registry gives stay beyond', () => {
    expect(foreignId(2 ** 31 + 5)).toBe(foreignId(2 ** 32 - 1));
  });

  test('an answer without end is no schema', async () => {
    const { source } = await registerSchemas(clientOf(), topics);
    registry.answerNext(3, 200, { schema: 'x'.repeat(2 * 1024 * 1024) });
    expect((await source.find([foreignId(31)])).size).toBe(0);
  });
});
