// All that was accepted by a moment is counted before it is evaluated: followed through the stages by offsets alone.
import { expect, it } from 'vitest';
import type { CommittedOffset, TopicStatus } from '#core/log/port.ts';
import { beginBarrier } from '../../services/alert/barrier.ts';

const tickets = 'tickets.reported.v1';
const signals = 'signals.normalized.v1';
const insights = 'insights.shared.v1';

/** A log of topics of one partition, whose ends and offsets the test moves. */
function createLog(given: Record<string, number>, read: Record<string, number>) {
  const ends = new Map(Object.entries(given));
  const offsets = new Map(Object.entries(read));
  const groupsOf: Readonly<Record<string, string>> = {
    [tickets]: 'signpost.normalize',
    [signals]: 'signpost.classify',
    [insights]: 'signpost.alert',
  };
  return {
    ends,
    offsets,
    topics: async (): Promise<readonly TopicStatus[]> =>
      Promise.resolve(
        [...ends].map(([name, end]) => ({
          name,
          partitions: [{ partition: 0, start: 0, end, bytes: 0 }],
        })),
      ),
    committed: async (): Promise<readonly CommittedOffset[]> =>
      Promise.resolve(
        [...offsets].map(([topic, offset]) => ({
          group: groupsOf[topic]!,
          topic,
          partition: 0,
          offset,
        })),
      ),
  };
}

it('what waits before any stage holds it up, and what each writes meanwhile has to be read by the next', async () => {
  const log = createLog({ [tickets]: 3, [signals]: 2, [insights]: 2 }, { [tickets]: 2 });
  const look = beginBarrier(log);
  const isThrough = async () => (await look()).isThrough;
  expect(await isThrough()).toBe(false);
  log.ends.set(signals, 3);
  log.offsets.set(tickets, 3);
  expect(await isThrough()).toBe(false);
  log.offsets.set(signals, 2);
  expect(await isThrough()).toBe(false);
  log.ends.set(insights, 3);
  log.offsets.set(signals, 3);
  log.offsets.set(insights, 2);
  expect(await isThrough()).toBe(false);
  log.offsets.set(insights, 3);
  expect(await isThrough()).toBe(true);
});

it('what is accepted later is not waited for', async () => {
  const log = createLog({ [tickets]: 3 }, { [tickets]: 1 });
  const look = beginBarrier(log);
  await look();
  log.ends.set(tickets, 1000);
  log.offsets.set(tickets, 3);
  expect(await look()).toMatchObject({ isThrough: true });
});

it('where it stands changes with every step, so that a standstill can be told', async () => {
  const log = createLog({ [tickets]: 3 }, {});
  const look = beginBarrier(log);
  const first = await look();
  expect(await look()).toEqual(first);
  log.offsets.set(tickets, 1);
  expect((await look()).position).not.toBe(first.position);
});

it('a log that holds nothing holds nothing up', async () => {
  const log = createLog({ [tickets]: 0, [insights]: 0 }, {});
  expect(await beginBarrier(log)()).toMatchObject({ isThrough: true });
});
