// Archive and topics say the same, or verification says where they do not.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactDay } from '../../services/archive/compact.ts';
import { dropped } from '../../services/archive/datasets.ts';
import { manifestKey } from '../../services/archive/layout.ts';
import type { Manifest } from '../../services/archive/manifest.ts';
import { createOffsetSet } from '../../services/archive/offset-set.ts';
import { verifyArchive, type VerifySettings } from '../../services/archive/verify.ts';
import { droppedRow } from '../support/archive-rows.ts';
import {
  createArchiveWorld,
  rowsBetween,
  worldDays,
  type ArchiveWorld,
  type Row,
} from '../support/archive-world.ts';
import { createMemoryReader, type MemoryReader } from '../support/memory-reader.ts';

const topic = dropped.topic.name;
const [day, otherDay] = worldDays;
const settings = { smallBytes: 1e6, mostBytes: 2e6, fewestFiles: 2, settledMs: 0 };

interface Both {
  readonly world: ArchiveWorld;
  readonly log: MemoryReader;
}

/** A topic of two partitions of so many offsets, and all of it archived in chunks of ten. */
async function archived(offsets = 40): Promise<Both> {
  const world = createArchiveWorld();
  const log = createMemoryReader([topic], 2);
  for (const partition of [0, 1]) {
    fill(log, partition, 0, offsets);
    for (let from = 0; from < offsets; from += 10)
      await world.writeChunk(world.objects, partition, from, from + 10);
    log.commit('archive', topic, offsets, partition);
  }
  return { world, log };
}

/** What `rowsBetween` says, and tombstones where it says nothing. */
function fill(log: MemoryReader, partition: number, from: number, to: number): void {
  const rows = new Map(rowsBetween(partition, from, to).map((row) => [row.offset, row]));
  for (let offset = from; offset < to; offset += 1) {
    const row = rows.get(offset);
    const value = row === undefined ? null : dropped.topic.codec.encode(row.record);
    log.put({ topic, value, timestamp: row?.timestamp ?? 0 }, partition);
  }
}

const verify = ({ world, log }: Both, more: Partial<VerifySettings> = {}) =>
  verifyArchive({ store: world.objects, format: world.format }, log, {
    now: () => world.now,
    graceMs: 0,
    lateMs: 3_600_000,
    datasets: ['dropped'],
    ...more,
  });

const compact = ({ world }: Both, of = day) =>
  compactDay(
    { store: world.objects, format: world.format, now: () => world.now, settings },
    dropped,
    of,
  );

const erase = ({ world }: Both, of: (row: Row) => boolean) => world.erase(world.objects, day, of);

/** Changes what a day's manifest says. */
function lie({ world }: Both, change: (manifest: Manifest) => void, of = day): void {
  const manifest = world.manifestOf(of);
  change(manifest);
  world.objects.write(manifestKey(dropped, of), JSON.stringify(manifest));
}

const says = async (both: Both, more: Partial<VerifySettings> = {}) => {
  const { proven, findings } = await verify(both, more);
  expect(proven).toBe(findings.length === 0);
  return findings.map((finding) => `${finding.kind}: ${finding.says}`);
};

