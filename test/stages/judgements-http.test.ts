// POST /v1/judgements: durable before 202, safe to share, the same record however often it is sent.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { judgementIntake } from '../../services/cli/judgements/route.ts';
import { loadApiKeys } from '../../services/core/http/api-keys.ts';
import { createApiKey } from '../../services/core/http/api-key-changes.ts';
import type { KeyKind, KeyReads } from '../../services/core/http/keys-file.ts';
import { gatewayConfig } from '../../services/gateway/config.ts';
import { createGateway, type Gateway } from '../../services/gateway/http/gateway.ts';
import { insightsJudged } from '../../services/topology.ts';
import { createMemoryLog } from '../support/memory-log.ts';

const departments = ['operations', 'billing'];
const said = { insightId: 'pU3vYb0dQm2k7sXtR1aLwQ', department: 'operations', verdict: 'wrong' };

let dir: string;
let now: number;
let busy: string | null;
let logged: string;
let log: ReturnType<typeof createMemoryLog>;
let gateway: Gateway;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'signpost-judged-'));
  now = Date.UTC(2026, 2, 1);
  busy = null;
  logged = '';
  log = createMemoryLog();
  gateway = await createGateway({
    log,
    config: gatewayConfig.parse({ port: 0, maxBodyBytes: 20_000, maxRecordsPerRequest: 3 }),
    clock: () => now,
    logger: pino({ level: 'trace' }, { write: (line) => void (logged += line) }),
    keys: await loadApiKeys(dir, () => now),
    overloaded: () => busy,
    metricsText: async () => '',
    routes: [judgementIntake({ normalize: { phoneRegion: 'US', languages: ['en'] } }, departments)],
  });
});
afterEach(async () => {
  await gateway.close();
  await rm(dir, { recursive: true, force: true });
});

function post(payload: unknown, token?: string) {
  return gateway.inject({
    method: 'POST',
    url: '/v1/judgements',
    payload: JSON.stringify(payload),
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  });
}
const written = () => log.records().map(({ value }) => insightsJudged.codec.decode(value!));
async function refusalOf(payload: unknown): Promise<unknown> {
  const answer = await post(payload);
  return { status: answer.statusCode, ...answer.json().rejected?.[0] };
}

describe('a judgement', () => {
  test('is on its topic, keyed by the insight, when 202 is answered', async () => {
    const answer = await post({ ...said, theme: 'coverage', model: 'telecom-v2+1fe63375' });
    expect({ status: answer.statusCode, ...answer.json() }).toEqual({
      status: 202,
      accepted: 1,
      rejected: [],
    });
    expect(log.records()[0]).toMatchObject({
      topic: 'insights.judged.v1',
      key: said.insightId,
      timestamp: now,
      headers: { ce_source: '/judgements/operations', ce_subject: said.insightId },
    });
    expect(written()).toEqual([
      {
        ...said,
        id: expect.stringMatching(/^[\w-]{22}$/),
        theme: 'coverage',
        comment: null,
        judgedBy: 'http',
        judgedAt: now,
        model: 'telecom-v2+1fe63375',
      },
    ]);
  });

  test('sent again is the same record by its id; another verdict or reader is another', async () => {
    await post(said);
    now += 60_000;
    await post({ ...said, comment: 'once more' });
    await post({ ...said, verdict: 'right' });
    await post({ ...said, judgedBy: 'noc-lead' });
    await post({ ...said, id: 'own-1' });
    const ids = written().map(({ id }) => id);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(4);
    expect(ids[4]).toBe('own-1');
  });

  test('holds no personal data of a comment or of the sender’s id', async () => {
    await post({
      ...said,
      id: 'ann.lee@example.com/1',
      comment: 'Ask ann.lee@example.com or call +1 415 555 2671',
    });
    await post({ ...said, id: 'ann.lee@example.com/1' });
    const [first, second] = written();
    expect(first!.comment).toBe('Ask [email] or call [phone]');
    expect(first!.id).toMatch(/^[\w-]{22}$/);
    expect(second!.id).toBe(first!.id);
    expect(JSON.stringify(log.records()) + logged).not.toContain('ann.lee');
  });

  test('whose model is not told says so', async () => {
    await post(said);
    expect(written()[0]!.model).toBe('unknown');
  });
});

