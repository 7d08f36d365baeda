// The pages: one document for all of their addresses, files that are kept for ever by their names, and nothing else.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPortal, type TestPortal } from '../support/portal.ts';

const html =
  '<!doctype html><title>Signpost</title><script type="module" src="/assets/index-4f2a.js"></script>';
const script = 'console.log("signpost");'.repeat(200);
let folder: string;
let portal: TestPortal;

beforeAll(async () => {
  const top = await mkdtemp(join(tmpdir(), 'signpost-pages-'));
  folder = join(top, 'dist');
  await mkdir(join(folder, 'assets'), { recursive: true });
  await writeFile(join(folder, 'index.html'), html);
  await writeFile(join(folder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(folder, 'assets/index-4f2a.js'), script);
  await writeFile(join(folder, '.env'), 'secret');
  await writeFile(join(top, 'secret.txt'), 'secret');
  portal = await openPortal({ pagesFolder: folder });
});
afterAll(async () => {
  await portal[Symbol.asyncDispose]();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

test.each([
  '/',
  '/map',
  '/map?theme=coverage&place=area:US',
  '/streams',
  '/streams/planning',
  '/streams/',
  '/?x',
])(
  '%s is the document, asked for anew each time and allowed to load nothing from elsewhere',
  async (url) => {
    const answer = await portal.get(url);
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toBe(html);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-cache');
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    });
    const policy = String(answer.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const etag = String(answer.headers['etag']);
    expect((await portal.get(url, { 'if-none-match': etag })).statusCode).toBe(304);
  },
);

test('files whose names tell their content are kept for ever, and compressed on the way', async () => {
  const answer = await portal.get('/assets/index-4f2a.js', { 'accept-encoding': 'gzip' });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-encoding': 'gzip',
    'content-type': 'application/javascript; charset=utf-8',
    vary: 'Accept-Encoding',
  });
  expect(answer.rawPayload.length).toBeLessThan(500);
  expect(gunzipSync(answer.rawPayload).toString()).toBe(script);
  const plain = await portal.get('/assets/index-4f2a.js');
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(plain.body).toBe(script);
  expect((await portal.get('/icon.svg')).headers['cache-control']).toBe('no-cache');
});

test.each([
  '/assets/none.js',
  '/nothing',
  '/v1',
  '/v1/nothing',
  '/.env',
  '/assets/',
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/assets/..%5c..%5csecret.txt',
  '/map.html',
  '/a%00b',
])('%s is nothing', async (url) => {
  const answer = await portal.get(url);
  expect(answer.statusCode).toBe(404);
  // Of what may be sent nothing is said to who asks.
  const hint = 'GET /openapi.json describes what there is.';
  expect(answer.json()).toMatchObject({ error: { code: 'not-found', hint } });
  expect(answer.headers['cache-control'] ?? '').not.toContain('immutable');
});

test('somebody who goes astray with a browser has the pages say so', async () => {
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
  const answer = await portal.get('/mpa', { accept });
  expect([answer.statusCode, answer.body]).toEqual([404, html]);
  expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  for (const url of ['/v1/nothing', '/icon.png', '/mpa?x=1.js/..%2f', '/a%0Ab']) {
    const { headers, statusCode } = await portal.get(url, { accept });
    expect(statusCode).toBe(404);
    const isPage = String(headers['content-type']).startsWith('text/html');
    expect(isPage).toBe(url.startsWith('/mpa'));
  }
});

test('a broken address is 400', async () => {
  expect((await portal.get('/%E0%A4%A')).statusCode).toBe(400);
});

describe('pages that are not built', () => {
  test('say how they are, and are there once they were', async () => {
    const later = await mkdtemp(join(tmpdir(), 'signpost-later-'));
    await using bare = await openPortal({ pagesFolder: join(later, 'dist') });
    const answer = await bare.get('/map');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      error: {
        code: 'pages-not-built',
        message: 'The pages are not built yet: `npm run build:pages` builds them.',
      },
    });
    await mkdir(join(later, 'dist'));
    await writeFile(join(later, 'dist/index.html'), html);
    expect((await bare.get('/map')).body).toBe(html);
    await rm(later, { recursive: true });
  });
});