describe('an archive that holds what the topics hold', () => {
  it('is proven, with counts and equal sums of each partition', async () => {
    const both = await archived();
    for (const deep of [false, true]) {
      const {
        proven,
        findings,
        waiting,
        datasets: [proof],
      } = await verify(both, { deep });
      expect({ proven, findings, waiting }).toEqual({ proven: true, findings: [], waiting: 0 });
      expect(proof).toMatchObject({ days: 2, files: 16, rows: 70, filesRead: deep ? 16 : null });
      for (const of of proof!.partitions) {
        expect(of).toMatchObject({ from: 0, to: 40, records: 35, rows: 35, erased: 0, partly: 0 });
        expect(of.topicChecksum).toMatch(/^[\da-f]{16}$/);
        expect(of.archiveChecksum).toBe(of.topicChecksum);
      }
    }
  });

  it('is proven after compaction, with the same sums', async () => {
    const both = await archived();
    const before = await verify(both, { deep: true });
    for (const of of worldDays) await compact(both, of);
    const after = await verify(both, { deep: true });
    expect(after.proven).toBe(true);
    const sums = ({ datasets: [proof] }: typeof before) =>
      proof!.partitions.map(({ topicChecksum, archiveChecksum, rows }) => [
        topicChecksum,
        archiveChecksum,
        rows,
      ]);
    expect(sums(after)).toEqual(sums(before));
    expect(after.datasets[0]).toMatchObject({ files: 2, filesRead: 2 });
  });

  it('is proven where the topic has forgotten some, of whole ranges and of the rest of one', async () => {
    const both = await archived();
    both.log.expire(topic, 15, 0);
    both.log.expire(topic, 40, 1);
    const {
      proven,
      datasets: [proof],
    } = await verify(both, { deep: true });
    expect(proven).toBe(true);
    expect(proof!.partitions[0]).toMatchObject({ from: 15, records: 17, rows: 17, partly: 5 });
    expect(proof!.partitions[1]).toMatchObject({
      from: 40,
      records: 0,
      rows: 0,
      topicChecksum: null,
    });
  });

  it('is proven where words are erased that the topic still holds, and says how many', async () => {
    const both = await archived();
    await erase(both, ({ offset }) => offset === 3 || offset === 12);
    const {
      proven,
      datasets: [proof],
    } = await verify(both, { deep: true });
    expect(proven).toBe(true);
    expect(proof!.partitions.map(({ records, rows, erased }) => [records, rows, erased])).toEqual([
      [33, 33, 2],
      [33, 33, 2],
    ]);
  });

  it('is proven where another release summed a range by its own schema: rows are counted', async () => {
    const both = await archived();
    lie(both, ({ files }) => {
      Object.assign(files[0]!.covers[0]!, { schema: 999, checksum: '0'.repeat(16) });
    });
    const {
      proven,
      datasets: [proof],
    } = await verify(both, { deep: true });
    expect(proven).toBe(true);
    expect(proof!.partitions[0]!.countedOnly).toBe(6);
  });

  it('is proven by event day alone where days are named', async () => {
    const both = await archived();
    await both.world.objects.delete([both.world.manifestOf(otherDay).files[0]!.key]);
    expect(await says(both, { deep: true, span: { to: day } })).toEqual([]);
    expect(await says(both, { deep: true, span: { from: otherDay } })).toHaveLength(1);
  });
});

describe('what is not archived yet', () => {
  it('waits, and is no fault, unless it waits for long', async () => {
    const both = await archived();
    fill(both.log, 0, 40, 45);
    const timestamp = Math.min(...rowsBetween(0, 40, 45).map((row) => row.timestamp));
    both.world.now = timestamp + 60_000;
    const early = await verify(both);
    expect(early).toMatchObject({ proven: true, waiting: 5 });
    both.world.now = timestamp + 3_600_001;
    const late = await verify(both);
    expect(late).toMatchObject({ proven: false, waiting: 5 });
    expect(late.findings[0]).toMatchObject({ kind: 'waits-long', from: 40, to: 45 });
    expect(late.findings[0]!.says).toContain('5 records wait on records.dropped.v1/0');
  });

  it('is what no codec reads no part of, where the stage has been past it', async () => {
    const both = await archived();
    both.log.put({ topic, value: new Uint8Array([0, 0, 0, 0, 7, 255]), timestamp: 0 }, 0);
    both.log.commit('archive', topic, 41, 0);
    const {
      proven,
      waiting,
      datasets: [proof],
    } = await verify(both);
    expect({ proven, waiting }).toEqual({ proven: true, waiting: 0 });
    expect(proof!.partitions[0]!.unreadable).toBe(1);
  });
});

