// The archive on a real embedded log: every record in one row, whatever fails, and the same bytes whenever it is done again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createArchiveMetrics } from '#core/archive-metrics.ts';
import { SignpostError } from '#core/errors.ts';
import { openEmbeddedLog, type EmbeddedLog } from '#core/log/embedded/open.ts';
import type { Log, OutgoingRecord } from '#core/log/port.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { runStage } from '#core/run-stage.ts';
import type { Gather } from '#core/stage.ts';
import { stretchOf } from '#core/stretch.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { header, toOutgoing } from '#core/topic.ts';
import { insightCodec, type Insight } from '#schemas/insight.ts';
import { createChecksum } from '../../services/archive/checksum.ts';
import { createArchive, type ArchiveParts } from '../../services/archive/stage.ts';
import {
  fixedTopics,
  insightsShared,
  recordsDropped,
  recordsRejected,
  signalsNormalized,
} from '../../services/topology.ts';
import { readAll } from '../contracts/log.contract.ts';
import { readArchive, type ArchiveRead } from '../support/archive-read.ts';
import { droppedRow, someDayMs } from '../support/archive-rows.ts';
import { Crash, crashEverywhere, seeded } from '../support/adversary.ts';
import { createMemoryObjects, objectsAway, type MemoryObjects } from '../support/memory-objects.ts';
import { insightOf, signalOf } from '../support/planner-records.ts';

const dayMs = 86_400_000;
const now: Gather = { records: 100_000, bytes: 64 * 1024 * 1024, ms: 0 };

