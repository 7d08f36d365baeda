// The job beside the archive stage: one of its copies works, and it sees to what is due alone.
import { describe, expect, it, vi } from 'vitest';
import { SignpostError } from '../../services/core/errors.ts';
import { createLogger, type Logger } from '../../services/core/logger.ts';
import { dropped } from '../../services/archive/datasets.ts';
import { createSeen, keepDays, type KeepParts } from '../../services/archive/keep-days.ts';
import { keepArchive, keeperLeaseMs } from '../../services/archive/keeper.ts';
import { keeperLeaseKey, manifestKey, symlinksKey } from '../../services/archive/layout.ts';
import { withLease } from '../../services/archive/lease.ts';
import { dayMs } from '../support/archive-rows.ts';
import { createArchiveWorld, worldDays, type ArchiveWorld } from '../support/archive-world.ts';
import { createMemoryObjects, objectsAway, type MemoryObjects } from '../support/memory-objects.ts';

const graceMs = 600_000;
const logger = createLogger('test', 'silent');
const [day, otherDay] = worldDays;
const settings = { smallBytes: 1e6, mostBytes: 2e6, fewestFiles: 2, settledMs: 3_600_000 };

async function worldOfChunks(count = 3): Promise<ArchiveWorld> {
  const world = createArchiveWorld();
  for (let at = 0; at < count; at += 1)
    await world.writeChunk(world.objects, 0, 10 * at, 10 * (at + 1));
  return world;
}

const partsOf = (world: ArchiveWorld, log: Logger = logger): KeepParts => ({
  store: world.objects,
  format: world.format,
  now: () => world.now,
  settings,
  graceMs,
  logger: log,
});

/** Waits until it is told to go on, or the signal aborts. */
function stepped() {
  const waiting = new Set<() => void>();
  return {
    sleep: (_: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        const go = () => {
          waiting.delete(go);
          resolve();
        };
        waiting.add(go);
        signal.addEventListener('abort', go, { once: true });
        if (signal.aborted) go();
      }),
    wake: () => [...waiting].forEach((go) => go()),
  };
}

describe('a lease', () => {
  const lastsMs = 60_000;
  function holder(store: MemoryObjects, owner: string, at: { now: number }) {
    const { sleep, wake } = stepped();
    const { signal } = new AbortController();
    const parts = { store, key: keeperLeaseKey, owner, lastsMs, now: () => at.now, sleep, signal };
    const { promise: end, resolve: finish } = Promise.withResolvers<void>();
    const started = Promise.withResolvers<AbortSignal>();
    const done = withLease(parts, async (leased) => {
      started.resolve(leased);
      await end;
      return owner;
    });
    return { done, finish, wake, started: started.promise };
  }

  it('is held by one, and free once that one is done', async () => {
    const store = createMemoryObjects();
    const at = { now: 1000 };
    const first = holder(store, 'first', at);
    await first.started;
    expect(await holder(store, 'second', at).done).toEqual({ kind: 'held', until: 61_000 });
    first.finish();
    expect(await first.done).toEqual({ kind: 'worked', value: 'first' });
    const second = holder(store, 'second', at);
    second.finish();
    expect(await second.done).toEqual({ kind: 'worked', value: 'second' });
  });

  it('of a killed process runs out, and the process is told if it was not dead after all', async () => {
    const store = createMemoryObjects();
    const at = { now: 1000 };
    const first = holder(store, 'first', at);
    const leased = await first.started;
    at.now += lastsMs;
    const second = holder(store, 'second', at);
    await second.started;
    first.wake();
    await vi.waitFor(() => expect(leased.aborted).toBe(true));
    first.finish();
    await first.done;
    expect(JSON.parse(new TextDecoder().decode(store.read(keeperLeaseKey)))).toEqual({
      owner: 'second',
      until: 121_000,
    });
    second.finish();
    await second.done;
  });

  it('is renewed while its holder works', async () => {
    const store = createMemoryObjects();
    const at = { now: 1000 };
    const first = holder(store, 'first', at);
    const leased = await first.started;
    for (let times = 0; times < 5; times += 1) {
      at.now += lastsMs / 2;
      const until = at.now + lastsMs;
      first.wake();
      await vi.waitFor(() => {
        expect(new TextDecoder().decode(store.read(keeperLeaseKey))).toContain(String(until));
      });
    }
    expect(leased.aborted).toBe(false);
    expect(await holder(store, 'second', at).done).toMatchObject({ kind: 'held' });
    first.finish();
    await first.done;
  });

  it('that cannot be read is anybody’s', async () => {
    const store = createMemoryObjects();
    store.write(keeperLeaseKey, 'not json');
    const only = holder(store, 'first', { now: 1000 });
    only.finish();
    expect(await only.done).toMatchObject({ kind: 'worked' });
  });
});

