// Files that change are noticed when they stand still, and each state of them is read once.
import { beforeEach, expect, it } from 'vitest';
import { createFileWatch, type FileFacts, type FileWatch } from '#core/file-watch.ts';

const facts = (size: number, ino = 1): FileFacts => ({ mtimeMs: 0, ctimeMs: 0, size, ino });
let now: Record<string, FileFacts | null>;
let watch: FileWatch;
let reads: number;
const look = (meanwhile: () => void = () => {}): Promise<number | undefined> =>
  watch.look(() => {
    reads += 1;
    meanwhile();
    return Promise.resolve(reads);
  });

beforeEach(async () => {
  now = { model: facts(10), departments: facts(5) };
  reads = 0;
  watch = createFileWatch(['model', 'departments'], (file) => Promise.resolve(now[file] ?? null));
  await look();
  await look();
  reads = 0;
});

it('what stands as it was taken is not read again', async () => {
  expect([await look(), await look(), reads]).toEqual([undefined, undefined, 0]);
});

it('a change is taken at the second look that finds it', async () => {
  now['departments'] = facts(5, 2);
  expect([await look(), await look(), await look()]).toEqual([undefined, 1, undefined]);
});

it('a file that is still written waits until it stands', async () => {
  for (const size of [11, 12, 13]) {
    now['model'] = facts(size);
    expect(await look()).toBeUndefined();
  }
  expect(reads).toBe(0);
  expect(await look()).toBe(1);
});

it('what was read while it went on changing is not taken, and read again', async () => {
  now['model'] = facts(11);
  await look();
  expect(await look(() => (now['model'] = facts(12)))).toBeUndefined();
  expect(reads).toBe(1);
  expect(await look()).toBe(2);
});

it('what cannot be read is told of once, and read again when it changes', async () => {
  const fail = (): Promise<never> => Promise.reject(new Error('damaged'));
  now['model'] = null;
  await watch.look(fail);
  await expect(watch.look(fail)).rejects.toThrow('damaged');
  expect(await look()).toBeUndefined();
  now['model'] = facts(20);
  await look();
  expect(await look()).toBe(1);
});
