// A partition that is begun with twice at once: what the earlier beginning learned of where the group stands is old by
// the time the later one has committed, and who went on from there would do everything again.
import { expect, test } from 'vitest';
import { createHoldings } from '#core/log/kafka/holdings.ts';
import type { Transactor } from '#core/log/kafka/transactions.ts';

const transactor: Transactor = {
  begin: () => Promise.resolve(),
  isReady: () => true,
  run: () => Promise.resolve([]),
};

test('of two beginnings at once only the later one counts, whichever learns last where to begin', async () => {
  const answers: ((offset: number) => void)[] = [];
  const holdings = createHoldings({
    topics: ['in'],
    wireTopic: (topic) => topic,
    schemaIds: undefined,
    passOver: undefined,
    retakeMs: 0,
    transactorOf: () => transactor,
    startOf: () => new Promise((resolve) => answers.push(resolve)),
    sleep: () => Promise.resolve(),
    onChange: () => {},
  });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  holdings.assigned({ memberId: 'a', partitions: [{ topic: 'in', partition: 0 }] });
  const [holding] = [...holdings.all()];
  await settle();
  void holdings.takeOver(holding!);
  await settle();
  const [early, late] = answers;
  late!(0);
  await settle();
  expect([holding!.state, holding!.committed]).toEqual(['held', 0]);
  // It takes a batch and commits it; then comes the answer that is older.
  holding!.committed = 13;
  const { buffered } = holding!;
  early!(0);
  await settle();
  expect([holding!.state, holding!.committed]).toEqual(['held', 13]);
  expect(holding!.buffered).toBe(buffered);
});
