// Keys of the intake: shown once, hashed at rest, bound to a source, and revoked for good.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createApiKey,
  listApiKeys,
  loadApiKeys,
  revokeApiKey,
} from '../../services/gateway/api-keys.ts';

let dir: string;
let now = 1_750_000_000_000;
const clock = () => now;
const random = (bytes: number) => randomBytes(bytes);

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'signpost-keys-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const make = (source = 'desk') => createApiKey(dir, { source, kinds: ['tickets'], clock, random });

test('a new key verifies and carries its source and kinds', async () => {
  const { token, key } = await make();
  expect(token).toMatch(/^sp_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
  const keys = await loadApiKeys(dir, clock);
  expect(await keys.verify(token)).toEqual(key);
  expect(key).toEqual({
    id: token.slice(3, 15),
    source: 'desk',
    kinds: ['tickets'],
    createdAt: now,
    revokedAt: null,
  });
});

test('the file holds no secret, is readable by its owner alone, and leaves nothing beside it', async () => {
  const { token } = await make();
  expect(await readFile(join(dir, 'api-keys.json'), 'utf8')).not.toContain(token.slice(16));
  expect((await stat(join(dir, 'api-keys.json'))).mode & 0o777).toBe(0o600);
  expect(await readdir(dir)).toEqual(['api-keys.json']);
  expect(JSON.stringify(await listApiKeys(dir))).not.toContain('secret');
});

test('a wrong secret, an unknown id and anything else do not verify', async () => {
  const { token } = await make();
  const keys = await loadApiKeys(dir, clock);
  const wrong = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
  for (const bad of [
    wrong,
    token.replace(/^sp_.{12}/, 'sp_000000000000'),
    '',
    'sp_',
    `${token} `,
    `x${token}`,
    '__proto__',
  ]) {
    expect(await keys.verify(bad)).toBeNull();
  }
});

test('a revoked key stops within a second and stays listed', async () => {
  const { token, key } = await make();
  const keys = await loadApiKeys(dir, clock);
  expect(await revokeApiKey(dir, key.id, clock)).toBe(true);
  now += 1000;
  expect(await keys.verify(token)).toBeNull();
  expect(await keys.configured()).toBe(true);
  expect(await listApiKeys(dir)).toMatchObject([{ id: key.id, revokedAt: now - 1000 }]);
  expect(await revokeApiKey(dir, key.id, clock)).toBe(false);
  expect(await revokeApiKey(dir, 'ffffffffffff', clock)).toBe(false);
});

test('a key made while the intake runs is known within a second', async () => {
  const keys = await loadApiKeys(dir, clock);
  expect(await keys.configured()).toBe(false);
  const { token } = await make();
  now += 1000;
  expect(await keys.verify(token)).toMatchObject({ source: 'desk' });
});

test('keys made at the same time are all kept', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, (_, index) => make(`source-${index}`)));
  const keys = await loadApiKeys(dir, clock);
  for (const { token } of made) expect(await keys.verify(token)).not.toBeNull();
});

test('a broken file refuses to start, and refuses everybody while running', async () => {
  const { token } = await make();
  const keys = await loadApiKeys(dir, clock);
  await writeFile(join(dir, 'api-keys.json'), '{"version":1,"keys":[{"id":1}]}');
  now += 1000;
  await expect(keys.verify(token)).rejects.toMatchObject({ code: 'keys-unreadable' });
  await expect(loadApiKeys(dir, clock)).rejects.toMatchObject({ code: 'keys-unreadable' });
  await expect(make()).rejects.toMatchObject({ code: 'keys-unreadable' });
});

test('a draft left by a killed command is named instead of waited for without end', async () => {
  await writeFile(join(dir, 'api-keys.json.new'), '');
  await expect(make()).rejects.toMatchObject({ code: 'keys-busy' });
});

test('a source name must be kebab-case, a key needs a kind', async () => {
  await expect(make('Desk 1')).rejects.toMatchObject({ code: 'source-name-invalid' });
  await expect(
    createApiKey(dir, { source: 'desk', kinds: [], clock, random }),
  ).rejects.toMatchObject({ code: 'kinds-missing' });
});
