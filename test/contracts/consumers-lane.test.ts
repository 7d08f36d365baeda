// A lane of the TypeScript client under handlers that fail at random: what is called done is a prefix, in order.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ReceivedRecord } from '#core/log/port.ts';
import { Lane } from '../../services/client/lane.ts';
import { OffsetCommits } from '../../services/client/offset-commits.ts';

const recordAt = (offset: number): ReceivedRecord => ({
  topic: 't',
  partition: 0,
  offset,
  key: null,
  value: null,
  headers: {},
  timestamp: 0,
});

it('takes every record in order whatever is thrown and pushed again, and never calls done what is not', async () => {
  const chunk = fc.record({ count: fc.nat(6), gap: fc.nat(2), again: fc.nat(4) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(chunk, { minLength: 1, maxLength: 8 }),
      fc.array(fc.boolean(), { maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      async (chunks, failures, maxRecords) => {
        const left = [...failures];
        const taken: number[] = [];
        const done: number[] = [];
        const offsets: number[] = [];
        const lane = new Lane({
          maxRecords,
          backoff: { initialMs: 0, maxMs: 0 },
          random: () => 0,
          async process(records, _, through) {
            for (const { offset } of records) {
              await Promise.resolve();
              if (left.pop() === true) throw new Error('away');
              taken.push(offset);
              through(offset + 1);
            }
          },
          onDone(next) {
            expect(next).toBeGreaterThan(done.at(-1) ?? -1);
            const shouldBeTaken = offsets.filter((offset) => offset < next);
            expect(taken).toEqual(shouldBeTaken);
            done.push(next);
          },
          onFailure: () => undefined,
          onDrain: () => undefined,
        });
        let next = 0;
        for (const { count, gap, again } of chunks) {
          const fresh = Array.from({ length: count }, (_, index) => next + index);
          // After a rebalance what was read but not yet committed comes again.
          const repeated = offsets.slice(Math.max(0, offsets.length - again));
          offsets.push(...fresh);
          next += count + gap;
          lane.push([...repeated, ...fresh].map(recordAt), next);
          await Promise.resolve();
        }
        await expect.poll(() => done.at(-1), { interval: 1 }).toBe(next);
        expect(taken).toEqual(offsets);
        await lane.stop();
      },
    ),
    { numRuns: 60 },
  );
});

it('waits longer each time a record fails, up to the limit, and starts over with the next', async () => {
  const waits: number[] = [];
  let failures = 5;
  const lane = new Lane({
    maxRecords: 10,
    backoff: { initialMs: 2, maxMs: 10 },
    random: () => 0.999,
    async process(records, { attempt }, through) {
      if (records[0]!.offset === 0 && failures > 0) {
        expect(attempt).toBe(6 - failures);
        failures -= 1;
        throw new Error('away');
      }
      through(records[0]!.offset + 1);
      if (waits.length === 5) throw new Error('away');
      through(records.at(-1)!.offset + 1);
    },
    onDone: () => undefined,
    onFailure: ({ retryInMs }) => void waits.push(retryInMs),
    onDrain: () => undefined,
  });
  lane.push([recordAt(0), recordAt(1)], 2);
  await expect.poll(() => lane.buffered).toBe(0);
  expect(waits).toEqual([2, 4, 8, 10, 10, 2]);
});

it('commits repeat after a failed write, with the newest offset, and not for a partition that is gone', async () => {
  const written: [number, number][][] = [];
  let failing = true;
  const commits = new OffsetCommits({
    intervalMs: 1,
    retryMs: 5,
    async write(offsets) {
      if (failing) throw new Error('away');
      written.push([...offsets]);
    },
    onFailure: () => undefined,
  });
  commits.add(0, 5);
  commits.add(1, 7);
  await Promise.resolve();
  commits.add(0, 6);
  commits.forget(1);
  failing = false;
  await expect.poll(() => written).toEqual([[[0, 6]]]);
  commits.add(2, 1);
  await commits.close();
  expect(written.at(-1)).toEqual([[2, 1]]);
});
