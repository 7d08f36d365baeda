// Compaction, with everything else that changes a day going on at the same time.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactDay } from '../../services/archive/compact.ts';
import { dropped } from '../../services/archive/datasets.ts';
import { dayOf, manifestKey } from '../../services/archive/layout.ts';
import { readManifest } from '../../services/archive/manifest.ts';
import { parquetFiles } from '../../services/archive/parquet-files.ts';
import { writeParquet } from '../../services/archive/parquet/write.ts';
import type { CompactionSettings } from '../../services/archive/plan-compaction.ts';
import { readDay } from '../../services/archive/read-day.ts';
import { deleteRetired, retireOrphans } from '../../services/archive/retire.ts';
import { dayMs } from '../support/archive-rows.ts';
import {
  Crash,
  createArchiveWorld,
  rowsBetween,
  takeTurns,
  worldDays,
  type ArchiveWorld,
} from '../support/archive-world.ts';
import type { MemoryObjects } from '../support/memory-objects.ts';

const graceMs = 600_000;
const settings: CompactionSettings = {
  smallBytes: 1e6,
  mostBytes: 2e6,
  fewestFiles: 2,
  settledMs: 0,
};
const [day, otherDay] = worldDays;

async function worldOf(
  ...chunks: readonly (readonly [partition: number, from: number, to: number])[]
) {
  const world = createArchiveWorld();
  for (const [partition, from, to] of chunks)
    await world.writeChunk(world.objects, partition, from, to);
  return world;
}

const compact = (world: ArchiveWorld, store: MemoryObjects = world.objects, of: string = day) =>
  compactDay({ store, format: world.format, now: () => world.now, settings }, dropped, of);

