// The HTTP intake: 202 means durable, everything else means nothing was taken in, and nobody can make it answer 500.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { loadApiKeys } from '../../services/core/http/api-keys.ts';
import { createApiKey, revokeApiKey } from '../../services/core/http/api-key-changes.ts';
import { gatewayConfig } from '../../services/gateway/config.ts';
import { createGateway, type Gateway } from '../../services/gateway/http/gateway.ts';
import { createMemoryLog } from '../support/memory-log.ts';

const at = '2025-03-04T12:30:00Z';
const ticket = (id: string | number) => ({
  id,
  occurredAt: at,
  description: 'Marker-words of a customer',
});

let dir: string;
let now: number;
let logged: string;
let busy: string | null;
let open: Gateway[];
let log: ReturnType<typeof createMemoryLog>;
const clock = () => now;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'signpost-http-'));
  now = Date.UTC(2025, 5, 1);
  logged = '';
  busy = null;
  open = [];
  log = createMemoryLog();
});
afterEach(async () => {
  await Promise.all(open.map((gateway) => gateway.close()));
  await rm(dir, { recursive: true, force: true });
});

async function start(config: Record<string, unknown> = {}): Promise<Gateway> {
  const gateway = await createGateway({
    log,
    config: gatewayConfig.parse({ openOnLoopback: true, port: 0, ...config }),
    clock,
    logger: pino({ level: 'trace' }, { write: (line) => void (logged += line) }),
    keys: await loadApiKeys(dir, clock),
    overloaded: () => busy,
    metricsText: async () => 'signpost_up 1\n',
  });
  open.push(gateway);
  return gateway;
}

const newKey = (source: string, kinds: ('tickets' | 'posts' | 'surveys')[]) =>
  createApiKey(dir, { source, kinds, clock, random: (bytes) => randomBytes(bytes) });

function post(
  gateway: Gateway,
  payload: unknown,
  {
    url = '/v1/tickets',
    type = 'application/json',
    headers = {},
  }: { url?: string; type?: string; headers?: Record<string, string> } = {},
) {
  const body =
    typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
  return gateway.inject({
    method: 'POST',
    url,
    payload: body,
    headers: { 'content-type': type, ...headers },
  });
}

const auth = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

const ids = () => log.records().map(({ key }) => key);