describe('a fault', () => {
  const chunk = (from: number, of = day, partition = 0) =>
    `dropped/v1/day=${of}/${topic}-${partition}-${String(from).padStart(20, '0')}-${String(from + 10).padStart(20, '0')}.parquet`;

  it('is a chunk that is missing: its range is named', async () => {
    const both = await archived();
    lie(both, (manifest) => {
      manifest.files = manifest.files.filter(({ key }) => key !== chunk(10));
    });
    expect(await says(both)).toEqual([
      `rows-missing: offsets 11 to 18 of ${topic}/0: 6 records are of ${day} and in no file of the archive.`,
    ]);
  });

  it('is a manifest that is lost: all ranges are named', async () => {
    const both = await archived();
    await both.world.objects.delete([manifestKey(dropped, day)]);
    const found = await says(both);
    expect(found).toHaveLength(2);
    expect(found[0]).toContain('in no file of the archive');
  });

  it('is a manifest that is none', async () => {
    const both = await archived();
    both.world.objects.write(manifestKey(dropped, day), '{"files":');
    expect(await says(both)).toContain(
      `manifest-damaged: ${manifestKey(dropped, day)} is not a manifest.`,
    );
  });

  it('is a file that is gone: the object is named', async () => {
    const both = await archived();
    await both.world.objects.delete([chunk(20)]);
    expect(await says(both)).toEqual([]);
    expect(await says(both, { deep: true })).toEqual([
      `object-missing: ${chunk(20)} is not there, though the manifest of ${day} names it.`,
    ]);
  });

  it('is a byte that turned: the object is named', async () => {
    const both = await archived();
    const bytes = both.world.objects.read(chunk(20));
    bytes[bytes.length >> 1]! ^= 1;
    both.world.objects.write(chunk(20), bytes);
    expect(await says(both, { deep: true })).toEqual([
      `object-differs: ${chunk(20)} has another SHA-256 than the manifest says: its bytes were changed.`,
    ]);
    both.world.objects.write(chunk(20), bytes.subarray(1));
    expect((await says(both, { deep: true }))[0]).toContain(
      `${chunk(20)} has ${bytes.length - 1} bytes`,
    );
  });

  it('is a range that two files hold: both are named', async () => {
    const both = await archived();
    lie(both, ({ files }) => {
      Object.assign(files.find(({ key }) => key === chunk(10))!.covers[0]!, { from: 8 });
    });
    expect((await says(both))[0]).toBe(
      `ranges-overlap: ${chunk(0)} and ${chunk(10)} both hold offsets 8 to 9 of ${topic}/0 of that day.`,
    );
  });

  it('is a count, a sum or a number of rows in all that is another one', async () => {
    for (const deep of [false, true]) {
      const both = await archived();
      lie(both, ({ files }) => {
        files.find(({ key }) => key === chunk(0))!.covers[0]!.rows += 1;
        files.find(({ key }) => key === chunk(10))!.covers[0]!.checksum = 'f'.repeat(16);
      });
      const found = await says(both, { deep });
      expect(found[0]).toBe(
        `rows-differ: offsets 0 to 9 of ${topic}/0, ${day}: the topic holds 6 records, ${chunk(0)} 7 rows.`,
      );
      expect(found[1]).toBe(
        `rows-differ: offsets 10 to 19 of ${topic}/0, ${day}: the rows of ${chunk(10)} say something else than the topic.`,
      );
      expect(found).toHaveLength(deep ? 5 : 2);
    }
  });

  it('is a record of the topic that says something else', async () => {
    const both = await archived();
    const changed = createMemoryReader([topic], 2);
    for (const partition of [0, 1]) {
      fill(changed, partition, 0, 12);
      const { record } = droppedRow(partition, 12, rowsBetween(partition, 12, 13)[0]!.timestamp);
      const value = dropped.topic.codec.encode({ ...record, reason: 'duplikat' });
      changed.put({ topic, value }, partition);
      fill(changed, partition, 13, 40);
      changed.commit('archive', topic, 40, partition);
    }
    expect(await says({ ...both, log: changed })).toEqual([
      `rows-differ: offsets 10 to 19 of ${topic}/0, ${day}: the rows of ${chunk(10)} say something else than the topic.`,
      `rows-differ: offsets 10 to 19 of ${topic}/1, ${day}: the rows of ${chunk(10, day, 1)} say something else than the topic.`,
    ]);
  });

  it('is a topic that ends before the archive does, or has fewer partitions', async () => {
    const { world } = await archived();
    const shorter = createMemoryReader([topic], 1);
    fill(shorter, 0, 0, 30);
    const found = await says({ world, log: shorter });
    expect(found[0]).toContain(
      `${chunk(30)} holds offsets 30 to 39 of ${topic}/0, but the topic ends at 30`,
    );
    expect(found.at(-1)).toContain(`holds rows of ${topic}/1, but the topic has 1 partitions`);
  });

  /** Replaces a file by one of these rows, of which the manifest knows size and content. */
  const rewrite = async (both: Both, key: string, change: (rows: Row[]) => Row[]) => {
    const { world } = both;
    const { hash } = await import('node:crypto');
    const rows = new TextDecoder()
      .decode(world.objects.read(key))
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
    const growing = world.format.begin(dropped);
    for (const row of change(rows)) growing.add(row);
    const bytes = growing.finish();
    world.objects.write(key, bytes);
    for (const of of worldDays)
      lie(
        both,
        ({ files }) => {
          const file = files.find((one) => one.key === key);
          if (file !== undefined)
            Object.assign(file, { bytes: bytes.length, sha256: hash('sha256', bytes) });
        },
        of,
      );
  };

  it('is a row that is there twice in a file', async () => {
    const both = await archived();
    await rewrite(both, chunk(0), (rows) => [rows[0]!, ...rows]);
    const found = await says(both, { deep: true });
    expect(found[0]).toBe(
      `row-doubled: ${chunk(0)} holds offset 0 of ${topic}/0, which it or another file of ${day} holds too.`,
    );
    expect(found[1]).toContain('7 rows, 0 of them with erased words; the manifest says 6 and 0');
  });

  it('is a row that is there twice in files of one day, or of two', async () => {
    const sameDay = await archived();
    await rewrite(sameDay, chunk(10), (rows) => [droppedRow(0, 0), ...rows]);
    expect(await says(sameDay, { deep: true })).toEqual([
      `row-doubled: ${chunk(10)} holds offset 0 of ${topic}/0, which it or another file of ${day} holds too.`,
      `row-stray: ${chunk(10)} holds offset 0 of ${topic}/0, which the manifest does not say.`,
    ]);
    const twoDays = await archived();
    await rewrite(twoDays, chunk(10, otherDay), (rows) => [droppedRow(0, 0), ...rows]);
    const found = await says(twoDays, { deep: true });
    expect(found).toContain(
      `row-stray: ${chunk(10, otherDay)} holds offset 0 of ${topic}/0, which is of ${day}.`,
    );
    expect(found).toContain(
      `row-doubled: Offset 0 of ${topic}/0 is in files of ${otherDay} and in files of another day.`,
    );
  });

  it('is a row that is gone from a file, or says something else', async () => {
    const both = await archived();
    await rewrite(both, chunk(0), (rows) => rows.slice(1));
    await rewrite(both, chunk(10), ([row, ...rows]) => [
      { ...row!, record: { ...row!.record, reason: 'x' } },
      ...rows,
    ]);
    expect(await says(both)).toEqual([]);
    const found = await says(both, { deep: true });
    expect(found).toHaveLength(2);
    expect(found[0]).toContain(`${chunk(0)}, offsets 0 to 9 of ${topic}/0: 5 rows`);
    expect(found[1]).toContain(
      `${chunk(10)}, offsets 10 to 19 of ${topic}/0: the rows have another checksum`,
    );
  });

  it('is not what others change at the same time', async () => {
    const both = await archived();
    const store = both.world.objects.another();
    let isReplaced = false;
    store.before(async ({ operation, key }) => {
      if (isReplaced || operation !== 'get' || !key.endsWith('.parquet')) return;
      isReplaced = true;
      await compact(both);
      for (const { key: gone } of both.world.manifestOf(day).retired)
        await both.world.objects.delete([gone]);
    });
    const { now } = both.world;
    const settingsNow = {
      now: () => now,
      graceMs: 0,
      lateMs: 1e9,
      datasets: ['dropped'] as const,
      deep: true,
    };
    const { proven } = await verifyArchive(
      { store, format: both.world.format },
      both.log,
      settingsNow,
    );
    expect({ proven, isReplaced }).toEqual({ proven: true, isReplaced: true });
  });
});

