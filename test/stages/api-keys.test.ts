// Keys of the intake: shown once, hashed at rest, bound to a source, and revoked for good.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadApiKeys } from '../../services/core/http/api-keys.ts';
import {
  createApiKey,
  listApiKeys,
  revokeApiKey,
} from '../../services/core/http/api-key-changes.ts';

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
    reads: null,
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

describe('keys that read', () => {
  const reads = { role: 'reader' as const, departments: ['planning', 'operations'] };
  const makeReader = () =>
    createApiKey(dir, { source: 'region-north', kinds: [], reads, clock, random });

  test('carry their role and departments, and send nothing', async () => {
    const { token } = await makeReader();
    const keys = await loadApiKeys(dir, clock);
    expect(await keys.verify(token)).toMatchObject({
      source: 'region-north',
      kinds: [],
      reads: { role: 'reader', departments: ['operations', 'planning'] },
    });
  });

  test('close what was open as keys that send do', async () => {
    const keys = await loadApiKeys(dir, clock);
    expect(await keys.configured()).toBe(false);
    await makeReader();
    now += 1000;
    expect(await keys.configured()).toBe(true);
  });

  test('stand in a file that earlier releases refuse; one without them they still read', async () => {
    const file = join(dir, 'api-keys.json');
    await make();
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: 1 });
    expect(await readFile(file, 'utf8')).not.toContain('reads');
    const { key } = await makeReader();
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: 2 });
    await revokeApiKey(dir, key.id, clock);
    expect(await listApiKeys(dir)).toMatchObject([
      { reads: null },
      { reads: { role: 'reader' }, revokedAt: now },
    ]);
  });

  test('a role that there is not makes the file unreadable instead of somebody an admin', async () => {
    await makeReader();
    const file = join(dir, 'api-keys.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"reader"', '"owner"'));
    await expect(loadApiKeys(dir, clock)).rejects.toMatchObject({ code: 'keys-unreadable' });
  });
});
