// Keys of the pseudonyms beside the data: made once, and safe from a power loss before they are used.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';

vi.mock('#core/sync-directory.ts', { spy: true });
// Files share modules, and others have loaded these before them: here they are loaded anew.
vi.resetModules();
const { syncDirectory } = await import('#core/sync-directory.ts');
const { readPseudonymKeys } = await import('../../services/cli/pseudonym-keys.ts');
afterAll(() => {
  vi.doUnmock('#core/sync-directory.ts');
  vi.resetModules();
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-keys-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
  vi.clearAllMocks();
});

test.skipIf(process.platform === 'win32')('can be read by their owner alone', () => {
  readPseudonymKeys(directory, {});
  expect(statSync(join(directory, 'pseudonym-keys')).mode & 0o777).toBe(0o600);
});

test('are made once, and their name is made durable', () => {
  const keys = readPseudonymKeys(directory, {});
  expect(keys).toMatch(/^k1:/);
  expect(vi.mocked(syncDirectory).mock.calls).toEqual([[directory]]);
  expect(readdirSync(directory)).toEqual(['pseudonym-keys']);
  expect(readFileSync(join(directory, 'pseudonym-keys'), 'utf8').trim()).toBe(keys);
  expect(readPseudonymKeys(directory, {})).toBe(keys);
  expect(syncDirectory).toHaveBeenCalledTimes(1);
});