describe('taking in', () => {
  test('an object, a list, a wrapped list and lines are all taken in', async () => {
    const gateway = await start();
    const answers = [
      await post(gateway, ticket(1)),
      await post(gateway, [ticket(2), ticket(3)]),
      await post(gateway, { records: [ticket(4)] }),
      await post(gateway, `${JSON.stringify(ticket(5))}\r\n\n${JSON.stringify(ticket(6))}`, {
        type: 'application/x-ndjson',
      }),
      await post(gateway, `\uFEFF${JSON.stringify(ticket(7))}`, {
        type: 'application/json; charset=UTF-8',
      }),
      await post(gateway, gzipSync(JSON.stringify([ticket(8)])), {
        headers: { 'content-encoding': 'gzip' },
      }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202, 202, 202, 202, 202]);
    expect(answers.map((answer) => answer.json().accepted)).toEqual([1, 2, 1, 2, 1, 1]);
    expect(ids()).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((id) => `http/${id}`));
    expect(log.records()[0]).toMatchObject({ topic: 'tickets.reported.v1', timestamp: now });
  });

  test('each kind goes to its topic', async () => {
    const gateway = await start();
    await post(gateway, { id: 1, occurredAt: at, text: 'x' }, { url: '/v1/posts' });
    await post(gateway, { id: 1, occurredAt: at, scale: 'ces', score: 2 }, { url: '/v1/surveys' });
    expect(log.records().map(({ topic }) => topic)).toEqual([
      'posts.published.v1',
      'surveys.answered.v1',
    ]);
  });

  test('bad records are listed, the good ones around them are taken in', async () => {
    const gateway = await start();
    const answer = await post(gateway, [
      ticket(1),
      { id: 'x', occurredAt: at, status: 'open' },
      7,
      ticket(2),
    ]);
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toEqual({
      accepted: 2,
      rejected: [
        {
          index: 1,
          id: 'x',
          reason: 'unknown-status',
          field: 'status',
          detail: expect.stringContaining('must be one of'),
        },
        { index: 2, reason: 'not-an-object', field: '', detail: 'must be a JSON object' },
      ],
    });
    expect(ids()).toEqual(['http/1', 'http/2']);
  });

  test('an id that JSON has rounded is refused by its field, and not told back as another', async () => {
    const gateway = await start();
    const body = `[${JSON.stringify(ticket(1))},{"id":9007199254740993,"occurredAt":"${at}","status":"held"}]`;
    const answer = await post(gateway, body);
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toEqual({
      accepted: 1,
      rejected: [
        {
          index: 1,
          reason: 'wrong-type',
          field: 'id',
          detail: 'must be text, or a whole number below 2^53',
        },
      ],
    });
  });

  test('a broken line is listed by its line, the others are taken in', async () => {
    const gateway = await start();
    const lines = [
      JSON.stringify(ticket(1)),
      '{"id":',
      '',
      '['.repeat(100_000),
      JSON.stringify(ticket(2)),
    ];
    const answer = await post(gateway, lines.join('\n'), { type: 'application/x-ndjson' });
    expect(answer.json()).toMatchObject({
      accepted: 2,
      rejected: [
        { index: 1, reason: 'invalid-json' },
        { index: 3, reason: 'invalid-json' },
      ],
    });
  });

  test('when no record is valid nothing is taken in and the field is named', async () => {
    const gateway = await start();
    const answer = await post(gateway, { ...ticket(1), occurredAt: '2025-03-04 12:30' });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({
      error: {
        code: 'no-valid-record',
        field: 'occurredAt',
        message: 'occurredAt needs its zone: end it with Z or an offset like +02:00.',
      },
      accepted: 0,
      rejected: [{ index: 0, id: '1', reason: 'time-without-zone' }],
    });
    expect(log.appends).toEqual([]);
  });

  test('a valid trace is passed on, another is not', async () => {
    const gateway = await start();
    const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await post(gateway, ticket(1), { headers: { traceparent: trace } });
    await post(gateway, ticket(2), {
      headers: { traceparent: `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01` },
    });
    expect(log.records().map(({ headers }) => headers['traceparent'])).toEqual([trace, undefined]);
  });

  test('202 comes only after the append has resolved', async () => {
    const gateway = await start();
    const release = log.hold();
    let answered = false;
    const answer = post(gateway, ticket(1)).then((response) => {
      answered = true;
      return response;
    });
    await sleep(50);
    expect(answered).toBe(false);
    release();
    expect((await answer).statusCode).toBe(202);
  });

  test('requests that come together are written together, up to 1,000 records, each request whole', async () => {
    const gateway = await start({ lingerMs: 20 });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, request) =>
        post(
          gateway,
          Array.from({ length: 70 }, (__, index) => ticket(`${request}-${index}`)),
        ),
      ),
    );
    expect(answers.every(({ statusCode }) => statusCode === 202)).toBe(true);
    expect(log.records()).toHaveLength(2100);
    expect(log.appends.length).toBeLessThanOrEqual(6);
    for (const batch of log.appends) expect(batch.length % 70).toBe(0);
    expect(Math.max(...log.appends.map(({ length }) => length))).toBeLessThanOrEqual(1000);
  });
});

