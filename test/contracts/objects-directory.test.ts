// Objects in a directory, beyond the contract: several processes, killed ones, and what a file system refuses.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectoryStore } from '../../services/core/objects/directory.ts';
import { fileError } from '../../services/core/objects/file-errors.ts';
import type { ObjectStore } from '../../services/core/objects/port.ts';
import { root as project } from '../support/command.ts';
import { decoded, encoded, listed } from '../support/objects.ts';

const node = join(project, 'bin/node');
const child = join(project, 'test/support/objects-writer.child.ts');

describe('a directory of objects', () => {
  let folder: string;
  let directory: string;
  const opened: ObjectStore[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signpost-objects-'));
    directory = join(folder, 'archive');
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(
    options: Parameters<typeof openDirectoryStore>[1] = {},
  ): Promise<ObjectStore> {
    const store = await openDirectoryStore(directory, options);
    opened.push(store);
    return store;
  }
  const drafts = (): readonly string[] => readdirSync(join(directory, '.signpost/writing'));
  const exit = (program: ReturnType<typeof spawn>): Promise<number | null> =>
    new Promise((resolve) => void program.once('exit', resolve));

  it('loses no increment of two processes', async () => {
    const store = await open();
    await store.put('counter', encoded('0'));
    const processes = [1, 2].map(() =>
      spawn(node, [child, 'increment', directory, 'counter', '50'], { stdio: 'inherit' }),
    );
    expect(await Promise.all(processes.map(exit))).toEqual([0, 0]);
    expect(decoded((await store.get('counter'))?.bytes)).toBe('100');
    expect(drafts()).toEqual([]);
  });

  it('shows whole objects alone while processes that write them are killed, and stays writable', async () => {
    const store = await open();
    const bytes = 2_000_000;
    for (let round = 0; round < 6; round += 1) {
      const writer = spawn(node, [child, 'replace', directory, 'day=1/file', String(bytes)]);
      await new Promise((resolve) => void writer.stdout.once('data', resolve));
      for (let look = 0; look < 5 + round; look += 1) {
        const held = (await store.get('day=1/file'))!.bytes;
        expect(held).toHaveLength(bytes);
        expect(held.every((byte) => byte === held[0])).toBe(true);
      }
      writer.kill('SIGKILL');
      await exit(writer);
      expect(await store.put('day=1/other', encoded(`${round}`))).not.toBe('conflict');
    }
    expect((await listed(store, '')).map(({ key }) => key)).toEqual(['day=1/file', 'day=1/other']);
  });

  it('removes at opening what killed processes left, and leaves what others may be writing', async () => {
    await open();
    const writing = join(directory, '.signpost/writing');
    writeFileSync(join(writing, '1-old'), 'x');
    writeFileSync(join(writing, '2-new'), 'x');
    const hours = Date.now() / 1000 - 7200;
    utimesSync(join(writing, '1-old'), hours, hours);
    await open();
    expect(drafts()).toEqual(['2-new']);
  });

  it('an object that cannot be written whole leaves nothing, and the sentence says why', async () => {
    await open();
    const { stdout } = spawnSync(
      'sh',
      ['-c', 'ulimit -f 100; exec "$@"', 'sh', node, child, 'put', directory, 'a/large', '9000000'],
      { encoding: 'utf8' },
    );
    expect(stdout).toBe(`objects-refused: There is no room left for objects in ${directory}`);
    expect(drafts()).toEqual([]);
    expect(await listed(await open(), '')).toEqual([]);
  });

  it('says what is in the way where a key is a folder, or a folder a file', async () => {
    const store = await open();
    await store.put('a/b', encoded('x'));
    const refused = { code: 'objects-refused', message: expect.stringContaining('in the way') };
    await expect(store.put('a', encoded('x'))).rejects.toMatchObject(refused);
    await expect(store.put('a', encoded('x'), { kind: 'absent' })).rejects.toMatchObject(refused);
    await expect(store.put('a/b/c', encoded('x'))).rejects.toMatchObject(refused);
    expect(await store.get('a')).toBeNull();
    expect(await store.head('a/b/c')).toBeNull();
    await store.delete(['a', 'a/b/c']);
    expect((await listed(store, '')).map(({ key }) => key)).toEqual(['a/b']);
    expect(drafts()).toEqual([]);
  });

  it('a file is not a directory to open', async () => {
    writeFileSync(directory, 'x');
    await expect(open()).rejects.toMatchObject({ code: 'objects-refused' });
  });

  it('opened for reading, it makes nothing and wants to exist', async () => {
    await expect(open({ access: 'read' })).rejects.toMatchObject({
      code: 'objects-refused',
      message: `There is no directory ${directory}`,
    });
    mkdirSync(join(directory, 'a'), { recursive: true });
    writeFileSync(join(directory, 'a/b'), 'x');
    const store = await open({ access: 'read' });
    expect((await listed(store, '')).map(({ key }) => key)).toEqual(['a/b']);
    expect(existsSync(join(directory, '.signpost'))).toBe(false);
  });

  it('follows no link out of the directory when it lists or deletes', async () => {
    const store = await open();
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'elsewhere/secret'), 'x');
    symlinkSync(join(folder, 'elsewhere'), join(directory, 'link'));
    symlinkSync(join(folder, 'elsewhere/secret'), join(directory, 'file'));
    expect(await listed(store, '')).toEqual([]);
    await store.delete(['file']);
    expect(existsSync(join(folder, 'elsewhere/secret'))).toBe(true);
  });

  it('an object that is replaced at once by one of the same length has another etag', async () => {
    const store = await open({ now: () => 1_700_000_000_000 });
    const etags = new Set<string>();
    for (let i = 0; i < 50; i += 1) {
      const put = await store.put('k', encoded(String(i).padStart(2, '0')));
      etags.add((put as { etag: string }).etag);
      if (i % 10 === 9) await store.delete(['k']);
    }
    expect(etags.size).toBe(50);
  });

  it.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'EXDEV'])(
    '%s is said in a sentence with what to do',
    (code) => {
      const error = fileError('/data/archive', Object.assign(new Error(`${code}: no`), { code }));
      expect(error).toMatchObject({ code: 'objects-refused', hint: expect.any(String) });
      expect((error as Error).message).toContain('/data/archive');
    },
  );

  it('a bug stays one', () => {
    const bug = new TypeError('x is not a function');
    expect(fileError('/data', bug)).toBe(bug);
  });
});