describe('offsets as bits', () => {
  it('know what was added, by partition', () => {
    const place = fc.tuple(
      fc.nat(2),
      fc.oneof(fc.nat(20), fc.integer({ min: 2 ** 20 - 3, max: 2 ** 20 + 3 })),
    );
    fc.assert(
      fc.property(fc.array(place), fc.array(place), (some, others) => {
        const [a, b] = [createOffsetSet(), createOffsetSet()];
        const keys = [new Set<string>(), new Set<string>()] as const;
        for (const [set, places, known] of [
          [a, some, keys[0]],
          [b, others, keys[1]],
        ] as const)
          for (const [partition, offset] of places) {
            expect(set.add(partition, offset)).toBe(!known.has(`${partition}/${offset}`));
            known.add(`${partition}/${offset}`);
          }
        const common = a.addAll(b);
        const both = [...keys[0]].filter((key) => keys[1].has(key));
        expect(both.length > 0).toBe(common !== undefined);
        expect([undefined, ...both]).toContain(common && `${common.partition}/${common.offset}`);
        for (const key of [...keys[0], ...keys[1]]) {
          const [partition = 0, offset = 0] = key.split('/').map(Number);
          expect(a.add(partition, offset)).toBe(false);
        }
      }),
      { numRuns: 50 },
    );
  });
});