describe('refusing', () => {
  const cases: readonly (readonly [
    string,
    Parameters<typeof post>[1],
    Parameters<typeof post>[2],
    number,
    string,
  ])[] = [
    ['an empty body', '', {}, 400, 'empty-body'],
    ['white space', ' \n ', {}, 400, 'empty-body'],
    ['broken JSON', '{"id": Marker', {}, 400, 'invalid-json'],
    ['an empty list', [], {}, 400, 'no-records'],
    ['records that are no list', { records: {} }, {}, 400, 'invalid-json'],
    ['something beside records', { records: [], source: 'x' }, {}, 400, 'unknown-field'],
    ['deep nesting', '['.repeat(1_000_000), {}, 400, 'too-deep'],
    [
      'deep nesting behind a string',
      `["\\"]", ${'{"a":'.repeat(40)}1${'}'.repeat(40)}]`,
      {},
      400,
      'too-deep',
    ],
    ['broken UTF-8', Buffer.from([0x22, 0xff, 0x22]), {}, 400, 'invalid-utf8'],
    ['no content type', ticket(1), { type: '' }, 415, 'unsupported-media-type'],
    [
      'a form',
      'id=1',
      { type: 'application/x-www-form-urlencoded' },
      415,
      'unsupported-media-type',
    ],
    ['plain text', ticket(1), { type: 'text/plain' }, 415, 'unsupported-media-type'],
    [
      'another charset',
      ticket(1),
      { type: 'application/json; charset=utf-16' },
      415,
      'unsupported-media-type',
    ],
    [
      'another encoding',
      ticket(1),
      { headers: { 'content-encoding': 'br' } },
      415,
      'unsupported-encoding',
    ],
    [
      'what is not gzip',
      ticket(1),
      { headers: { 'content-encoding': 'gzip' } },
      400,
      'invalid-gzip',
    ],
    [
      'cut gzip',
      gzipSync(JSON.stringify(ticket(1))).subarray(0, 30),
      { headers: { 'content-encoding': 'gzip' } },
      400,
      'invalid-gzip',
    ],
    [
      'a gzip bomb',
      gzipSync(Buffer.alloc(100 * 1024 * 1024, ' ')),
      { headers: { 'content-encoding': 'gzip' } },
      413,
      'body-too-large',
    ],
    ['a large body', Buffer.alloc(5 * 1024 * 1024 + 1, ' '), {}, 413, 'body-too-large'],
    ['too many records', `[${'1,'.repeat(5000)}1]`, {}, 413, 'too-many-records'],
    [
      'too many lines',
      '1\n'.repeat(5001),
      { type: 'application/x-ndjson' },
      413,
      'too-many-records',
    ],
    [
      'a source in capitals',
      ticket(1),
      { url: '/v1/tickets?source=Desk' },
      400,
      'source-name-invalid',
    ],
    [
      'two sources',
      ticket(1),
      { url: '/v1/tickets?source=a&source=b' },
      400,
      'source-name-invalid',
    ],
    ['another path', ticket(1), { url: '/v1/calls' }, 404, 'not-found'],
    ['a broken address', ticket(1), { url: '/v1/%c0' }, 400, 'bad-request'],
    [
      'a foreign host',
      ticket(1),
      { headers: { host: 'evil.example:8080' } },
      421,
      'host-not-allowed',
    ],
    [
      'a host that begins like ours',
      ticket(1),
      { headers: { host: 'localhost.evil.example' } },
      421,
      'host-not-allowed',
    ],
  ];

  test.each(cases)('%s', async (_name, payload, options, status, code) => {
    const answer = await post(await start(), payload, options);
    expect([answer.statusCode, answer.json().error.code]).toEqual([status, code]);
    expect(answer.body).not.toContain('Marker');
    expect(answer.body).not.toMatch(/\n +at |"stack|node_modules/);
    expect(log.appends).toEqual([]);
  });

  test('a limit is named in its error', async () => {
    const answer = await post(await start({ maxBodyBytes: 2048 }), ' '.repeat(3000));
    expect(answer.json().error.message).toContain('2048 bytes');
  });

  test('another method says what is allowed', async () => {
    const answer = await (await start()).inject({ method: 'GET', url: '/v1/tickets?x=1' });
    expect([answer.statusCode, answer.headers['allow'], answer.json().error.code]).toEqual([
      405,
      'POST',
      'method-not-allowed',
    ]);
  });

  test('localhost, 127.0.0.1 and [::1] with any port are our own names', async () => {
    const gateway = await start();
    for (const host of ['localhost', 'LOCALHOST:80', '127.0.0.1:8080', '[::1]:8080']) {
      expect((await post(gateway, ticket(1), { headers: { host } })).statusCode).toBe(202);
    }
  });

  test('any JSON, any bytes and any content type give an answer that is no 500', async () => {
    const gateway = await start();
    const types = fc.constantFrom(
      'application/json',
      'application/x-ndjson',
      'text/plain',
      ';',
      'application/json; charset="',
    );
    const paths = fc.constantFrom(
      '/v1/tickets',
      '/v1/posts',
      '/v1/surveys',
      '/v1/tickets?source=a',
      '/v1/tickets?source[]=a',
      '/v1/posts?__proto__=x',
    );
    const bodies = fc.oneof(
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify([value, { records: value }])),
      fc.string({ unit: 'binary' }),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(types, paths, bodies, fc.boolean(), async (type, url, body, gzip) => {
        const headers: Record<string, string> = gzip ? { 'content-encoding': 'gzip' } : {};
        const { statusCode } = await post(
          gateway,
          gzip && body.length % 2 === 0 ? gzipSync(body) : body,
          { type, url, headers },
        );
        expect(
          statusCode === 202 || statusCode === 503 || (statusCode >= 400 && statusCode < 500),
        ).toBe(true);
      }),
      { numRuns: 400 },
    );
    expect(logged).not.toContain('internal');
  });
});