describe('compaction', () => {
  it('makes small files one, in order of partition and offset, and says what it took', async () => {
    const world = await worldOf([1, 0, 10], [0, 10, 20], [0, 0, 10], [0, 30, 40]);
    const before = world.manifestOf(day);
    const done = await compact(world);
    world.judge();
    const { files, retired } = world.manifestOf(day);
    expect(
      files.map(({ covers }) => covers.map(({ partition, from, to }) => [partition, from, to])),
    ).toEqual([
      [
        [0, 0, 20],
        [0, 30, 40],
        [1, 0, 10],
      ],
    ]);
    expect(retired.map(({ key }) => key).toSorted()).toEqual(
      before.files.map(({ key }) => key).toSorted(),
    );
    expect(done).toEqual({
      files: 4,
      made: 1,
      rows: before.rows,
      bytesRead: before.files.reduce((sum, { bytes }) => sum + bytes, 0),
      bytesWritten: files[0]!.bytes,
    });
  });

  it('changes nothing of a chunk that comes again, and nothing of other days', async () => {
    const world = await worldOf([0, 0, 10], [0, 10, 20]);
    const other = world.manifestOf(otherDay);
    await compact(world);
    const compacted = world.manifestOf(day);
    await world.writeChunk(world.objects, 0, 0, 10);
    expect(world.manifestOf(day)).toEqual(compacted);
    expect(world.manifestOf(otherDay)).toEqual(other);
  });

  it('begins anew where a file is replaced under it, and leaves erased words erased', async () => {
    const world = await worldOf([0, 0, 10], [0, 10, 20]);
    const store = world.objects.another();
    const isThird = ({ offset }: { offset: number }) => offset === 2;
    let isErased = false;
    store.before(async ({ operation, key }) => {
      if (isErased || operation !== 'put' || key !== manifestKey(dropped, day)) return;
      isErased = true;
      await world.erase(world.objects, day, isThird);
    });
    await compact(world, store);
    world.judge();
    expect(isErased).toBe(true);
    expect(world.manifestOf(day).files).toHaveLength(1);
    expect(world.rowsOf(day).filter(({ erasedAt }) => erasedAt !== null)).toHaveLength(1);
    expect(world.manifestOf(day).files[0]!.covers[0]).toMatchObject({ from: 0, to: 20, erased: 1 });
  });

  it('takes a file that an earlier one wrote and did not come to name', async () => {
    const world = await worldOf([0, 0, 10], [0, 10, 20]);
    const crashing = world.objects.another();
    crashing.before(({ operation, key }) => {
      if (operation === 'put' && key === manifestKey(dropped, day)) throw new Crash();
    });
    await expect(compact(world, crashing)).rejects.toThrow(Crash);
    const written = world.dataKeys();
    await compact(world);
    world.judge();
    expect(world.dataKeys()).toEqual(written);
  });

  it.each([
    [
      'other bytes',
      (world: ArchiveWorld, key: string) => world.objects.write(key, 'x'),
      'is not what its manifest says',
    ],
    [
      'no object',
      (world: ArchiveWorld, key: string) => void world.objects.delete([key]),
      'which a manifest names',
    ],
  ])('leaves a day as it is where a file has %s, and names the file', async (_, harm, says) => {
    const world = await worldOf([0, 0, 10], [0, 10, 20]);
    const before = world.manifestOf(day);
    const { key } = before.files[1]!;
    harm(world, key);
    await expect(compact(world)).rejects.toMatchObject({
      message: expect.stringMatching(`${key}.*${says}`) as string,
    });
    expect(world.manifestOf(day)).toEqual(before);
  });

  it.each([
    ['rows', { rows: 1 }],
    ['a checksum', { checksum: '00000000000000aa' }],
    ['erased rows', { erased: 1 }],
    ['a range', { from: 1 }],
  ])('replaces nothing where the manifest says other %s than the file has', async (_, lie) => {
    const world = await worldOf([0, 0, 10], [0, 10, 20]);
    const manifest = world.manifestOf(day);
    Object.assign(manifest.files[0]!.covers[0]!, lie);
    world.objects.write(manifestKey(dropped, day), JSON.stringify(manifest));
    await expect(compact(world)).rejects.toMatchObject({ code: 'archive-damaged' });
    expect(world.manifestOf(day)).toEqual(manifest);
  });

  it('sums anew what a codec of another schema had summed', async () => {
    const world = await worldOf([0, 0, 10], [0, 10, 20]);
    const right = world.manifestOf(day).files[0]!.covers[0]!.checksum;
    const manifest = world.manifestOf(day);
    Object.assign(manifest.files[0]!.covers[0]!, { checksum: '00000000000000aa', schema: 999 });
    world.objects.write(manifestKey(dropped, day), JSON.stringify(manifest));
    await compact(world);
    const { schemaId } = dropped.topic.codec;
    const same = await worldOf([0, 0, 10], [0, 10, 20]);
    await compact(same);
    expect(right).not.toBe('00000000000000aa');
    expect(world.manifestOf(day).files[0]!.covers).toEqual(same.manifestOf(day).files[0]!.covers);
    expect(world.manifestOf(day).files[0]!.covers[0]!.schema).toBe(schemaId);
  });
});

describe('compaction of Parquet', () => {
  it('makes the very file that all rows would be, whatever they were compacted by before', async () => {
    const inOneGo = createArchiveWorld(undefined, parquetFiles);
    const inTwo = createArchiveWorld(undefined, parquetFiles);
    for (const world of [inOneGo, inTwo]) {
      for (let from = 0; from < 1200; from += 300) {
        await world.writeChunk(world.objects, 0, from, from + 300);
        if (world === inTwo && from === 300) await compact(world);
      }
      await world.writeChunk(world.objects, 1, 0, 50);
      await compact(world);
    }
    const rows = [rowsBetween(0, 0, 1200), rowsBetween(1, 0, 50)]
      .flat()
      .filter(({ record }) => dayOf(record.droppedAt) === day);
    const bytes = writeParquet(dropped, rows);
    for (const { objects, manifestOf } of [inOneGo, inTwo]) {
      expect(manifestOf(day).files).toHaveLength(1);
      expect(Buffer.compare(objects.read(manifestOf(day).files[0]!.key), bytes)).toBe(0);
    }
  });
});

