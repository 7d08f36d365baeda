// What every store of objects keeps, whatever it is made of: run against memory, a directory and a real S3.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../services/core/objects/port.ts';
import { decoded, encoded, increment, listed } from '../support/objects.ts';

export interface ObjectsUnderTest {
  /** As two processes open them. */
  readonly stores: readonly [ObjectStore, ObjectStore];
  dispose(): Promise<void>;
}

export function objectsContract(name: string, open: () => Promise<ObjectsUnderTest>): void {
  describe(`${name} keeps the contract of objects:`, () => {
    let tested: ObjectsUnderTest;
    let one: ObjectStore;
    let other: ObjectStore;
    /** A folder of its own for each test. */
    const fresh = (): string => `t${randomBytes(6).toString('hex')}/`;

    beforeAll(async () => {
      tested = await open();
      [one, other] = tested.stores;
    });
    afterAll(() => tested?.dispose());

    it('what was put is there for everybody, as it was put', async () => {
      const key = `${fresh()}a/b.json`;
      const before = Date.now();
      const put = await one.put(key, encoded('first'));
      expect(put).toEqual({ etag: expect.any(String) });
      const { etag } = put as { etag: string };
      const held = await other.get(key);
      expect(decoded(held?.bytes)).toBe('first');
      expect(held?.etag).toBe(etag);
      const info = await other.head(key);
      expect(info).toMatchObject({ key, bytes: 5, etag });
      // Some stores count whole seconds.
      expect(info!.modifiedAt).toBeGreaterThan(before - 2000);
      expect(info!.modifiedAt).toBeLessThan(Date.now() + 2000);
    });

    it('what is not there is null, and reading a part of it says that it is gone', async () => {
      const key = `${fresh()}none`;
      expect(await one.get(key)).toBeNull();
      expect(await one.head(key)).toBeNull();
      await expect(one.range(key, 0, 1)).rejects.toMatchObject({ code: 'objects-gone' });
    });

    it('an object is replaced as a whole, under another etag', async () => {
      const key = `${fresh()}k`;
      const first = await one.put(key, encoded('a long first content'));
      const second = await other.put(key, encoded('short'));
      expect(second).not.toEqual(first);
      expect(decoded((await one.get(key))?.bytes)).toBe('short');
    });

    it('an object may be empty', async () => {
      const key = `${fresh()}empty`;
      await one.put(key, new Uint8Array(), { kind: 'absent' });
      expect((await other.get(key))?.bytes).toHaveLength(0);
      expect(await other.head(key)).toMatchObject({ bytes: 0 });
      expect(await other.range(key, 0, 10)).toHaveLength(0);
    });

    it('a part of an object is read by its bounds, fewer bytes at the end', async () => {
      const key = `${fresh()}part`;
      await one.put(key, encoded('0123456789'));
      expect(decoded(await other.range(key, 2, 5))).toBe('234');
      expect(decoded(await other.range(key, 8, 100))).toBe('89');
      expect(await other.range(key, 10, 20)).toHaveLength(0);
      expect(await other.range(key, 4, 4)).toHaveLength(0);
    });

    it('what was put does not change when its buffer is used again', async () => {
      const key = `${fresh()}buffer`;
      const buffer = encoded('before');
      await one.put(key, buffer);
      buffer.fill(0);
      expect(decoded((await one.get(key))?.bytes)).toBe('before');
    });

    it('a put of what must be absent is a conflict where there is something, and changes nothing', async () => {
      const key = `${fresh()}k`;
      expect(await one.put(key, encoded('1'), { kind: 'absent' })).not.toBe('conflict');
      expect(await other.put(key, encoded('2'), { kind: 'absent' })).toBe('conflict');
      expect(decoded((await other.get(key))?.bytes)).toBe('1');
      await one.delete([key]);
      expect(await other.put(key, encoded('3'), { kind: 'absent' })).not.toBe('conflict');
    });

    it('a put over what was read is a conflict where it changed or went, and changes nothing', async () => {
      const key = `${fresh()}k`;
      await one.put(key, encoded('1'));
      const { etag } = (await one.get(key))!;
      const next = await other.put(key, encoded('2'), { kind: 'match', etag });
      expect(next).toEqual({ etag: expect.any(String) });
      expect(await one.put(key, encoded('3'), { kind: 'match', etag })).toBe('conflict');
      expect(decoded((await one.get(key))?.bytes)).toBe('2');
      await one.delete([key]);
      const gone = { kind: 'match', etag: (next as { etag: string }).etag } as const;
      expect(await one.put(key, encoded('4'), gone)).toBe('conflict');
      expect(await one.get(key)).toBeNull();
    });

    it('of fifty writers of an absent key exactly one wins, and its content is there', async () => {
      const key = `${fresh()}contended`;
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          (i % 2 === 0 ? one : other).put(key, encoded(`writer ${i}`), { kind: 'absent' }),
        ),
      );
      const winners = results.flatMap((result, i) => (result === 'conflict' ? [] : [i]));
      expect(winners).toHaveLength(1);
      expect(decoded((await one.get(key))?.bytes)).toBe(`writer ${winners[0]}`);
    });

    it('fifty increments by compare-and-swap at once lose none', async () => {
      const key = `${fresh()}counter`;
      await one.put(key, encoded('0'));
      const increments = Array.from({ length: 50 }, (_, i) => increment(i % 2 ? one : other, key));
      await Promise.all(increments);
      expect(decoded((await one.get(key))?.bytes)).toBe('50');
    });

    it('keys may hold what URLs and XML escape', async () => {
      const folder = fresh();
      const keys = oddNames.map((odd) => `${folder}day=2026-11-22/${odd}`);
      for (const key of keys) await one.put(key, encoded(key));
      for (const key of keys) {
        expect(decoded((await other.get(key))?.bytes)).toBe(key);
        expect(await other.head(key)).toMatchObject({ key });
      }
      expect((await listed(other, folder)).map(({ key }) => key)).toEqual(inByteOrder(keys));
      await one.delete(keys);
      expect(await listed(other, folder)).toEqual([]);
    });

    it('lists in the order of bytes, however folders and names mix', async () => {
      const folder = fresh();
      const names = [
        'a/b',
        'a/b!/x',
        'a-b',
        'a.b/c',
        'a/',
        'a0',
        'A',
        'a!',
        'é/x',
        'z',
        '\u{10000}',
      ]
        .map((n) => (n.endsWith('/') ? `${n}end` : n))
        .map((n) => folder + n);
      for (const key of names.toReversed()) await one.put(key, encoded('x'));
      const found = await listed(other, folder);
      expect(found.map(({ key }) => key)).toEqual(inByteOrder(names));
      expect(found.every(({ bytes, etag }) => bytes === 1 && etag !== '')).toBe(true);
    });

    it('lists what begins with a prefix, a part of a name too, and from behind a key', async () => {
      const folder = fresh();
      const keys = ['day=1/a', 'day=1/b', 'day=10/a', 'day=2/a', 'dax', 'days'].map(
        (n) => folder + n,
      );
      for (const key of keys) await one.put(key, encoded(key));
      const under = async (prefix: string, after?: string): Promise<readonly string[]> =>
        (
          await listed(other, folder + prefix, after === undefined ? undefined : folder + after)
        ).map(({ key }) => key.slice(folder.length));
      expect(await under('day=1')).toEqual(['day=1/a', 'day=1/b', 'day=10/a']);
      expect(await under('day=1/')).toEqual(['day=1/a', 'day=1/b']);
      expect(await under('day')).toEqual(['day=1/a', 'day=1/b', 'day=10/a', 'day=2/a', 'days']);
      expect(await under('day', 'day=1/b')).toEqual(['day=10/a', 'day=2/a', 'days']);
      expect(await under('day', 'day=1/')).toEqual([
        'day=1/a',
        'day=1/b',
        'day=10/a',
        'day=2/a',
        'days',
      ]);
      expect(await under('day', 'zzz')).toEqual([]);
      expect(await under('none/')).toEqual([]);
    });

    it('what a list says of an object holds, also as the condition of a put', async () => {
      const folder = fresh();
      await one.put(`${folder}x`, encoded('abc'));
      const [info] = await listed(other, folder);
      const { key, bytes, modifiedAt } = (await other.head(`${folder}x`))!;
      expect(info).toEqual({ key, bytes, modifiedAt, etag: expect.any(String) });
      const condition = { kind: 'match', etag: info!.etag } as const;
      expect(await one.put(key, encoded('abcd'), condition)).not.toBe('conflict');
      expect(await one.put(key, encoded('abcde'), condition)).toBe('conflict');
    });

    it('deletes many at once, and what is not there is no error', async () => {
      const folder = fresh();
      const keys = Array.from({ length: 25 }, (_, i) => `${folder}${i}/o`);
      for (const key of keys) await one.put(key, encoded('x'));
      await other.delete([...keys.slice(1), `${folder}never`, ...keys.slice(1, 3)]);
      expect((await listed(one, folder)).map(({ key }) => key)).toEqual([keys[0]]);
      await other.delete([]);
    });

    it('a key that leads elsewhere is refused by every call', async () => {
      for (const key of [
        '',
        '/a',
        'a/',
        'a//b',
        '../a',
        'a/../b',
        './a',
        'a\\b',
        'a\0b',
        '.signpost/a',
        'x'.repeat(1025),
      ]) {
        const refused = { code: 'objects-key-invalid' };
        await expect(one.put(key, encoded('x'))).rejects.toMatchObject(refused);
        await expect(one.get(key)).rejects.toMatchObject(refused);
        await expect(one.range(key, 0, 1)).rejects.toMatchObject(refused);
        await expect(one.head(key)).rejects.toMatchObject(refused);
        await expect(one.delete([key])).rejects.toMatchObject(refused);
      }
    });

    it('forty megabytes come back as they went, whole and in part', async () => {
      const key = `${fresh()}large.parquet`;
      const large = randomBytes(40_000_000);
      expect(await one.put(key, large, { kind: 'absent' })).not.toBe('conflict');
      expect(await other.put(key, large.subarray(1), { kind: 'absent' })).toBe('conflict');
      const held = await other.get(key);
      expect(large.equals(held!.bytes)).toBe(true);
      const part = await other.range(key, 20_000_000, 20_000_010);
      expect(large.subarray(20_000_000, 20_000_010).equals(part)).toBe(true);
      const swapped = { kind: 'match', etag: held!.etag } as const;
      expect(await one.put(key, large.subarray(1), swapped)).not.toBe('conflict');
      expect(await one.put(key, large, swapped)).toBe('conflict');
      expect(await other.head(key)).toMatchObject({ bytes: large.length - 1 });
    });
  });
}

const oddNames = [
  'a b',
  'a+b',
  'a%20b',
  '100%',
  'a&b<c>"d"',
  "it's",
  'q?x=1#y',
  '[x]',
  '{y}',
  'café',
  '日本語',
  '😀',
  'a:b',
  'a;b,c',
  '~!@$^*()',
  '-',
  '_',
  '.hidden',
  'a..b',
];

const inByteOrder = (keys: readonly string[]): readonly string[] =>
  keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