describe('coming again later', () => {
  test.each([
    [new SignpostError('disk-full', 'x'), 'disk-full'],
    [Object.assign(new Error('x'), { code: 'ENOSPC' }), 'disk-full'],
    [
      new Error('x', { cause: Object.assign(new Error('y'), { code: 'SQLITE_FULL' }) }),
      'disk-full',
    ],
    [new SignpostError('log-closed', 'x'), 'shutting-down'],
    [new Error('Marker'), 'not-stored'],
  ])('a failing append is a 503, and nothing is accepted', async (error, code) => {
    const gateway = await start();
    log.failWith(error);
    const answer = await post(gateway, ticket(1));
    expect([answer.statusCode, answer.json().error.code]).toEqual([503, code]);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.body).not.toContain('Marker');
    log.failWith(null);
    expect((await post(gateway, ticket(1))).statusCode).toBe(202);
  });

  test('an overloaded pipeline refuses at the door with its reason', async () => {
    const gateway = await start();
    busy = 'Classification is 120,000 records behind.';
    const answer = await post(gateway, ticket(1));
    expect(answer.statusCode).toBe(503);
    expect(answer.json().error).toMatchObject({ code: 'overloaded', message: busy });
    expect(answer.headers['retry-after']).toBe('2');
    expect((await gateway.inject('/health/ready')).statusCode).toBe(503);
    expect((await gateway.inject('/health/live')).statusCode).toBe(200);
  });

  test('a write that is late is a 503 to all who wait behind it and who come, until it ends', async () => {
    const gateway = await start({ patienceMs: 100 });
    const release = log.hold();
    const written = post(gateway, ticket('written'));
    await sleep(20);
    const behind = await post(gateway, ticket('behind it'));
    expect([behind.statusCode, behind.json().error.code]).toEqual([503, 'not-stored']);
    expect(behind.headers['retry-after']).toBe('2');
    const late = await post(gateway, ticket('late'));
    expect([late.statusCode, late.json().error.code]).toEqual([503, 'overloaded']);
    release();
    expect((await written).statusCode).toBe(202);
    expect((await post(gateway, ticket('after'))).statusCode).toBe(202);
    expect(ids()).toEqual(['http/written', 'http/after']);
  });

  test('a full disk is logged once in ten seconds, not once a request', async () => {
    const gateway = await start();
    log.failWith(new SignpostError('disk-full', 'x'));
    for (let request = 0; request < 20; request += 1) await post(gateway, ticket(1));
    now += 10_000;
    await post(gateway, ticket(1));
    const lines = logged
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { code: 'disk-full', unlogged: 0 },
      { code: 'disk-full', unlogged: 19 },
    ]);
  });

  test('bodies in flight are bounded, and the bound is given back', async () => {
    const gateway = await start({ maxBodyBytes: 4096, maxInFlightBytes: 4096 });
    const release = log.hold();
    const padded = {
      ...ticket(1),
      attributes: { a: 'x'.repeat(400) },
      notes: [{ text: 'x'.repeat(2500) }],
    };
    const first = post(gateway, padded);
    await sleep(20);
    const second = await post(gateway, padded);
    expect([second.statusCode, second.json().error.code]).toEqual([503, 'overloaded']);
    release();
    expect((await first).statusCode).toBe(202);
    expect((await post(gateway, padded)).statusCode).toBe(202);
    await Promise.all(Array.from({ length: 20 }, () => post(gateway, '{'.repeat(3000))));
    expect((await post(gateway, padded)).statusCode).toBe(202);
  });
});

