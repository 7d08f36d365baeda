// Fetching where something fails at once: what else the process does goes on.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Brokers } from '#core/log/kafka/brokers.ts';
import { createFetcher } from '#core/log/kafka/fetcher.ts';

it('what fails before anything was sent is tried again with growing pauses, not in one breath', async () => {
  const waits: number[] = [];
  const broker = { nodeId: 1 };
  const fetcher = createFetcher({
    brokers: { leaderOf: async () => broker, failed: () => {} } as unknown as Brokers,
    targets: () => [
      {
        topic: 't',
        partition: 0,
        hungry: () => true,
        fetchOffset: () => {
          throw new Error('broken');
        },
        add: () => {},
        failed: () => {},
      },
    ],
    waitMs: 1,
    bytesPerPartition: 1,
    sleep: async (ms) => {
      waits.push(ms);
      await pause(1);
    },
    onError: () => {},
  });
  fetcher.wake();
  await expect.poll(() => waits.length, { timeout: 5_000 }).toBeGreaterThan(3);
  await fetcher.close();
  expect(waits.slice(0, 4)).toEqual([50, 100, 200, 400]);
});
