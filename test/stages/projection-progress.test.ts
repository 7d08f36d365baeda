// Who holds a partition of a projection, when several ask at once.
import { expect, test } from 'vitest';
import { createProjectionProgress } from '../../services/core/projection-progress.ts';
import { createMemoryLog } from '../support/memory-log.ts';

test('lanes that ask for a partition at once take it over once: none fences the other', async () => {
  let epoch = 0;
  const store = {
    acquire: async () => {
      epoch += 1;
      const mine = epoch;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { offset: 7, epoch: mine };
    },
    commit: () => Promise.reject(new Error('nothing is written here')),
  };
  const log = { ...createMemoryLog(), committed: async () => [] };
  const progress = createProjectionProgress({ name: 'aggregate', store }, 'g', log as never);
  const place = { topic: 't', partition: 0 };
  const [one, two, three] = await Promise.all([
    progress.acquire(place),
    progress.acquire(place),
    progress.of(place),
  ]);
  expect([one, two, three.epoch, epoch]).toEqual([0, 0, 1, 1]);
  // Asked again later, it is another ownership.
  await progress.acquire(place);
  expect((await progress.of(place)).epoch).toBe(2);
});
