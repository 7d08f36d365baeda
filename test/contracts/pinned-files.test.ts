// Programs that the tests run come from the net: only the pinned bytes are ever kept.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchPinnedFiles, type PinnedFile } from '../../scripts/services/pinned-files.ts';

const bytes = Buffer.from('a jar, or so it says'.repeat(1000));
const pinned: PinnedFile = {
  path: 'org/example/thing.jar',
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
};

let folder: string;
let server: Server | undefined;
const ranges: (string | undefined)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signpost-pinned-'));
  ranges.length = 0;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function mirror(answer: RequestListener): Promise<string> {
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const kept = (): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('jar'));

test('a file with a wrong checksum is refused by name and leaves nothing in the cache', async () => {
  const other = Buffer.from(bytes);
  other[100]! ^= 1;
  const from = await mirror((_, response) => response.end(other));
  await expect(fetchPinnedFiles([pinned], { from, folder })).rejects.toMatchObject({
    code: 'checksum-mismatch',
    message: expect.stringContaining(
      `${from}/org/example/thing.jar is not the file that is pinned`,
    ),
  });
  expect(kept()).toEqual([]);
});

test('a cached file is not fetched again, one that was changed since is', async () => {
  const from = await mirror((_, response) => response.end(bytes));
  await fetchPinnedFiles([pinned], { from, folder });
  await fetchPinnedFiles([pinned], { from, folder });
  expect(ranges).toHaveLength(1);
  writeFileSync(join(folder, pinned.path), 'something else');
  await fetchPinnedFiles([pinned], { from, folder });
  expect(ranges).toHaveLength(2);
  expect(readFileSync(join(folder, pinned.path))).toEqual(bytes);
});

test('a connection that breaks is taken up where it broke', async () => {
  const from = await mirror((request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(start === 0 ? 200 : 206, { 'content-length': bytes.length - start });
    if (start > 0) response.end(bytes.subarray(start));
    else response.write(bytes.subarray(0, 5000), () => response.destroy());
  });
  await fetchPinnedFiles([pinned], { from, folder });
  expect(readFileSync(join(folder, pinned.path))).toEqual(bytes);
  expect(ranges).toEqual([undefined, 'bytes=5000-']);
});

test('a mirror that sends without end is cut off at the pinned size', async () => {
  const from = await mirror((_, response) => {
    const more = setInterval(() => response.write(bytes), 5);
    response.on('close', () => clearInterval(more));
  });
  await expect(fetchPinnedFiles([pinned], { from, folder })).rejects.toMatchObject({
    code: 'download-failed',
  });
  expect(kept()).toEqual([]);
});

test('without a way to the repository the sentence says what to set', async () => {
  const from = await mirror((_, response) => response.writeHead(404).end());
  await expect(fetchPinnedFiles([pinned], { from, folder })).rejects.toThrow(
    /could not be fetched \(HTTP 404\)\. .* name a mirror in SIGNPOST_MAVEN/,
  );
});
