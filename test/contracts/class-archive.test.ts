// The archive of a Java program's classes: made once, for this Java and these jars, and whole or not at all.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { classArchive } from '../../scripts/services/class-archive.ts';
import { cachedPath } from '../../scripts/services/pinned-files.ts';

const jars = [{ path: 'org/one.jar', bytes: 3, sha256: '' }];
let folder: string;
const java = (): string => join(folder, 'java/bin/java');
const archives = (): readonly string[] => readdirSync(join(folder, 'cache/classes'));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signpost-archive-'));
  vi.stubEnv('SIGNPOST_CACHE', join(folder, 'cache'));
  vi.stubEnv('JAVA_HOME', join(folder, 'java'));
  for (const path of [java(), cachedPath(jars[0]!)]) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'one');
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** As Java does: writes the archive that the flags name. */
async function train(flags: readonly string[]): Promise<void> {
  writeFileSync(/^-XX:ArchiveClassesAtExit=(.*)$/m.exec(flags.join('\n'))![1]!, 'classes');
}
const never = (): never => {
  throw new Error('It was there');
};

test('is made once, and anew for other jars and for another Java', async () => {
  const archive = classArchive('kafka', jars);
  expect(archive.flags()).toEqual([]);
  await archive.make(train);
  await archive.make(never);
  const [flag] = archive.flags();
  expect(flag).toBe(`-XX:SharedArchiveFile=${join(folder, 'cache/classes', archives()[0]!)}`);
  expect(classArchive('kafka', jars).flags()[0]).toBe(flag);
  for (const changed of [java(), cachedPath(jars[0]!)]) {
    writeFileSync(changed, 'another');
    const other = classArchive('kafka', jars);
    expect(other.flags()).toEqual([]);
    await other.make(train);
  }
  expect(archives()).toHaveLength(3);
});

test('is not there after a run that failed, or that made none', async () => {
  const archive = classArchive('kafka', jars);
  const failing = archive.make(async (flags) => {
    await train(flags);
    throw new Error('killed');
  });
  await expect(failing).rejects.toThrow('killed');
  await archive.make(async () => {});
  expect(archives()).toEqual([]);
  expect(archive.flags()).toEqual([]);
});

test('is not asked for where there is no Java', async () => {
  rmSync(java());
  const archive = classArchive('kafka', jars);
  await archive.make(never);
  expect(archive.flags()).toEqual([]);
});