describe('keys', () => {
  test('without any key the intake is closed unless it was opened on loopback', async () => {
    expect((await post(await start({ openOnLoopback: false }), ticket(1))).json().error.code).toBe(
      'key-missing',
    );
    expect((await post(await start({ host: '0.0.0.0' }), ticket(1))).json().error.code).toBe(
      'key-missing',
    );
    expect(
      (await post(await start(), ticket(1), { url: '/v1/tickets?source=desk' })).statusCode,
    ).toBe(202);
    expect(ids()).toEqual(['desk/1']);
  });

  test('one key closes what was open, even after it was revoked', async () => {
    const { key } = await newKey('desk', ['tickets']);
    const gateway = await start();
    expect((await post(gateway, ticket(1))).statusCode).toBe(401);
    await revokeApiKey(dir, key.id, clock);
    now += 1000;
    expect((await post(gateway, ticket(1))).statusCode).toBe(401);
  });

  test.each([[[]], [['judgements' as const]]])(
    'a key of a reader that may send %j closes it too',
    async (kinds) => {
      const reads = { role: 'reader' as const, departments: null };
      await createApiKey(dir, { source: 'floor', kinds, reads, clock, random: randomBytes });
      const gateway = await start();
      const missing = await post(gateway, ticket(1));
      expect([missing.statusCode, missing.json().error.code]).toEqual([401, 'key-missing']);
      const wrong = await post(gateway, ticket(1), auth('made-up'));
      expect([wrong.statusCode, wrong.json().error.code]).toEqual([401, 'key-unknown']);
      expect(ids()).toEqual([]);
    },
  );

  test('a wrong key is refused also where none is needed', async () => {
    const gateway = await start();
    const wrong = await post(gateway, ticket(1), auth('junk'));
    expect([wrong.statusCode, wrong.json().error.code]).toEqual([401, 'key-unknown']);
    expect((await post(gateway, ticket(2))).statusCode).toBe(202);
  });

  test('the key decides the source, and which kinds may be sent', async () => {
    const { token } = await newKey('helpdesk', ['tickets']);
    const gateway = await start();
    expect((await post(gateway, ticket(1), auth(token))).statusCode).toBe(202);
    expect((await post(gateway, ticket(2), { headers: { 'x-api-key': token } })).statusCode).toBe(
      202,
    );
    expect(
      (await post(gateway, ticket(3), { ...auth(token), url: '/v1/tickets?source=helpdesk' }))
        .statusCode,
    ).toBe(202);
    expect(
      (await post(gateway, ticket(4), { ...auth(token), url: '/v1/tickets?source=other' })).json()
        .error.code,
    ).toBe('source-not-allowed');
    expect((await post(gateway, {}, { ...auth(token), url: '/v1/posts' })).json().error.code).toBe(
      'kind-not-allowed',
    );
    expect(
      (await post(gateway, { ...ticket(5), source: 'other' }, auth(token))).json().rejected[0]
        .reason,
    ).toBe('unknown-field');
    expect(ids()).toEqual(['helpdesk/1', 'helpdesk/2', 'helpdesk/3']);
  });

  test('a wrong key is 401 before the body is looked at', async () => {
    await newKey('desk', ['tickets']);
    const gateway = await start();
    for (const header of [
      { authorization: 'Bearer sp_x' },
      { authorization: 'Basic eDp5' },
      { 'x-api-key': '' },
    ]) {
      const answer = await post(gateway, '{', { headers: header });
      expect([answer.statusCode, answer.json().error.code]).toEqual([401, 'key-unknown']);
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    }
  });

  test('guessing is slowed down without locking out others at the same address', async () => {
    const { token } = await newKey('desk', ['tickets']);
    const { token: other } = await newKey('shop', ['tickets']);
    const gateway = await start();
    const wrong = `${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`;
    const codes: number[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1)
      codes.push((await post(gateway, ticket(1), auth(wrong))).statusCode);
    expect(codes).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    expect((await post(gateway, ticket(1), auth(other))).statusCode).toBe(202);
    now += 1001;
    expect((await post(gateway, ticket(1), auth(token))).statusCode).toBe(202);
    expect((await post(gateway, ticket(1), auth(wrong))).statusCode).toBe(401);
  });
});

