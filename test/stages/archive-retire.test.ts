// What does not count any more is deleted, in its time and never what counts.
import { describe, expect, it } from 'vitest';
import { compactDay } from '../../services/archive/compact.ts';
import { dropped, rejected } from '../../services/archive/datasets.ts';
import { chunkFileKey, madeFileKey, manifestKey } from '../../services/archive/layout.ts';
import { readDay } from '../../services/archive/read-day.ts';
import {
  deleteRetired,
  nextRetirement,
  retireOrphans,
  retireRejected,
} from '../../services/archive/retire.ts';
import { swapFiles } from '../../services/archive/swap-files.ts';
import { dayMs } from '../support/archive-rows.ts';
import { createArchiveWorld, worldDays, type ArchiveWorld } from '../support/archive-world.ts';

const graceMs = 600_000;
const [day] = worldDays;
const settings = { smallBytes: 1e6, mostBytes: 2e6, fewestFiles: 2, settledMs: 0 };

async function compacted(): Promise<ArchiveWorld> {
  const world = createArchiveWorld();
  await world.writeChunk(world.objects, 0, 0, 10);
  await world.writeChunk(world.objects, 0, 10, 20);
  await compact(world);
  return world;
}

const compact = (world: ArchiveWorld) =>
  compactDay(
    { store: world.objects, format: world.format, now: () => world.now, settings },
    dropped,
    day,
  );

const clean = ({ objects, now }: ArchiveWorld) =>
  deleteRetired({ store: objects, now, graceMs }, dropped, day);

const ofDay = (world: ArchiveWorld) => world.dataKeys().filter((key) => key.includes(day));

describe('a retired file', () => {
  it('is deleted when the grace time is over, and forgotten a day later', async () => {
    const world = await compacted();
    expect(ofDay(world)).toHaveLength(3);
    world.now += graceMs - 1;
    expect(await clean(world)).toBe(0);
    expect(ofDay(world)).toHaveLength(3);
    expect(nextRetirement(world.manifestOf(day), world.now, graceMs)).toBe(world.now + 1);
    world.now += 1;
    expect(await clean(world)).toBe(2);
    expect(ofDay(world)).toEqual(world.manifestOf(day).files.map(({ key }) => key));
    expect(world.manifestOf(day).retired).toHaveLength(2);
    expect(nextRetirement(world.manifestOf(day), world.now, graceMs)).toBe(world.now + dayMs);
    world.now += dayMs;
    await clean(world);
    expect(world.manifestOf(day).retired).toEqual([]);
    expect(nextRetirement(world.manifestOf(day), world.now, graceMs)).toBe(Infinity);
  });

  it('never counts again while it may be under deletion', async () => {
    const world = await compacted();
    const [made] = world.manifestOf(day).files;
    const before = world.manifestOf(day);
    const { objects: store, now } = world;
    const again = { ...made!, key: before.retired[0]!.key };
    expect(await swapFiles(store, dropped, day, { replaced: [made!], by: [again], now })).toBe(
      'retired',
    );
    expect(world.manifestOf(day)).toEqual(before);
  });

  it('is not deleted where it counts all the same', async () => {
    const world = await compacted();
    const manifest = world.manifestOf(day);
    const { key } = manifest.files[0]!;
    manifest.retired.push({ key, at: 0 });
    world.objects.write(manifestKey(dropped, day), JSON.stringify(manifest));
    world.now += 3 * dayMs;
    await clean(world);
    expect(ofDay(world)).toEqual([key]);
  });

  it('that was deleted under a reader is read from what replaced it', async () => {
    const world = createArchiveWorld();
    for (let from = 0; from < 40; from += 10)
      await world.writeChunk(world.objects, 0, from, from + 10);
    const offsets: number[] = [];
    let isReplaced = false;
    for await (const rows of readDay(
      { store: world.objects, format: world.format },
      dropped,
      day,
    )) {
      offsets.push(...rows.map(({ offset }) => offset));
      if (isReplaced || offsets.length < 4) continue;
      isReplaced = true;
      await compact(world);
      world.now += graceMs;
      await clean(world);
    }
    expect(isReplaced).toBe(true);
    expect(offsets).toEqual(world.rowsOf(day).map(({ offset }) => offset));
  });

  it('that is missing for good is named, whoever reads', async () => {
    const world = await compacted();
    const { key } = world.manifestOf(day).files[0]!;
    await world.objects.delete([key]);
    const read = async () => {
      for await (const _ of readDay({ store: world.objects, format: world.format }, dropped, day));
    };
    await expect(read()).rejects.toMatchObject({
      code: 'archive-damaged',
      message: expect.stringContaining(key) as string,
    });
  });
});

describe('an orphan', () => {
  it('is retired when it is older than a day, unless a chunk still has to add it', async () => {
    const world = await compacted();
    const made = madeFileKey(dropped, day, 'ab'.repeat(32));
    const range = { topic: dropped.topic.name, partition: 0 };
    const doubled = chunkFileKey(dropped, day, { ...range, from: 3, to: 7 });
    const pending = chunkFileKey(dropped, day, { ...range, from: 20, to: 30 });
    const foreign = `dropped/v1/day=${day}/notes.txt`;
    for (const key of [made, doubled, pending, foreign]) world.objects.write(key, 'x');
    const retire = () => retireOrphans({ store: world.objects, now: world.now }, dropped);
    world.now += dayMs - 1;
    expect(await retire()).toBe(0);
    world.now += 1;
    expect(await retire()).toBe(2);
    expect(await retire()).toBe(0);
    world.now += graceMs;
    await clean(world);
    const { key } = world.manifestOf(day).files[0]!;
    expect(ofDay(world).toSorted()).toEqual([key, pending, foreign].toSorted());
  });
});

describe('dead letters', () => {
  it('are gone when the first of their day is as old as the erasure deadline', async () => {
    const world = createArchiveWorld();
    const key = madeFileKey(rejected, day, 'ab'.repeat(32));
    const cover = { topic: rejected.topic.name, partition: 0, from: 0, to: 5 };
    const counted = { rows: 5, erased: 0, checksum: '0'.repeat(16), schema: 6 };
    const file = {
      key,
      rows: 5,
      bytes: 1,
      sha256: 'ab'.repeat(32),
      covers: [{ ...cover, ...counted }],
    };
    world.objects.write(key, 'x');
    world.objects.write(
      manifestKey(rejected, day),
      JSON.stringify({
        dataset: 'rejected',
        version: 1,
        day,
        revision: 1,
        rows: 5,
        files: [file],
        retired: [],
      }),
    );
    const at = (now: number) => retireRejected({ store: world.objects, now, graceMs }, day);
    const deadline = Date.parse(day) + 30 * dayMs;
    expect(await at(deadline - graceMs - 1)).toBe(0);
    expect(await at(deadline - graceMs)).toBe(5);
    expect(await at(deadline)).toBe(0);
    expect(
      await deleteRetired({ store: world.objects, now: deadline, graceMs }, rejected, day),
    ).toBe(1);
    expect(world.objects.keys('rejected/v1/day=')).toEqual([]);
  });
});