describe('a pass over the archive', () => {
  it('makes files fewer, deletes what is retired long enough, and leaves what is done', async () => {
    const world = await worldOfChunks();
    world.now += settings.settledMs;
    const seen = createSeen();
    expect(await keepDays(partsOf(world), seen)).toMatchObject({ files: 6, made: 2, deleted: 0 });
    world.now += graceMs;
    expect(await keepDays(partsOf(world), seen)).toMatchObject({ files: 0, made: 0, deleted: 6 });
    world.judge();
    expect(world.dataKeys()).toHaveLength(2);
    expect(world.objects.keys('dropped/v1/_symlinks/')).toHaveLength(2);
  });

  it('reads no day that has not changed and of which nothing is due', async () => {
    const world = await worldOfChunks(1);
    const seen = createSeen();
    await keepDays(partsOf(world), seen);
    const before = world.objects.calls.length;
    world.now += 1000;
    await keepDays(partsOf(world), seen);
    const calls = world.objects.calls.slice(before);
    expect(new Set(calls.map(({ operation }) => operation))).toEqual(new Set(['list']));
  });

  it('puts right a list of files that says something else, or is not there', async () => {
    const world = await worldOfChunks(1);
    const seen = createSeen();
    await keepDays(partsOf(world), seen);
    const key = symlinksKey(dropped, day);
    const right = world.objects.read(key);
    world.objects.write(key, 'memory/gone.parquet\n');
    await world.objects.delete([symlinksKey(dropped, otherDay)]);
    expect(await keepDays(partsOf(world), seen)).toMatchObject({ symlinks: 2 });
    expect(world.objects.read(key)).toEqual(right);
    expect(new TextDecoder().decode(right)).toBe(`memory/${world.manifestOf(day).files[0]!.key}\n`);
  });

  it('retires what a crash left, though its day has not changed', async () => {
    const world = await worldOfChunks(1);
    const seen = createSeen();
    await keepDays(partsOf(world), seen);
    const orphan = `dropped/v1/day=${day}/made-${'ab'.repeat(16)}.parquet`;
    world.objects.write(orphan, 'x');
    world.now += dayMs;
    expect(await keepDays(partsOf(world), seen)).toMatchObject({ orphans: 1, deleted: 0 });
    world.now += graceMs;
    expect(await keepDays(partsOf(world), seen)).toMatchObject({ orphans: 0, deleted: 1 });
    expect(world.dataKeys()).not.toContain(orphan);
  });

  it('says which day is damaged, and sees to the others', async () => {
    const world = await worldOfChunks();
    world.now += settings.settledMs;
    world.objects.write(manifestKey(dropped, day), '{');
    const error = vi.spyOn(logger, 'error');
    expect(await keepDays(partsOf(world), createSeen())).toMatchObject({ damaged: 1, made: 1 });
    expect(error.mock.calls).toEqual([
      [
        { code: 'archive-damaged', dataset: 'dropped', day },
        expect.stringContaining(manifestKey(dropped, day)),
      ],
    ]);
    expect(world.manifestOf(otherDay).files).toHaveLength(1);
  });
});

describe('the keeper', () => {
  const keeperOf = (world: ArchiveWorld, more: object = {}) => {
    const { sleep, wake } = stepped();
    const ends = new AbortController();
    const parts = { ...partsOf(world), sleep, signal: ends.signal, owner: 'a', everyMs: 60_000 };
    const done = keepArchive({ ...parts, ...more });
    const stop = async () => {
      ends.abort();
      await done;
    };
    return { wake, stop };
  };

  it('does what is to be done first, and then sees to the days, every time', async () => {
    const world = await worldOfChunks();
    world.now += settings.settledMs;
    const first = vi.fn<() => Promise<void>>(() =>
      Promise.reject(new SignpostError('database-away', 'away')),
    );
    const { wake, stop } = keeperOf(world, { first });
    await vi.waitFor(() => expect(world.manifestOf(otherDay).files).toHaveLength(1));
    await vi.waitFor(() => {
      wake();
      expect(first.mock.calls.length).toBeGreaterThan(1);
    });
    await stop();
    world.judge();
  });

  it('tries again when the store was away', async () => {
    const world = await worldOfChunks();
    world.now += settings.settledMs;
    const back = world.objects.before(({ operation }) => {
      if (operation === 'list') throw objectsAway();
    });
    const { wake, stop } = keeperOf(world);
    await vi.waitFor(() =>
      expect(world.objects.calls.some(({ operation }) => operation === 'list')).toBe(true),
    );
    expect(world.manifestOf(day).files).toHaveLength(3);
    back();
    await vi.waitFor(() => {
      wake();
      expect(world.manifestOf(day).files).toHaveLength(1);
    });
    await stop();
  });

  it('leaves the work to the copy that has the lease', async () => {
    const world = await worldOfChunks();
    world.now += settings.settledMs;
    const until = world.now + keeperLeaseMs;
    world.objects.write(keeperLeaseKey, JSON.stringify({ owner: 'b', until }));
    const { stop } = keeperOf(world);
    await vi.waitFor(() => expect(world.objects.calls.at(-1)?.key).toBe(keeperLeaseKey));
    await stop();
    expect(world.manifestOf(day).files).toHaveLength(3);
  });
});
