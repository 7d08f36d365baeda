// Reconcile on a log that goes on: what had been accepted when it began is accounted for, whatever is under way.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Position } from '#core/log/port.ts';
import { header } from '#core/topic.ts';
import { reconcile } from '../../services/cli/reconcile/reconcile.ts';
import { underWay } from '../../services/cli/under-way.ts';
import { flows } from '../../services/topology.ts';
import { createMemoryReader, type MemoryReader } from '../support/memory-reader.ts';

const [tickets, signals, shared, operations] = [
  'tickets.reported.v1',
  'signals.normalized.v1',
  'insights.shared.v1',
  'insights.operations.v1',
];
const source = { [header.source]: 'helpdesk' };
const from = ({ topic, partition, offset }: Position) => ({
  ...source,
  [header.origin]: `${topic}/${partition}/${offset}`,
  ce_id: `i${offset}`,
});

let log: MemoryReader;
/** Milliseconds; each pause lets the stages go one step on. */
let now: number;
beforeEach(() => {
  log = createMemoryReader([tickets, signals, shared, operations], 1);
  now = 0;
});
const accept = (): Position => log.put({ topic: tickets, headers: source });

const steps = [
  (origin: Position) => log.put({ topic: signals, headers: from(origin) }),
  (origin: Position) => log.put({ topic: shared, headers: from(origin) }),
  (origin: Position) => log.put({ topic: operations, headers: from(origin) }),
];
const reads = [tickets, signals, shared];
const stages = ['normalize', 'classify', 'publish'];
/** Brings everything one stage further. */
function step(stage: number, origins: readonly Position[]): void {
  for (const origin of origins) steps[stage]!(origin);
  log.commit(stages[stage]!, reads[stage]!, origins.length);
}
const clock = () => now;

describe('records under way', () => {
  it('are waited for: those accepted before count, those that come meanwhile do not', async () => {
    const origins = [accept(), accept(), accept()];
    let stage = 0;
    const waited: number[] = [];
    const result = await reconcile(log, {
      waitMs: 10_000,
      clock,
      onWaiting: (records) => waited.push(records),
      sleep(ms) {
        now += ms;
        // Somebody goes on sending while the stages work.
        accept();
        if (stage < 3) step(stage, origins);
        stage += 1;
        return Promise.resolve();
      },
    });
    expect(result).toMatchObject({ balanced: true, pending: 0, missing: 0, unexplained: 0 });
    expect(result.sources).toEqual({
      helpdesk: { accepted: 3, insights: 3, dropped: 0, rejected: 0 },
    });
    expect(waited).toEqual([3, 3, 3]);
  });

  it('are pending, not lost, when the wait is over', async () => {
    const origins = [accept(), accept()];
    step(0, origins);
    const sleep = (ms: number) => Promise.resolve(void (now += ms));
    const result = await reconcile(log, { waitMs: 1000, clock, sleep });
    expect(result).toMatchObject({
      balanced: false,
      inFlight: 2,
      awaitingPublish: 0,
      pending: 2,
      missing: 0,
    });
    expect(now).toBe(1000);
  });

  it('are pending while they wait to be published, counted by record', async () => {
    const origins = [accept(), accept()];
    step(0, origins);
    step(1, origins);
    // A marker of a transaction lies behind the records: an offset without a record.
    const kafka: MemoryReader = {
      ...log,
      topics: async () =>
        (await log.topics()).map((topic) => ({
          ...topic,
          partitions: topic.partitions.map((each) => ({ ...each, end: each.end + 1 })),
        })),
      read: async (topic, partition, offset, limits) => {
        const read = await log.read(topic, partition, offset, limits);
        return read.nextOffset < read.endOffset
          ? read
          : { ...read, nextOffset: read.endOffset + 1, endOffset: read.endOffset + 1 };
      },
    };
    expect(await reconcile(kafka)).toMatchObject({ balanced: false, pending: 2, missing: 0 });
    step(2, origins);
    expect(await reconcile(kafka)).toMatchObject({ balanced: true, pending: 0 });
  });

  it('that an open transaction hides are waited for, for as long as brokers let it be open', async () => {
    const origins = [accept()];
    for (const stage of [0, 1, 2]) step(stage, origins);
    let isOpen = true;
    const kafka: MemoryReader = {
      ...log,
      read: (topic, partition, offset, limits) =>
        topic === shared && isOpen
          ? Promise.resolve({ records: [], nextOffset: offset, endOffset: 1 })
          : log.read(topic, partition, offset, limits),
    };
    const sleep = (ms: number) => {
      now += ms;
      if (now >= 15_000) isOpen = false;
      return Promise.resolve();
    };
    expect(await reconcile(kafka, { clock, sleep })).toMatchObject({ balanced: true, missing: 0 });
    expect(now).toBeGreaterThanOrEqual(15_000);
    isOpen = true;
    now = 20_000;
    const never = (ms: number) => Promise.resolve(void (now += ms));
    await expect(reconcile(kafka, { clock, sleep: never })).rejects.toMatchObject({
      code: 'log-hidden',
    });
  });
});

describe('what was under way when asked', () => {
  it('is through when every stage has read it, whatever came later', async () => {
    const left = underWay(log);
    const origins = [accept(), accept()];
    expect(await left()).toBe(2);
    accept();
    step(0, origins);
    expect(await left()).toBe(2);
    step(1, origins);
    step(2, origins);
    expect(await left()).toBe(0);
    // Asked again, it begins anew.
    expect(await left()).toBe(1);
  });

  it('follows the transforms of the topology in their order', () => {
    expect(flows.filter(({ kind }) => kind === 'transform').map(({ name }) => name)).toEqual(
      stages,
    );
  });
});