let directory: string;
let log: EmbeddedLog;
let store: MemoryObjects;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-archive-'));
  log = await openEmbeddedLog({ directory });
  await log.ensureTopics(fixedTopics);
  store = createMemoryObjects();
});
afterEach(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Of several days, the last first, from a few sources of keys. */
function insight(n: number): Insight {
  const occurredAt = someDayMs - (n % 3) * dayMs + n;
  const signal = { sourceId: `T-${n}`, text: `words of ${n}`, customer: `c${n % 5}`, occurredAt };
  return insightOf(signalOf(signal));
}

function insightRecords(count: number, from = 0): OutgoingRecord[] {
  return Array.from({ length: count }, (_, i) =>
    toOutgoing(insightsShared, insight(from + i), {
      cause: {
        topic: 'tickets.reported.v1',
        partition: 0,
        offset: from + i,
        key: null,
        value: null,
        headers: { [header.traceparent]: `00-${String(from + i).padStart(32, '0')}-01` },
        timestamp: someDayMs + from + i,
      },
    }),
  );
}

interface Running extends Partial<Omit<ArchiveParts, 'store'>> {
  readonly name?: string;
  readonly maxRecords?: number;
}

async function archive(
  on: Log = log,
  to: ObjectStore = store,
  { name = 'archive', maxRecords = 7, ...parts }: Running = {},
): Promise<void> {
  const metrics = createArchiveMetrics(new Registry(), Date.now);
  const stage = { ...createArchive({ store: to, gather: now, metrics, ...parts }), name };
  const stop = new AbortController();
  const ended = new AbortController();
  const engine = {
    log: on,
    logger: pino({ level: 'silent' }),
    metrics: createTelemetry(() => 0).stage('archive'),
    rejected: recordsRejected,
    dropped: recordsDropped,
    sleep: () => pause(2),
    maxRecords,
  };
  const running = runStage(stage, engine, stop.signal).finally(() => ended.abort());
  running.catch(() => {});
  const deadline = performance.now() + 25_000;
  while (!ended.signal.aborted && !(await isArchived(on, name))) {
    if (performance.now() > deadline) throw new Error('The archive did not come to its end');
    await pause(3);
  }
  stop.abort();
  await running;
}

async function isArchived(on: Log, name = 'archive'): Promise<boolean> {
  const inputs = new Set(
    createArchive({ store, gather: now, metrics: silent }).inputs.map((t) => t.name),
  );
  const committed = await on.committed();
  return (await on.topics())
    .filter((topic) => inputs.has(topic.name))
    .every(({ name: topic, partitions }) =>
      partitions.every(
        ({ partition, end }) =>
          end === 0 ||
          committed.some(
            (at) =>
              at.group === `signpost.${name}` &&
              at.topic === topic &&
              at.partition === partition &&
              at.offset === end,
          ),
      ),
    );
}
const silent = createArchiveMetrics(new Registry(), Date.now);

const placesOf = ({ rows }: ArchiveRead): string[] =>
  rows.map(({ dataset, row }) => `${dataset} ${row.partition}/${row.offset}`).toSorted();

/** Places on the topics, as `placesOf` tells them: each record is to be in one row. */
async function placesOnTopics(): Promise<string[]> {
  const expected: string[] = [];
  for (const [topic, dataset] of [
    [insightsShared, 'insights'],
    [signalsNormalized, 'signals'],
    [recordsDropped, 'dropped'],
  ] as const)
    for (const { partition, offset } of await readAll(log, topic.name))
      expected.push(`${dataset} ${partition}/${offset}`);
  return expected.toSorted();
}

/** The bytes of every object, manifests left out: revisions count how often they were changed. */
const dataOf = (of: MemoryObjects): Map<string, string> =>
  new Map(
    of
      .keys()
      .filter((key) => !key.includes('/_manifest/'))
      .map((key) => [key, Buffer.from(of.read(key)).toString('base64')]),
  );

describe('the archive', () => {
  test('has a row for each record, by dataset and event day, as it was on the topic', async () => {
    await log.append([
      ...insightRecords(40),
      ...Array.from({ length: 9 }, (_, i) =>
        toOutgoing(recordsDropped, droppedRow(0, i).record, { timestamp: someDayMs }),
      ),
    ]);
    await archive();
    const read = await readArchive(store);
    expect(placesOf(read)).toEqual(await placesOnTopics());
    expect(read.unnamed).toEqual([]);
    const onTopic = await readAll(log, insightsShared.name);
    for (const { dataset, day, row } of read.rows) {
      if (dataset !== 'insights') continue;
      const { partition, offset } = row;
      const received = onTopic.find((at) => at.partition === partition && at.offset === offset)!;
      const record = insightCodec.decode(received.value!);
      expect(row).toEqual({
        partition,
        offset,
        timestamp: received.timestamp,
        origin: received.headers[header.origin],
        traceparent: received.headers[header.traceparent],
        replayOf: null,
        erasedAt: null,
        record,
      });
      expect(day).toBe(new Date(record.signal.occurredAt).toISOString().slice(0, 10));
    }
  });

  test('says of each file which offsets it covers, with a checksum of the bytes on the topic', async () => {
    await log.append(insightRecords(30));
    await archive();
    const { manifests } = await readArchive(store);
    const onTopic = await readAll(log, insightsShared.name);
    for (const { day, files } of manifests)
      for (const { key, covers } of files) {
        expect(covers).toHaveLength(1);
        const { topic, partition, from, to, rows, erased, checksum, schema } = covers[0]!;
        const sum = createChecksum();
        const own = onTopic.filter(
          (at) =>
            at.partition === partition &&
            new Date(insightCodec.decode(at.value!).signal.occurredAt)
              .toISOString()
              .startsWith(day),
        );
        for (const { offset, value } of own) sum.add(partition, offset, value!);
        expect({ rows, erased, checksum, schema }).toEqual({
          rows: own.length,
          erased: 0,
          checksum: sum.hex(),
          schema: insightCodec.schemaId,
        });
        expect(key).toContain(
          `/day=${day}/${topic}-${partition}-${String(from).padStart(20, '0')}-`,
        );
        expect(to).toBe(onTopic.findLast((at) => at.partition === partition)!.offset + 1);
      }
  });

  test('makes chunks no larger than it may, and the same whatever was handed out at once', async () => {
    await log.append(insightRecords(200));
    await archive(log, store, { gather: { ...now, records: 20 }, maxRecords: 3 });
    expect(placesOf(await readArchive(store))).toEqual(await placesOnTopics());
    const sizes = store.keys('_chunks/').map((key) => {
      const { to } = JSON.parse(Buffer.from(store.read(key)).toString()) as { to: number };
      return to - Number(/(\d+)\.json$/.exec(key)![1]);
    });
    expect(Math.max(...sizes)).toBe(20);
    const other = createMemoryObjects();
    await archive(log, other, { gather: { ...now, records: 20 }, maxRecords: 500, name: 'other' });
    expect(dataOf(other)).toEqual(dataOf(store));
  });

  test('goes by bytes too', async () => {
    await log.append(insightRecords(50));
    const { length } = insightCodec.encode(insight(0));
    await archive(log, store, { gather: { ...now, bytes: 5 * (length + 2) } });
    expect(placesOf(await readArchive(store))).toEqual(await placesOnTopics());
    expect(store.keys('_chunks/').length).toBeGreaterThanOrEqual(10);
  });

  test('makes a dead letter of what it cannot read, and archives that too', async () => {
    const [broken, ...others] = insightRecords(12);
    await log.append([{ ...broken!, value: Uint8Array.from([0, 0, 0, 0, 1]) }, ...others]);
    await archive();
    const read = await readArchive(store);
    expect(read.rows.filter(({ dataset }) => dataset === 'insights')).toHaveLength(11);
    expect(read.rows.filter(({ dataset }) => dataset === 'rejected')).toMatchObject([
      { row: { record: { stage: 'archive', reason: 'undecodable', topic: insightsShared.name } } },
    ]);
  });

  test('keeps nothing of what an erasure takes, and counts it as erased', async () => {
    await log.append(insightRecords(20));
    const erasedAt = someDayMs + dayMs;
    await archive(log, store, {
      strip: async () => (dataset, row) => {
        const record = row.record as Insight;
        return dataset === 'insights' && record.signal.customer === 'c1'
          ? { ...row, erasedAt, record: { ...record, signal: { ...record.signal, text: null } } }
          : row;
      },
    });
    const read = await readArchive(store);
    expect(placesOf(read)).toEqual(await placesOnTopics());
    const texts = read.rows.map(({ row }) => (row.record as Insight).signal);
    expect(texts.filter(({ text }) => text === null)).toHaveLength(4);
    expect(texts.every(({ text, customer }) => (text === null) === (customer === 'c1'))).toBe(true);
    const covers = read.manifests.flatMap(({ files }) => files.flatMap((file) => file.covers));
    expect(covers.reduce((sum, { erased }) => sum + erased, 0)).toBe(4);
  });
});

describe('done again', () => {
  test('with all of it there, nothing changes', async () => {
    await log.append(insightRecords(60));
    await archive(log, store, { gather: { ...now, records: 8 } });
    const before = new Map(store.keys().map((key) => [key, store.read(key)]));
    await archive(log, store, { name: 'again', gather: { ...now, records: 50 } });
    expect(new Map(store.keys().map((key) => [key, store.read(key)]))).toEqual(before);
  });

  test('with nothing there but what chunks hold, keys and bytes are the same', async () => {
    await log.append(insightRecords(30));
    await archive(log, store, { gather: { ...now, records: 8 } });
    await log.append(insightRecords(30, 30));
    await archive(log, store, { gather: { ...now, records: 8 } });
    const again = createMemoryObjects();
    for (const key of store.keys('_chunks/')) again.write(key, store.read(key));
    await archive(log, again, { name: 'again' });
    expect(dataOf(again)).toEqual(dataOf(store));
    expect(placesOf(await readArchive(again))).toEqual(await placesOnTopics());
  });

  test('from the middle of a chunk, what is missing of the chunk is written, and no more', async () => {
    await log.append(insightRecords(40));
    await archive(log, store, { gather: { ...now, records: 10 } });
    const expected = dataOf(store);
    const gone = store.keys('insights/').filter((key) => key.includes('day=2026-11-21'));
    await store.delete(gone);
    // The group stands behind the first record of each partition, as an operator may have set it.
    const ends = new Map(
      (await log.topics()).flatMap(({ name, partitions }) =>
        partitions.map(({ partition, end }) => [`${name}/${partition}`, end] as const),
      ),
    );
    const startAt = async (topic: string, partition: number): Promise<number> =>
      Math.min(1, ends.get(`${topic}/${partition}`)!);
    const ahead: Log = {
      ...log,
      subscribe: (options) => log.subscribe({ ...options, startAt }),
    };
    await archive(ahead, store, { name: 'again', gather: { ...now, records: 10 } });
    expect(dataOf(store)).toEqual(expected);
    expect(placesOf(await readArchive(store))).toEqual(await placesOnTopics());
  });

  test('where a chunk is longer than what is handed out or shorter, its end is where it was', async () => {
    await log.append(insightRecords(100));
    await archive(log, store, { gather: { ...now, records: 12 } });
    const again = createMemoryObjects();
    for (const key of store.keys('_chunks/')) again.write(key, store.read(key));
    await archive(log, again, { name: 'longer', gather: { ...now, records: 3 }, maxRecords: 50 });
    expect(dataOf(again)).toEqual(dataOf(store));
  });
});

describe('exactly once', () => {
  test('holds wherever the log stops it', async () => {
    await log.append(insightRecords(24));
    await log.close();
    await crashEverywhere(
      () => openEmbeddedLog({ directory }),
      { random: seeded(5), redeliver: 0.2, rebalance: 0.1 },
      (on) => archive(on, store, { gather: { ...now, records: 5 } }),
    );
    log = await openEmbeddedLog({ directory });
    expect(placesOf(await readArchive(store))).toEqual(await placesOnTopics());
  });

  test('holds wherever it is killed between two steps of the store, and all bytes are the same then', async () => {
    await log.append(insightRecords(24));
    const whole = createMemoryObjects();
    const gather = { ...now, records: 5 };
    await archive(log, whole, { name: 'whole', gather });
    let crashes = 0;
    for (let isThrough = false; !isThrough; crashes += 1) {
      const left = store.another();
      let steps = 0;
      const step = (): void => {
        steps += 1;
        if (steps > crashes) throw new Crash('Killed');
      };
      left.before(step);
      left.after(step);
      isThrough = await archive(log, left, { gather }).then(
        () => true,
        (error: unknown) => {
          if (error instanceof Crash) return false;
          throw error;
        },
      );
      await readArchive(store, false);
    }
    expect(crashes).toBeGreaterThan(20);
    const read = await readArchive(store);
    expect(placesOf(read)).toEqual(await placesOnTopics());
    expect(read.unnamed).toEqual([]);
    expect(dataOf(store)).toEqual(dataOf(whole));
  });

  test('holds for two owners at once, neither of whom knows of the other', async () => {
    await log.append(insightRecords(120));
    const random = seeded(11);
    const slow = (): MemoryObjects => {
      const own = store.another();
      own.before(() => pause(random() * 3));
      return own;
    };
    await Promise.all([
      archive(log, slow(), { name: 'one', gather: { ...now, records: 9 } }),
      archive(log, slow(), { name: 'two', gather: { ...now, records: 13 } }),
    ]);
    const read = await readArchive(store);
    expect(placesOf(read)).toEqual(await placesOnTopics());
    expect(read.unnamed).toEqual([]);
  });

  test('holds while the store is away, and when answers are lost', async () => {
    await log.append(insightRecords(60));
    const random = seeded(7);
    const poor = store.another();
    const perhaps = (): void => {
      if (random() < 0.15) throw objectsAway();
    };
    poor.before(perhaps);
    poor.after(perhaps);
    await archive(log, poor, { gather: { ...now, records: 9 } });
    expect(placesOf(await readArchive(store))).toEqual(await placesOnTopics());
  });
});

describe('a topic that is not the one that is archived', () => {
  test('is refused with what to do, while others go on', async () => {
    await log.append(insightRecords(10));
    await archive();
    const before = dataOf(store);
    const other = mkdtempSync(join(tmpdir(), 'signpost-archive-'));
    const anew = await openEmbeddedLog({ directory: other });
    try {
      await anew.ensureTopics(fixedTopics);
      await anew.append([
        ...insightRecords(10, 500),
        toOutgoing(signalsNormalized, signalOf(), { timestamp: someDayMs }),
      ]);
      const failures: SignpostError[] = [];
      const watching = createArchive({ store, gather: now, metrics: silent });
      const stage = {
        ...watching,
        deliver: (...args: Parameters<typeof watching.deliver>) =>
          watching.deliver(...args).catch((error: unknown) => {
            if (error instanceof SignpostError) failures.push(error);
            throw error;
          }),
      };
      const stop = new AbortController();
      const running = runStage(
        stage,
        {
          log: anew,
          logger: pino({ level: 'silent' }),
          metrics: createTelemetry(() => 0).stage('archive'),
          rejected: recordsRejected,
          dropped: recordsDropped,
          sleep: () => pause(2),
        },
        stop.signal,
      );
      while (failures.length < 8) await pause(3);
      stop.abort();
      await running;
      expect(failures[0]).toMatchObject({ code: 'archive-other-topic' });
      expect(failures[0]!.message).toContain('insights.shared.v1');
      expect(failures[0]!.hint).toContain('archive.url');
      const read = await readArchive(store);
      expect(read.rows.filter(({ dataset }) => dataset === 'signals')).toHaveLength(1);
      const after = dataOf(store);
      for (const [key, bytes] of before) expect(after.get(key)).toBe(bytes);
      expect([...after.keys()].filter((key) => key.includes('insights/'))).toEqual(
        [...before.keys()].filter((key) => key.includes('insights/')),
      );
    } finally {
      await anew.close();
      rmSync(other, { recursive: true, force: true });
    }
  });

  test('is refused where it ends before what is archived', async () => {
    await log.append(insightRecords(40));
    await archive();
    const shorter: Log = {
      ...log,
      async read(topic, partition, offset, limits) {
        const page = await log.read(topic, partition, offset, limits);
        const records = page.records.filter((record) => record.offset < 5);
        return { ...page, records, nextOffset: Math.max(offset, Math.min(5, page.nextOffset)) };
      },
    };
    const watching = createArchive({ store, gather: now, metrics: silent });
    const topic = watching.inputs.find(({ name }) => name === insightsShared.name);
    const { partition } = (await readAll(log, insightsShared.name))[0]!;
    const { records, nextOffset } = await log.read(insightsShared.name, partition, 0, {
      maxRecords: 3,
    });
    const batch = { topic: insightsShared.name, partition, records, nextOffset } as never;
    const stretch = stretchOf(topic!, batch, shorter, () => true);
    await expect(watching.deliver(stretch, new AbortController().signal)).rejects.toMatchObject({
      code: 'archive-other-topic',
    });
  });
});