describe('beside the intake', () => {
  test('metrics come from whoever counts', async () => {
    const answer = await (await start()).inject('/metrics');
    expect([answer.body, answer.headers['content-type']]).toEqual([
      'signpost_up 1\n',
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
  });

  test('the OpenAPI document describes the three routes and their records', async () => {
    const answer = await (await start()).inject('/openapi.json');
    const document = answer.json();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(['/v1/tickets', '/v1/posts', '/v1/surveys']);
    expect(Object.keys(document.components.schemas).toSorted()).toEqual([
      'PostInput',
      'SurveyAnswerInput',
      'TicketInput',
    ]);
    expect(document.components.schemas.TicketInput.required).toEqual(['id', 'occurredAt']);
    expect(document.components.schemas.TicketInput.additionalProperties).toBe(false);
    const operation = document.paths['/v1/tickets'].post;
    expect(Object.keys(operation.requestBody.content)).toEqual([
      'application/json',
      'application/x-ndjson',
    ]);
    expect(Object.keys(operation.responses)).toContain('503');
  });

  test('nothing a customer wrote, no id and no key is ever logged', async () => {
    const { token } = await newKey('desk', ['tickets']);
    const gateway = await start();
    const headers = { authorization: `Bearer ${token}` };
    await post(gateway, { ...ticket('Marker-id'), customerId: 'Marker-customer' }, { headers });
    await post(gateway, '{"Marker', { headers });
    log.failWith(new Error('insert of Marker failed'));
    await post(gateway, ticket('Marker-id'), { headers });
    await post(gateway, ticket('Marker-id'), { headers: { authorization: 'Bearer Marker' } });
    expect(logged).toContain('not-stored');
    expect(logged).not.toContain('Marker');
    expect(logged).not.toContain(token.slice(16));
  });
});

const request = (
  port: number,
  agent: http.Agent,
  body: string,
  headers: Record<string, string> = {},
) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = http.request(
      {
        port,
        host: '127.0.0.1',
        agent,
        method: 'POST',
        path: '/v1/tickets',
        headers: { 'content-type': 'application/json', ...headers },
      },
      (response) => {
        let text = '';
        response.on('data', (piece: Buffer) => (text += piece.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });

/** Sends raw text and gives back all that comes until the other side closes. */
const raw = (port: number, text: string) =>
  new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let seen = '';
    socket.on('data', (piece) => (seen += piece.toString()));
    socket.on('error', () => {});
    socket.on('close', () => resolve(seen));
  });

describe('over a socket', () => {
  test('connections are kept, aborts cost nothing, slow bodies end with 408, and closing finishes what is under way', async () => {
    const gateway = await start({ requestTimeoutMs: 400, headersTimeoutMs: 200, drainMs: 500 });
    const { port } = await gateway.listen();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let id = 0; id < 5; id += 1)
      expect((await request(port, agent, JSON.stringify(ticket(id)))).status).toBe(202);

    // A refused large body must not spoil the connection for the next request.
    expect((await request(port, agent, ' '.repeat(6 * 1024 * 1024))).status).toBe(413);
    expect((await request(port, agent, JSON.stringify(ticket('after')))).status).toBe(202);

    const head =
      'POST /v1/tickets HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n';
    const aborted = connect(port, '127.0.0.1', () =>
      aborted.write(`${head}{"id":1`, () => aborted.destroy()),
    );
    await new Promise((resolve) => aborted.once('close', resolve));
    expect(await raw(port, `${head}{"id":`)).toContain('408 Request Timeout');
    expect(await raw(port, 'POST /v1/tickets HTTP/1.1\r\nhost: loc')).toContain('request-timeout');
    expect(await raw(port, 'NONSENSE\r\n\r\n')).toContain('400 Bad Request');
    expect(ids()).toEqual([0, 1, 2, 3, 4, 'after'].map((id) => `http/${id}`));

    const release = log.hold();
    const last = request(port, agent, JSON.stringify(ticket('last')));
    await sleep(50);
    const closed = gateway.close();
    setTimeout(release, 50);
    expect((await last).status).toBe(202);
    await closed;
    expect(ids()).toContain('http/last');
    await expect(request(port, new http.Agent(), '{}')).rejects.toThrow('ECONNREFUSED');
    agent.destroy();
  });

  test('a port in use is said so', async () => {
    const { port } = await (await start()).listen();
    const second = await start({ port });
    await expect(second.listen()).rejects.toMatchObject({ code: 'port-in-use' });
  });
});
