// What files hold of ranges of offsets: found, put together, and never twice.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChecksum } from '../../services/archive/checksum.ts';
import {
  createRangeFinder,
  createTally,
  isCovered,
  mergeCovers,
  overlapOf,
} from '../../services/archive/covers.ts';
import { dropped } from '../../services/archive/datasets.ts';
import { dayOfDataKey, rangeOfChunkFileKey } from '../../services/archive/layout.ts';
import { chunkFileKey, madeFileKey, manifestKey } from '../../services/archive/layout.ts';
import type { Covered } from '../../services/archive/manifest.ts';
import { droppedRow } from '../support/archive-rows.ts';

const topic = dropped.topic.name;
const cover = (
  partition: number,
  from: number,
  to: number,
  more: Partial<Covered> = {},
): Covered => ({
  topic,
  partition,
  from,
  to,
  rows: to - from,
  erased: 0,
  checksum: '0000000000000001',
  schema: 7,
  ...more,
});

/** Ranges of two partitions that do not overlap, some of them touching, in any order. */
const arbitraryCovers = fc
  .array(
    fc.record({
      partition: fc.integer({ min: 0, max: 1 }),
      gap: fc.nat(2),
      size: fc.integer({ min: 1, max: 5 }),
    }),
    { maxLength: 12 },
  )
  .chain((steps) => {
    const next = [0, 0];
    const covers = steps.map(({ partition, gap, size }) => {
      const from = next[partition]! + gap;
      next[partition] = from + size;
      return cover(partition, from, from + size, { checksum: 'ffffffffffffff01' });
    });
    return fc.shuffledSubarray(covers, { minLength: covers.length });
  });

describe('covers that become one', () => {
  it('join where ranges touch, and only there', () => {
    const merged = mergeCovers([
      cover(0, 10, 20),
      cover(1, 20, 30),
      cover(0, 0, 10),
      cover(0, 21, 22),
    ]);
    expect(merged).toEqual([
      cover(0, 0, 20, { checksum: '0000000000000002' }),
      cover(0, 21, 22),
      cover(1, 20, 30),
    ]);
  });

  it('stay apart where their checksums are of different schemas', () => {
    const covers = [cover(0, 0, 10), cover(0, 10, 20, { schema: 8 })];
    expect(mergeCovers(covers)).toEqual(covers);
  });

  it('hold the same rows, and every range that one of them held', () => {
    fc.assert(
      fc.property(arbitraryCovers, (covers) => {
        const merged = mergeCovers(covers);
        const sum = createChecksum();
        const mergedSum = createChecksum();
        for (const { checksum } of covers) sum.addAll(checksum);
        for (const { checksum } of merged) mergedSum.addAll(checksum);
        expect(mergedSum.hex()).toBe(sum.hex());
        const rows = (of: readonly Covered[]) => of.reduce((total, one) => total + one.rows, 0);
        expect(rows(merged)).toBe(rows(covers));
        for (const one of covers) expect(isCovered(merged, one)).toBe(true);
        for (const { from, to, rows: held } of merged) expect(held).toBe(to - from);
        expect(overlapOf(merged)).toBeUndefined();
      }),
    );
  });
});

describe('covers that overlap', () => {
  it('are found, also where a wide one holds a narrow one', () => {
    expect(overlapOf([cover(0, 5, 6), cover(0, 0, 10)])).toEqual({
      first: cover(0, 0, 10),
      second: cover(0, 5, 6),
    });
    expect(overlapOf([cover(0, 0, 10), cover(1, 5, 6), cover(0, 10, 11)])).toBeUndefined();
  });
});

describe('the cover of an offset', () => {
  it('is the one that holds it, in whatever order offsets are asked for', () => {
    fc.assert(
      fc.property(arbitraryCovers, fc.array(fc.tuple(fc.nat(1), fc.nat(80))), (covers, asked) => {
        const find = createRangeFinder(covers, (one) => one);
        for (const [partition, offset] of asked)
          expect(find(partition, offset)).toBe(
            covers.find(
              (one) => one.partition === partition && one.from <= offset && offset < one.to,
            ),
          );
      }),
    );
  });
});

describe('a tally', () => {
  it('counts rows by range, keeps what was erased out of the checksum and refuses what no range holds', () => {
    const ranges = [
      { topic, partition: 0, from: 0, to: 2 },
      { topic, partition: 1, from: 0, to: 2 },
    ];
    const tally = createTally(dropped, ranges);
    const rows = [droppedRow(0, 1), droppedRow(0, 0), { ...droppedRow(1, 0), erasedAt: 5 }];
    for (const row of rows) expect(tally.add(row)).toBe(true);
    expect(tally.add(droppedRow(0, 2))).toBe(false);
    const expected = createChecksum();
    for (const { partition, offset, record } of rows.slice(0, 2))
      expected.add(partition, offset, dropped.topic.codec.encode(record));
    expect(tally.covers()).toEqual([
      { ...ranges[0], rows: 2, erased: 0, checksum: expected.hex(), schema: 7 },
      { ...ranges[1], rows: 1, erased: 1, checksum: '0000000000000000', schema: 7 },
    ]);
  });
});

describe('keys of data', () => {
  it('tell their day, and those of chunks their range', () => {
    const range = { topic: 'some-topic.v1', partition: 12, from: 5, to: 9 };
    const chunk = chunkFileKey(dropped, '2026-11-22', range);
    const made = madeFileKey(dropped, '2026-11-22', 'a'.repeat(64));
    expect(rangeOfChunkFileKey(chunk)).toEqual(range);
    expect(rangeOfChunkFileKey(made)).toBeUndefined();
    expect(dayOfDataKey(dropped, chunk)).toBe('2026-11-22');
    expect(dayOfDataKey(dropped, made)).toBe('2026-11-22');
    for (const key of [
      manifestKey(dropped, '2026-11-22'),
      `${made}.tmp`,
      'other/v1/day=2026-11-22/made-x.parquet',
    ])
      expect(dayOfDataKey(dropped, key)).toBeUndefined();
  });
});