describe('what is refused is told by its field', () => {
  test.each([
    [{ department: 'operatons' }, 'unknown-department', 'department', 'operations, billing'],
    [{ department: undefined }, 'missing-field', 'department', 'required'],
    [{ verdict: 'wrng' }, 'unknown-value', 'verdict', 'right, wrong, missing'],
    [{ verdict: 'unknown' }, 'unknown-value', 'verdict', 'right, wrong, missing'],
    [{ insightId: '' }, 'invalid-characters', 'insightId', 'id of an insight'],
    [{ insightId: 'a b@c.d' }, 'invalid-characters', 'insightId', 'id of an insight'],
    [{ theme: 'No Signal' }, 'invalid-characters', 'theme', 'kebab-case'],
    [{ comment: 'x'.repeat(4001) }, 'too-long', 'comment', '4000'],
    [{ comment: 'a\0b' }, 'invalid-characters', 'comment', 'NUL'],
    [{ comment: 7 }, 'wrong-type', 'comment', 'text'],
    [{ judgedBy: 'ann.lee@example.com' }, 'personal-data', 'judgedBy', 'pseudonym'],
    [{ model: 'my model' }, 'invalid-characters', 'model', 'version of a model'],
    [{ judgedAt: 1 }, 'unknown-field', 'judgedAt', 'not a field'],
  ])('%j', async (change, reason, field, detail) => {
    expect(await refusalOf({ ...said, ...change })).toMatchObject({
      status: 400,
      reason,
      field,
      detail: expect.stringContaining(detail),
    });
    expect(log.records()).toEqual([]);
  });

  test('and the good ones around it are stored', async () => {
    const answer = await post([said, { ...said, department: 'x' }, { ...said, verdict: 'right' }]);
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toMatchObject({
      accepted: 2,
      rejected: [{ index: 1, reason: 'unknown-department' }],
    });
  });

  test('a body beyond the limits is 413, another method 405', async () => {
    expect((await post([said, said, said, said])).statusCode).toBe(413);
    expect((await post({ ...said, comment: 'x'.repeat(30_000) })).statusCode).toBe(413);
    const got = await gateway.inject({ method: 'GET', url: '/v1/judgements' });
    expect({ status: got.statusCode, allow: got.headers['allow'] }).toEqual({
      status: 405,
      allow: 'POST',
    });
  });
});

describe('coming again later', () => {
  test('is asked for while the pipeline is behind and when the log cannot write', async () => {
    busy = 'Many records are waiting.';
    const behind = await post(said);
    expect([behind.statusCode, behind.headers['retry-after']]).toEqual([503, '2']);
    busy = null;
    log.failWith(new SignpostError('log-unavailable', 'No broker answers'));
    const failed = await post(said);
    expect([failed.statusCode, failed.headers['retry-after']]).toEqual([503, '2']);
    log.failWith(null);
    expect((await post(said)).statusCode).toBe(202);
    expect(written()).toHaveLength(1);
  });
});

describe('a key', () => {
  const keyFor = async (
    kinds: readonly KeyKind[],
    reads: KeyReads | null = null,
  ): Promise<string> => {
    const parts = { clock: () => now, random: (bytes: number) => randomBytes(bytes) };
    const { token } = await createApiKey(dir, { source: 'dashboard', kinds, reads, ...parts });
    now += 2000;
    return token;
  };

  test('must allow judgements, and names the reader who names no role', async () => {
    const token = await keyFor(['judgements']);
    expect((await post(said)).statusCode).toBe(401);
    expect((await post(said, token)).statusCode).toBe(202);
    expect(written()[0]!.judgedBy).toBe('dashboard');
    const ticket = await gateway.inject({
      method: 'POST',
      url: '/v1/tickets',
      payload: '{}',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    });
    expect(ticket.json().error.code).toBe('kind-not-allowed');
  });

  test('that reads for a department judges for no other one, and nothing of the request is taken in', async () => {
    const token = await keyFor(['judgements'], { role: 'reader', departments: ['billing'] });
    const own = { ...said, department: 'billing' };
    const foreign = await post([own, said], token);
    expect({ status: foreign.statusCode, ...foreign.json().error }).toMatchObject({
      status: 403,
      code: 'department-not-allowed',
      field: 'department',
      hint: expect.stringContaining('one of billing'),
    });
    expect(log.records()).toEqual([]);
    expect((await post(own, token)).statusCode).toBe(202);
  });

  test('of a sender of tickets does not', async () => {
    const answer = await post(said, await keyFor(['tickets']));
    expect([answer.statusCode, answer.json().error.code]).toEqual([403, 'kind-not-allowed']);
  });
});

test('the OpenAPI document describes the route with the departments that there are', async () => {
  const document = (await gateway.inject('/openapi.json')).json();
  expect(document.paths['/v1/judgements'].post.operationId).toBe('post-judgements');
  const record = document.components.schemas.JudgementInput;
  expect(record.required).toEqual(['insightId', 'department', 'verdict']);
  expect(record.properties.department.enum).toEqual(departments);
});