/** Works until it came to its end once, whatever crashes. */
async function untilDone(
  open: (crashAt?: { call: number; after: boolean }) => MemoryObjects,
  crashes: readonly { call: number; after: boolean }[],
  work: (store: MemoryObjects) => Promise<unknown>,
): Promise<void> {
  const left = [...crashes];
  for (;;) {
    try {
      await work(open(left.shift()));
      return;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
}

const crashes = fc.array(
  fc.record({ call: fc.integer({ min: 1, max: 12 }), after: fc.boolean() }),
  { maxLength: 3 },
);
const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });

describe('a day that stages, compaction, erasure and deletion change at once, crashing', () => {
  it('shows every archived row once at every moment, and in the end nothing else is left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          chunks: fc.tuple(sizes, sizes),
          crashes: fc.array(crashes, { minLength: 7, maxLength: 7 }),
          jumps: fc.array(fc.constantFrom(1000, graceMs, dayMs + 1, 2 * dayMs), {
            minLength: 1,
            maxLength: 6,
          }),
          order: fc.infiniteStream(fc.nat(1000)),
        }),
        async ({ chunks, crashes: crashesOf, jumps, order }) => {
          const world = createArchiveWorld();
          const turns = takeTurns(world, (of) => order.next().value! % of);
          const parts = (store: MemoryObjects) => ({
            store,
            format: world.format,
            now: () => world.now,
            settings,
          });
          const archive = (partition: 0 | 1) => async (store: MemoryObjects) => {
            let from = 0;
            for (const size of chunks[partition]) {
              await world.writeChunk(store, partition, from, from + size);
              from += size;
            }
          };
          const compactAll = async (store: MemoryObjects) => {
            for (const of of worldDays) await compactDay(parts(store), dropped, of);
          };
          const clean = async (store: MemoryObjects) => {
            for (const jump of jumps) {
              world.now += jump;
              await retireOrphans({ store, now: world.now }, dropped);
              for (const of of worldDays)
                await deleteRetired({ store, now: world.now, graceMs }, dropped, of);
            }
          };
          const isErased = ({ partition, offset }: { partition: number; offset: number }) =>
            (partition + offset) % 5 === 0;
          const erase = async (store: MemoryObjects) => {
            for (const of of worldDays) await world.erase(store, of, isErased);
          };
          const read = async (store: MemoryObjects) => {
            const held = world.rowsOf(day).map(({ partition, offset }) => `${partition}/${offset}`);
            const seen: string[] = [];
            for await (const rows of readDay({ store, format: world.format }, dropped, day))
              seen.push(...rows.map(({ partition, offset }) => `${partition}/${offset}`));
            expect(new Set(seen).size).toBe(seen.length);
            expect(held.filter((row) => !seen.includes(row))).toEqual([]);
          };
          const works = [archive(0), archive(1), archive(0), compactAll, compactAll, clean, erase];
          await turns.run([
            ...works.map((work, at) => untilDone(turns.store, crashesOf[at]!, work)),
            untilDone(turns.store, [], async (store) => {
              for (let times = 0; times < 3; times += 1) await read(store);
            }),
          ]);

          // What was under way when it crashed is gone on with, and then everything has its time.
          for (const last of [erase, compactAll, clean]) await last(world.objects);
          for (let days = 0; days < 4; days += 1) {
            world.now += dayMs + graceMs;
            await erase(world.objects);
            await compactAll(world.objects);
            await clean(world.objects);
          }
          world.judge();
          const named = worldDays.flatMap((of) => world.manifestOf(of).files.map(({ key }) => key));
          expect(world.dataKeys()).toEqual(named.toSorted());
          for (const of of worldDays) {
            const rows = world.rowsOf(of);
            expect(rows.filter((row) => isErased(row) && row.erasedAt === null)).toEqual([]);
            expect((await readManifest(world.objects, dropped, of)).manifest.retired).toEqual([]);
          }
          const total = worldDays.flatMap((of) => world.rowsOf(of)).length;
          const wanted = chunks
            .flatMap((list) =>
              Array.from({ length: list.reduce((a, b) => a + b, 0) }, (_, offset) => offset),
            )
            .filter((offset) => offset % 8 !== 5);
          expect(total).toBe(wanted.length);
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);
});
