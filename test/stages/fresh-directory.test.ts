// What a failed command takes away again, and what it must not.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import { leavingNothing } from '../../services/cli/fresh-directory.ts';

let folder: string;
let data: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signpost-fresh-'));
  data = join(folder, 'a', 'data');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const failure = new Error('the start failed');
async function startAndFail(records: number): Promise<never> {
  const log = await openEmbeddedLog({ directory: data });
  await log.ensureTopics([{ name: 'a', partitions: 2, retentionMs: 1e12 }]);
  writeFileSync(join(data, 'pseudonym-keys'), 'k1:x\n');
  const value = Buffer.from('x');
  const record = { topic: 'a', key: null, value, headers: {}, timestamp: 1 };
  await log.append(Array.from({ length: records }, () => record));
  await log.close();
  throw failure;
}

it('an empty log goes, with the directories made for it', async () => {
  await expect(leavingNothing(data, () => startAndFail(0))).rejects.toBe(failure);
  expect(existsSync(join(folder, 'a'))).toBe(false);
  expect(existsSync(folder)).toBe(true);
});

it('a record that was accepted stays', async () => {
  await expect(leavingNothing(data, () => startAndFail(1))).rejects.toBe(failure);
  expect(existsSync(join(data, 'log', 'log.sqlite'))).toBe(true);
  expect(existsSync(join(data, 'pseudonym-keys'))).toBe(true);
});

it('what somebody else put there stays', async () => {
  const use = async () => {
    await startAndFail(0).catch(() => {});
    writeFileSync(join(data, 'api-keys.json'), '{}');
    throw failure;
  };
  await expect(leavingNothing(data, use)).rejects.toBe(failure);
  expect(existsSync(join(data, 'api-keys.json'))).toBe(true);
  expect(existsSync(join(data, 'log', 'log.sqlite'))).toBe(true);
});

it('a log that somebody writes to by now stays', async () => {
  const writers: { close(): Promise<void> }[] = [];
  const use = async () => {
    await startAndFail(0).catch(() => {});
    writers.push(await openEmbeddedLog({ directory: data }));
    throw failure;
  };
  await expect(leavingNothing(data, use)).rejects.toBe(failure);
  expect(existsSync(join(data, 'log', 'log.sqlite'))).toBe(true);
  for (const writer of writers) await writer.close();
});

it('a directory that was there stays as it is', async () => {
  const log = await openEmbeddedLog({ directory: data });
  await log.close();
  await expect(leavingNothing(data, () => startAndFail(0))).rejects.toBe(failure);
  expect(existsSync(join(data, 'log', 'log.sqlite'))).toBe(true);
});

it('what succeeds stays', async () => {
  await leavingNothing(data, () => startAndFail(0).catch(() => {}));
  expect(existsSync(join(data, 'log', 'log.sqlite'))).toBe(true);
});
