// Keys of the pseudonyms beside the data: made once, and safe from a power loss before they are used.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { syncDirectory } from '#core/sync-directory.ts';
import { readPseudonymKeys } from '../../services/cli/pseudonym-keys.ts';

vi.mock('#core/sync-directory.ts', { spy: true });

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
