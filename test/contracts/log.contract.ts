// What every log must do, written against the port alone. `openLog` gives a log that all tests share; suites of its own
// say what a certain log does beyond. Offsets grow, but may leave gaps: Kafka numbers the ends of transactions too.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type {
  Batch,
  Claim,
  Headers,
  Log,
  OutgoingRecord,
  ReceivedRecord,
  Subscription,
} from '../../services/core/log/port.ts';

export interface OpenedLog {
  readonly log: Log;
  /** Another client of the same log, as another thread or process has it. */
  connect(): Promise<Log>;
  /** Closes everything and removes what it left. */
  dispose(): Promise<void>;
}

const WAIT_MS = 10_000;
/** Longer ago than the times that the records bear: Kafka forgets by those. */
const RETENTION_MS = 20 * 365 * 24 * 60 * 60 * 1000;

export function logContract(name: string, openLog: () => Promise<OpenedLog>): void {
  describe(`${name}, as a log`, () => {
    let opened: OpenedLog;
    let log: Log;
    // Tests share the log, as they would a broker: their topics, groups and ids differ.
    let run = 0;
    const topic = (base: string): string => `contract.${process.pid}.${run}.${base}`;
    const groupOf = (base: string): string => `signpost.${topic(base)}`;
    const open: Subscription[] = [];

    beforeAll(async () => {
      opened = await openLog();
      ({ log } = opened);
    });

    afterAll(() => opened.dispose());

    beforeEach(async () => {
      run += 1;
      await log.ensureTopics([
        { name: topic('in'), partitions: 4, retentionMs: RETENTION_MS },
        { name: topic('out'), partitions: 3, retentionMs: RETENTION_MS },
        { name: topic('one'), partitions: 1, retentionMs: RETENTION_MS },
      ]);
    });

    afterEach(async () => {
      await Promise.allSettled(open.splice(0).map((subscription) => subscription.close()));
    });

    const subscribe = async (
      group: string,
      topics: readonly string[],
      more: Partial<Parameters<Log['subscribe']>[0]> = {},
      from: Log = log,
    ): Promise<Subscription> => {
      const subscription = await from.subscribe({ group: groupOf(group), topics, ...more });
      open.push(subscription);
      return subscription;
    };

    describe('records', () => {
      it('come back as they were written: key, value, headers, timestamp, offset', async () => {
        const records = [
          record(topic('one'), 'k', 'plain', { a: '1', b: 'two' }, 1_700_000_000_123),
          record(topic('one'), 'żółw 🙂', 'ünïcode', { ce_id: 'ł', a: '' }, 0),
          record(topic('one'), '', '', {}, 4_102_444_800_000),
          { ...record(topic('one'), 'tombstone', ''), value: null },
          record(topic('one'), 'k', '\u0000\u0001\u00ff', { a: '1', long: 'x'.repeat(5_000) }, 1),
        ];
        const positions = await log.append(records);
        expect(positions.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4]);
        const { records: back, nextOffset, endOffset } = await log.read(topic('one'), 0, 0);
        expect(back.map(comparable)).toEqual(records.map(comparable));
        expect(back.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4]);
        expect(nextOffset).toBeGreaterThanOrEqual(5);
        expect(endOffset).toBe(nextOffset);
      });

      it('of one key keep their order, and one key stays in one partition', async () => {
        const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`);
        for (let round = 0; round < 5; round += 1) {
          await log.append(keys.map((key) => record(topic('in'), key, String(round))));
        }
        const byKey = Map.groupBy(await readAll(log, topic('in')), ({ key }) => key);
        expect(byKey.size).toBe(20);
        for (const records of byKey.values()) {
          expect(new Set(records.map(({ partition }) => partition)).size).toBe(1);
          expect(records.map(text)).toEqual(['0', '1', '2', '3', '4']);
        }
      });

      it('without a key are spread over the partitions', async () => {
        for (let i = 0; i < 40; i += 1) {
          const batch = Array.from({ length: 100 }, () => ({
            ...record(topic('in'), '', 'x'),
            key: null,
          }));
          await log.append(batch);
        }
        const partitions = new Set(
          (await readAll(log, topic('in'))).map(({ partition }) => partition),
        );
        expect(partitions.size).toBe(4);
      });

      it('get the positions that append answered', async () => {
        const records = numbered(topic('in'), 300);
        const positions = await log.append(records);
        for (const [i, { topic: where, partition, offset }] of positions.entries()) {
          if (i % 50 !== 0) continue;
          const { records: found } = await log.read(where, partition, offset, { maxRecords: 1 });
          expect(text(found[0])).toBe(String(i));
        }
      });

      it('are read within limits, and always at least one', async () => {
        await log.append(numbered(topic('one'), 2_500));
        const first = await log.read(topic('one'), 0, 10, { maxRecords: 7 });
        expect(first.records.map(({ offset }) => offset)).toEqual([10, 11, 12, 13, 14, 15, 16]);
        expect(first.nextOffset).toBe(17);
        const tiny = await log.read(topic('one'), 0, 999, { maxBytes: 1 });
        expect(tiny.records.map(({ offset }) => offset)).toEqual([999]);
        const all = await readAll(log, topic('one'));
        expect(all.map(text)).toEqual(Array.from({ length: 2_500 }, (_, i) => String(i)));
      });

      it('of several megabytes pass, and reading at the end answers nothing', async () => {
        const value = new Uint8Array(700_000).fill(7);
        await log.append([0, 1, 2].map(() => ({ ...record(topic('one'), 'k', ''), value })));
        const { records } = await log.read(topic('one'), 0, 0, { maxBytes: 100_000_000 });
        expect(records.map((each) => each.value?.length)).toEqual([700_000, 700_000, 700_000]);
        const { end: at } = (await log.topics()).find(({ name: each }) => each === topic('one'))!
          .partitions[0]!;
        const end = await log.read(topic('one'), 0, at);
        expect(end).toEqual({ records: [], nextOffset: at, endOffset: at });
      });

      it('for an unknown topic are refused, and nothing of that append is written', async () => {
        const records = [record(topic('one'), 'k', '1'), record(topic('missing'), 'k', '2')];
        await expect(log.append(records)).rejects.toMatchObject({ code: 'unknown-topic' });
        expect((await log.read(topic('one'), 0, 0)).records).toEqual([]);
      });
    });

    describe('topics', () => {
      it('are created once, and refused with another number of partitions', async () => {
        await log.append([record(topic('one'), 'k', 'v')]);
        await log.ensureTopics([{ name: topic('one'), partitions: 1, retentionMs: RETENTION_MS }]);
        expect((await log.read(topic('one'), 0, 0)).records).toHaveLength(1);
        await expect(
          log.ensureTopics([{ name: topic('one'), partitions: 2, retentionMs: RETENTION_MS }]),
        ).rejects.toMatchObject({ code: 'topic-mismatch' });
      });

      it('say what they hold', async () => {
        await log.append(numbered(topic('one'), 5));
        const status = (await log.topics()).find(({ name: each }) => each === topic('one'));
        expect(status?.partitions).toMatchObject([{ partition: 0, start: 0 }]);
        expect(status?.partitions[0]?.end).toBeGreaterThanOrEqual(5);
        expect(status?.partitions[0]?.bytes).toBeGreaterThan(0);
      });
    });

    it('stores checkpoints with an append', async () => {
      const key = topic('import');
      expect(await log.checkpoint(key)).toBeNull();
      await log.append([record(topic('one'), 'k', 'v')], { checkpoints: { [key]: '17' } });
      expect(await log.checkpoint(key)).toBe('17');
      await log.append([], { checkpoints: { [key]: '18' } });
      expect(await log.checkpoint(key)).toBe('18');
    });

    describe('a group', () => {
      it('is given every record once, in order per partition, and goes on where it committed', async () => {
        await log.append(numbered(topic('in'), 500));
        const first = await subscribe('g', [topic('in')], { maxRecords: 40 });
        const seen = await consume(first, 240);
        await first.close();
        const second = await subscribe('g', [topic('in')], { maxRecords: 40 });
        seen.push(...(await consume(second, 500 - seen.length)));
        expect(seen.map(Number).toSorted((a, b) => a - b)).toEqual(sequence(500));
        const committed = (await log.committed()).filter(({ group }) => group === groupOf('g'));
        const ends = (await log.topics()).find(({ name: each }) => each === topic('in'))!;
        expect(committed.map(({ partition }) => partition)).toEqual(
          ends.partitions.map(({ partition }) => partition),
        );
        // The end itself may lie further on: on a cluster markers of transactions have offsets too.
        for (const { partition, offset } of committed)
          expect((await log.read(topic('in'), partition, offset)).records).toEqual([]);
      });

      it('does not touch another group', async () => {
        await log.append(numbered(topic('in'), 50));
        const one = await subscribe('g1', [topic('in')]);
        const two = await subscribe('g2', [topic('in')]);
        expect(await consume(one, 50)).toHaveLength(50);
        expect(await consume(two, 50)).toHaveLength(50);
      });

      it('waits for records and wakes when some are appended', async () => {
        const subscription = await subscribe('g', [topic('one')]);
        const waiting = subscription.next(AbortSignal.timeout(WAIT_MS));
        await log.append([record(topic('one'), 'k', 'late')]);
        expect((await waiting)?.records.map(text)).toEqual(['late']);
      });

      it('answers null once its signal aborts, at once or while waiting, and goes on afterwards', async () => {
        const subscription = await subscribe('g', [topic('one')]);
        expect(await subscription.next(AbortSignal.abort())).toBeNull();
        expect(await subscription.next(AbortSignal.timeout(30))).toBeNull();
        await log.append([record(topic('one'), 'k', 'v')]);
        expect((await nextBatch(subscription)).records.map(text)).toEqual(['v']);
      });

      it('answers null once it is closed', async () => {
        const subscription = await subscribe('g', [topic('one')]);
        const waiting = subscription.next(AbortSignal.timeout(WAIT_MS));
        await subscription.close();
        expect(await waiting).toBeNull();
        expect(await subscription.next(AbortSignal.timeout(WAIT_MS))).toBeNull();
      });

      it('has one batch of a partition out at a time, and several of different partitions', async () => {
        await log.append(numbered(topic('in'), 400));
        const subscription = await subscribe('g', [topic('in')], { maxRecords: 10 });
        const out = [];
        for (let i = 0; i < 4; i += 1) out.push(await nextBatch(subscription));
        expect(out.map(({ partition }) => partition).toSorted((a, b) => a - b)).toEqual([
          0, 1, 2, 3,
        ]);
        expect(await subscription.next(AbortSignal.timeout(50))).toBeNull();
        await out[2]?.commit([]);
        const again = await nextBatch(subscription);
        expect(again.partition).toBe(out[2]?.partition);
        expect(again.records[0]?.offset).toBe(out[2]?.nextOffset);
      });

      it('delivers a released batch again', async () => {
        await log.append(numbered(topic('one'), 3));
        const subscription = await subscribe('g', [topic('one')]);
        const first = await nextBatch(subscription);
        await first.release();
        const again = await nextBatch(subscription);
        expect(again.records).toEqual(first.records);
        await again.commit([]);
        expect(await subscription.next(AbortSignal.timeout(50))).toBeNull();
      });

      it('spreads partitions over its members and takes over from one that leaves', async () => {
        const one = await subscribe('g', [topic('in')]);
        const two = await subscribe('g', [topic('in')], {}, await opened.connect());
        await log.append(numbered(topic('in'), 400));
        const [a, b] = [await nextBatch(one), await nextBatch(one)];
        const [c, d] = [await nextBatch(two), await nextBatch(two)];
        const held = [a, b, c, d].map(({ partition }) => partition);
        expect(held.toSorted((x, y) => x - y)).toEqual([0, 1, 2, 3]);
        await a.commit([]);
        await one.close();
        const taken = await nextBatch(two);
        expect(taken.partition).toBe(b.partition);
        expect(taken.records).toEqual(b.records);
      });

      it('fences the batches of a member that left, and writes nothing of them', async () => {
        await log.append(numbered(topic('one'), 5));
        const leaver = await subscribe('g', [topic('one')]);
        const batch = await nextBatch(leaver);
        await leaver.close();
        await expect(
          batch.commit([record(topic('out'), 'k', 'must not be written')]),
        ).rejects.toMatchObject({ code: 'fenced' });
        expect(await readAll(log, topic('out'))).toEqual([]);
        const heir = await subscribe('g', [topic('one')]);
        expect((await nextBatch(heir)).records).toEqual(batch.records);
      });

      it('starts where a member says, and at the committed offset where it says nothing', async () => {
        await log.append(numbered(topic('in'), 400));
        const asked: string[] = [];
        const subscription = await subscribe('g', [topic('in')], {
          maxRecords: 5,
          startAt: async (where, partition) => {
            asked.push(`${where} ${partition}`);
            return partition === 1 ? 20 : undefined;
          },
        });
        const starts = new Map<number, number | undefined>();
        for (let i = 0; i < 4; i += 1) {
          const { partition, records } = await nextBatch(subscription);
          starts.set(partition, records[0]?.offset);
        }
        expect(new Map([...starts].toSorted(([a], [b]) => a - b))).toEqual(
          new Map([
            [0, 0],
            [1, 20],
            [2, 0],
            [3, 0],
          ]),
        );
        expect(asked.toSorted()).toEqual([0, 1, 2, 3].map((n) => `${topic('in')} ${n}`));
      });
    });

    describe('a commit', () => {
      it('writes outputs and offset together', async () => {
        await log.append(numbered(topic('in'), 200));
        const subscription = await subscribe('g', [topic('in')], { maxRecords: 30 });
        for (let done = 0; done < 200;) {
          const batch = await nextBatch(subscription);
          await batch.commit(
            batch.records.map((each) => ({ ...outgoing(each), topic: topic('out') })),
          );
          done += batch.records.length;
        }
        const out = await readAll(log, topic('out'));
        expect(out.map((each) => Number(text(each))).toSorted((a, b) => a - b)).toEqual(
          sequence(200),
        );
      });

      it('that fails writes nothing, and the batch can be committed after all', async () => {
        await log.append(numbered(topic('one'), 3));
        const subscription = await subscribe('g', [topic('one')]);
        const batch = await nextBatch(subscription);
        await expect(
          batch.commit([record(topic('out'), 'k', 'x'), record(topic('missing'), 'k', 'x')]),
        ).rejects.toMatchObject({ code: 'unknown-topic' });
        expect(await readAll(log, topic('out'))).toEqual([]);
        await batch.commit([record(topic('out'), 'k', 'x')]);
        expect(await readAll(log, topic('out'))).toHaveLength(1);
      });

      it('may go further than its batch: what lies between is not delivered, what follows is', async () => {
        await log.append(numbered(topic('one'), 40));
        const all = await readAll(log, topic('one'));
        const subscription = await subscribe('g', [topic('one')], { maxRecords: 5 });
        const first = await nextBatch(subscription);
        expect(first.records.map((each) => Number(text(each)))).toEqual(sequence(5));
        await first.commit([record(topic('out'), 'k', 'x')], { nextOffset: all[25]!.offset });
        const second = await nextBatch(subscription);
        expect(second.records.map((each) => Number(text(each)))).toEqual([25, 26, 27, 28, 29]);
        await second.release();
        const again = await nextBatch(subscription);
        await again.commit([], { nextOffset: again.nextOffset });
        await subscription.close();
        const other = await subscribe('g', [topic('one')], { maxRecords: 5 });
        expect((await nextBatch(other)).records.map((each) => Number(text(each)))).toEqual([
          30, 31, 32, 33, 34,
        ]);
      });

      it('to where everything was read waits for what is appended then', async () => {
        await log.append(numbered(topic('one'), 4_000));
        const subscription = await subscribe('g', [topic('one')], { maxRecords: 1 });
        const first = await nextBatch(subscription);
        const all = await readAll(log, topic('one'));
        await first.commit([], { nextOffset: all.at(-1)!.offset + 1 });
        await log.append([record(topic('one'), 'k', 'after')]);
        expect((await nextBatch(subscription)).records.map(text)).toEqual(['after']);
      });

      it('of a batch committed or released before is refused', async () => {
        await log.append(numbered(topic('one'), 3));
        const subscription = await subscribe('g', [topic('one')]);
        const released = await nextBatch(subscription);
        await released.release();
        const output = record(topic('out'), 'k', 'twice');
        await expect(released.commit([output])).rejects.toMatchObject({ code: 'fenced' });
        const batch = await nextBatch(subscription);
        const outcomes = await Promise.allSettled([batch.commit([output]), batch.commit([output])]);
        expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
        expect(await readAll(log, topic('out'))).toHaveLength(1);
      });
    });

    describe('a claim', () => {
      const claim = (each: ReceivedRecord, more: Partial<Claim> = {}): Claim => ({
        id: `${topic('claims')}:${text(each)}`,
        content: 'c1',
        offset: each.offset,
        ...more,
      });
      const ticket = (each: ReceivedRecord, entity: string): Claim =>
        claim(each, {
          id: topic(`${entity}:${text(each)}`),
          entity: topic(entity),
          payload: bytes(text(each)),
        });
      const words = (history: readonly Uint8Array[]): string[] =>
        history.map((payload) => Buffer.from(payload).toString());

      it('is owned by the first record with its id, within a batch and across batches', async () => {
        await log.append(['a', 'b', 'a'].map((value) => record(topic('one'), 'k', value)));
        const subscription = await subscribe('g', [topic('one')]);
        const first = await nextBatch(subscription);
        const outcomes = await first.claim(first.records.map((each) => claim(each)));
        expect(outcomes.map(({ owner }) => owner.offset)).toEqual([0, 1, 0]);
        await first.commit([]);
        await log.append([record(topic('one'), 'k', 'b'), record(topic('one'), 'k', 'c')]);
        const second = await nextBatch(subscription);
        const later = await second.claim(
          second.records.map((each) => claim(each, { content: 'c2' })),
        );
        expect(later.map(({ owner }) => owner)).toEqual([
          { topic: topic('one'), partition: 0, offset: 1 },
          { topic: topic('one'), partition: 0, offset: second.records[1]?.offset },
        ]);
        expect(later.map(({ ownerContent }) => ownerContent)).toEqual(['c1', 'c2']);
      });

      it('answers the same for a redelivered batch, whether its claims were committed or not', async () => {
        await log.append(['a', 'b', 'a'].map((value) => record(topic('one'), 'k', value)));
        const claimsOf = (batch: Batch): Claim[] => batch.records.map((each) => ticket(each, 'T1'));
        const subscription = await subscribe('g', [topic('one')], { startAt: async () => 0 });
        const released = await nextBatch(subscription);
        const first = await released.claim(claimsOf(released));
        await released.release();
        const again = await nextBatch(subscription);
        expect(await again.claim(claimsOf(again))).toEqual(first);
        await again.commit([]);
        await log.append([record(topic('one'), 'k', 'z')]);
        const more = await nextBatch(subscription);
        await more.claim(claimsOf(more));
        await more.commit([]);
        await subscription.close();
        const replay = await subscribe('g', [topic('one')], {
          startAt: async () => 0,
          maxRecords: 3,
        });
        const replayed = await nextBatch(replay);
        expect(await replayed.claim(claimsOf(replayed))).toEqual(first);
      });

      it('gives the payloads of its entity so far, a duplicate adding none', async () => {
        await log.append(['1', '2', '2', '3'].map((value) => record(topic('one'), 'k', value)));
        const subscription = await subscribe('g', [topic('one')]);
        const batch = await nextBatch(subscription);
        const outcomes = await batch.claim(batch.records.map((each) => ticket(each, 'T1')));
        expect(outcomes.map(({ history }) => words(history))).toEqual([
          ['1'],
          ['1', '2'],
          ['1', '2'],
          ['1', '2', '3'],
        ]);
        await batch.commit([]);
        await log.append(['4', '5'].map((value) => record(topic('one'), 'k', value)));
        const next = await nextBatch(subscription);
        const [four, other] = next.records as [ReceivedRecord, ReceivedRecord];
        const more = await next.claim([ticket(four, 'T1'), ticket(other, 'T2')]);
        expect(more.map(({ history }) => words(history))).toEqual([['1', '2', '3', '4'], ['5']]);
      });

      it('made by two partitions at once is kept by one of them, the other learns of it', async () => {
        await log.append(numbered(topic('in'), 100));
        const subscription = await subscribe('g', [topic('in')]);
        const one = await nextBatch(subscription);
        const two = await nextBatch(subscription);
        const same = { id: topic('same'), content: 'c' };
        await one.claim([{ ...same, offset: 0 }]);
        const [atOnce] = await two.claim([{ ...same, offset: 0 }]);
        await one.commit([]);
        // A log that learns of it only when both are to be kept refuses the later one.
        const isToldAtOnce = atOnce?.owner.partition === one.partition;
        const told = isToldAtOnce
          ? 'claim-conflict'
          : await two.commit([record(topic('out'), 'k', 'x')]).catch((error) => error.code);
        expect(told).toBe('claim-conflict');
        expect(await readAll(log, topic('out'))).toEqual([]);
        await two.release();
        let again = await nextBatch(subscription);
        while (again.partition !== two.partition) again = await nextBatch(subscription);
        const [outcome] = await again.claim([{ ...same, offset: 0 }]);
        expect(outcome?.owner).toEqual({ topic: topic('in'), partition: one.partition, offset: 0 });
        await again.commit([]);
      });

      it('that was never committed goes to one record all the same, whichever is asked about', async () => {
        await log.append(['a', 'a'].map((value) => record(topic('one'), 'k', value)));
        const leaver = await subscribe('g', [topic('one')], { maxRecords: 1 });
        const batch = await nextBatch(leaver);
        await batch.claim(batch.records.map((each) => claim(each)));
        await leaver.close();
        const other = await subscribe('g2', [topic('one')], { startAt: async () => 1 });
        const second = await nextBatch(other);
        const [outcome] = await second.claim(second.records.map((each) => claim(each)));
        expect([0, 1]).toContain(outcome?.owner.offset);
        await second.commit([]);
        const heir = await subscribe('g', [topic('one')], { maxRecords: 1 });
        const again = await nextBatch(heir);
        expect(again.records.map(({ offset }) => offset)).toEqual([0]);
        const [later] = await again.claim(again.records.map((each) => claim(each)));
        expect(later?.owner).toEqual(outcome?.owner);
      });
    });
  });
}

/** A record with text as its value. */
export function record(
  topic: string,
  key: string,
  value: string,
  headers: Headers = { h: 'x' },
  timestamp = 1_700_000_000_000,
): OutgoingRecord {
  return { topic, key, value: bytes(value), headers, timestamp };
}

/** Records with the values 0, 1, 2 … and as many keys. */
export function numbered(topic: string, count: number, from = 0): OutgoingRecord[] {
  return sequence(count).map((i) => record(topic, `key-${from + i}`, String(from + i)));
}

export async function readAll(
  log: Pick<Log, 'topics' | 'read'>,
  topic: string,
): Promise<ReceivedRecord[]> {
  const records: ReceivedRecord[] = [];
  const status = (await log.topics()).find(({ name }) => name === topic);
  for (const { partition, start, end } of status?.partitions ?? []) {
    for (let offset = start; offset < end;) {
      const result = await log.read(topic, partition, offset);
      records.push(...result.records);
      offset = result.nextOffset;
    }
  }
  return records;
}

export async function nextBatch(subscription: Subscription): Promise<Batch> {
  const batch = await subscription.next(AbortSignal.timeout(WAIT_MS));
  if (batch === null) throw new Error('No batch came in time');
  return batch;
}

export function text(holder: Pick<ReceivedRecord, 'value'> | undefined): string {
  return Buffer.from(holder?.value ?? []).toString();
}

async function consume(subscription: Subscription, atLeast: number): Promise<string[]> {
  const seen: string[] = [];
  while (seen.length < atLeast) {
    const batch = await nextBatch(subscription);
    seen.push(...batch.records.map(text));
    await batch.commit([]);
  }
  return seen;
}

function outgoing({ topic, key, value, headers, timestamp }: ReceivedRecord): OutgoingRecord {
  return { topic, key, value, headers, timestamp };
}

function comparable({ key, value, headers, timestamp }: OutgoingRecord | ReceivedRecord): object {
  return { key, value: value === null ? null : [...value], headers, timestamp };
}

function bytes(value: string): Uint8Array {
  return Uint8Array.from(Buffer.from(value));
}

function sequence(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
