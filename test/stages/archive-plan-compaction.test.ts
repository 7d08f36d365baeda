// When a day's files are made fewer, and how often a row is written anew for it.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ManifestFile } from '../../services/archive/manifest.ts';
import { planCompaction, usualCompaction } from '../../services/archive/plan-compaction.ts';

const mib = 2 ** 20;
const hour = 3_600_000;
const file = (key: string, rows: number, bytes = rows * 100): ManifestFile => ({
  key,
  rows,
  bytes,
  sha256: '0'.repeat(64),
  covers: [],
});
const files = (...rows: readonly number[]): ManifestFile[] =>
  rows.map((of, at) => file(String(at).padStart(4, '0'), of));
const plan = (of: readonly ManifestFile[], unchangedMs = 0): readonly number[] | undefined =>
  planCompaction({ files: [...of] }, { now: unchangedMs, changedAt: 0 })?.map(({ rows }) => rows);

describe('of a day that still grows', () => {
  it('eight small files become one, and seven are left', () => {
    expect(plan(files(...Array<number>(7).fill(10)))).toBeUndefined();
    expect(plan(files(...Array<number>(8).fill(10)))).toEqual(Array(8).fill(10));
  });

  it('a trickle does not rewrite what is much larger', () => {
    expect(plan(files(5000, ...Array<number>(8).fill(10)))).toEqual(Array(8).fill(10));
    expect(plan(files(5000, ...Array<number>(7).fill(10)))).toBeUndefined();
  });

  it('large files are left alone', () => {
    const large = Array.from({ length: 20 }, (_, i) => file(`${i}`, 1000, 64 * mib));
    expect(plan(large)).toBeUndefined();
    expect(plan(large, 100 * hour)).toBeUndefined();
  });
});

describe('of a day that has not changed for hours', () => {
  it('two small files become one', () => {
    expect(plan(files(10, 10), usualCompaction.settledMs - 1)).toBeUndefined();
    expect(plan(files(10, 10), usualCompaction.settledMs)).toEqual([10, 10]);
  });

  it('one file is left, and so is one with less than its rows beside it', () => {
    expect(plan(files(10), 9 * hour)).toBeUndefined();
    expect(plan(files(100, 40, 30), 9 * hour)).toBeUndefined();
    expect(plan(files(100, 60, 50), 9 * hour)).toEqual([50, 60, 100]);
  });
});

describe('what is made', () => {
  it('is of no more bytes than are held in memory at a time', () => {
    const many = Array.from({ length: 10 }, (_, i) => file(`${i}`, 1000, 40 * mib));
    expect(plan(many, 9 * hour)).toHaveLength(3);
  });

  it('has each row written at most log2(rows of the day / rows of a chunk) times, in few files', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 5, max: 50 }), { minLength: 1, maxLength: 300 }),
        fc.boolean(),
        (chunks, settles) => {
          let day: (ManifestFile & { readonly written: number })[] = [];
          for (const [at, rows] of chunks.entries()) {
            day.push({ ...file(`chunk-${at}`, rows), written: 0 });
            for (;;) {
              const unchangedMs = settles && at % 10 === 0 ? 9 * hour : 0;
              const chosen = planCompaction({ files: day }, { now: unchangedMs, changedAt: 0 });
              if (chosen === undefined) break;
              const keys = new Set(chosen.map(({ key }) => key));
              const taken = day.filter(({ key }) => keys.has(key));
              const sum = taken.reduce((total, one) => total + one.rows, 0);
              const written = 1 + Math.max(...taken.map((one) => one.written));
              day = day.filter(({ key }) => !keys.has(key));
              day.push({ ...file(`made-${at}-${day.length}-${sum}`, sum), written });
            }
          }
          const rows = day.reduce((sum, one) => sum + one.rows, 0);
          for (const one of day)
            expect(one.written).toBeLessThanOrEqual(Math.log2(rows / Math.min(...chunks)));
          // Fewer than eight of each size, sizes four times each other.
          expect(day.length).toBeLessThanOrEqual(8 * (1 + Math.log(rows / 5) / Math.log(4)));
        },
      ),
    );
  });
});
