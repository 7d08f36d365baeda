// Topics that were lost come back as they were, each record once whatever cuts it off, and are told from those made anew; what
// was not lost is written to a topic of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEmbeddedLog, type EmbeddedLog } from '#core/log/embedded/open.ts';
import type { ReceivedRecord } from '#core/log/port.ts';
import { header, toOutgoing } from '#core/topic.ts';
import type { Insight } from '#schemas/insight.ts';
import { insights, revisions } from '../../services/archive/datasets.ts';
import {
  archivedName,
  beginGeneration,
  generationOf,
  readGeneration,
} from '../../services/archive/generations.ts';
import { newErasure, registerErasure } from '../../services/archive/erasures.ts';
import { readRows } from '../../services/archive/read-rows.ts';
import { fillFreshTopic, freshName } from '../../services/cli/archive/replay/fresh-topic.ts';
import { restorable, restoreTopics } from '../../services/cli/archive/replay/restore.ts';
import { planCompaction } from '../../services/archive/plan-compaction.ts';
import { readManifest } from '../../services/archive/manifest.ts';
import { insightsRevised, insightsShared } from '../../services/topology.ts';
import { createFiller } from '../support/archive-fill.ts';
import { jsonFiles } from '../support/json-files.ts';
import { createMemoryObjects } from '../support/memory-objects.ts';
import { insightOf, signalOf } from '../support/planner-records.ts';

const now = Date.UTC(2026, 10, 29);
const dayMs = 86_400_000;
const everything = { from: null, to: null };

let directory: string;
let log: EmbeddedLog;
let access: { store: ReturnType<typeof createMemoryObjects>; format: ReturnType<typeof jsonFiles> };

async function open(): Promise<void> {
  directory = mkdtempSync(join(tmpdir(), 'signpost-restore-'));
  log = await openEmbeddedLog({ directory });
  await log.ensureTopics([insightsShared, insightsRevised]);
}
async function lose(): Promise<void> {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
  await open();
}
beforeEach(async () => {
  await open();
  access = { store: createMemoryObjects(), format: jsonFiles() };
});
afterEach(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Of ten tickets in turn; said over days in no order, one in ten long ago. */
function insight(n: number, model = 'm1'): Insight {
  const sourceId = `T-${n % 10}`;
  const occurredAt = now - ((n * 7) % 20) * dayMs;
  return insightOf(
    signalOf({ id: `desk/${sourceId}/${n}`, sourceId, revision: n, occurredAt, text: `said ${n}` }),
    { model },
  );
}

async function say(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n += 1) {
    const timestamp = n % 10 === 9 ? now - 31 * dayMs : now - dayMs;
    const said = toOutgoing(insightsShared, insight(n), { timestamp, traceparent: `00-${n}` });
    const origin = `tickets.reported.v1/${n % 4}/${n}`;
    const headers = { ...said.headers, [header.origin]: origin };
    const again = toOutgoing(insightsRevised, insight(n, 'm2'), { timestamp });
    await log.append([
      { ...said, headers },
      { ...again, headers: { ...again.headers, [header.origin]: origin } },
    ]);
  }
}

async function archive(): Promise<void> {
  const filler = createFiller(log, access);
  await filler.fill(insights as never);
  await filler.fill(revisions as never);
}

async function recordsOn(topic: string): Promise<readonly ReceivedRecord[]> {
  const all: ReceivedRecord[] = [];
  const status = (await log.topics()).find(({ name }) => name === topic);
  for (const { partition, start } of status?.partitions ?? [])
    for (let at = start; ;) {
      const { records, nextOffset } = await log.read(topic, partition, at);
      if (nextOffset <= at) break;
      all.push(...records);
      at = nextOffset;
    }
  return all;
}

const parts = (append = log.append.bind(log)) => ({
  log: {
    append,
    topics: () => log.topics(),
    read: log.read.bind(log),
    checkpoint: (key: string) => log.checkpoint(key),
    ensureTopics: log.ensureTopics.bind(log),
  },
  keptMs: () => 30 * dayMs,
  access,
  pace: { after: () => Promise.resolve() },
  dryRun: false,
  now: () => now,
  onProgress: () => {},
  signal: new AbortController().signal,
});

it('each record is back with its key, time and headers, in its order, and is told from one of today', async () => {
  await say(0, 60);
  await archive();
  const before = await recordsOn(insightsShared.name);
  expect(await restorable(log, access.store)).toEqual([]);
  await lose();
  const lost = await restorable(log, access.store);
  expect(lost.map(({ dataset }) => dataset.name)).toEqual(['insights', 'revisions']);
  const [first] = await restoreTopics(lost, parts());
  expect(first).toMatchObject({ records: 54, expired: 6, there: 0 });
  const expected = before
    .filter(({ timestamp }) => timestamp > now - 30 * dayMs)
    .map(({ headers, ...rest }) => ({
      ...rest,
      offset: 0,
      headers: {
        ...headers,
        [header.origin]: headers[header.origin]!.replace('.v1/', '.v1(1)/'),
        [header.carried]: 'archive',
      },
    }));
  const after = await recordsOn(insightsShared.name);
  expect(after.map((record) => ({ ...record, offset: 0 }))).toEqual(expected);
  expect(await restorable(log, access.store)).toEqual([]);
  expect((await readGeneration(access.store, insightsShared.name)).generation).toBe(2);
});

it('cut off after any append it goes on without a record lost or doubled', async () => {
  await say(0, 40);
  await archive();
  await lose();
  let left = 0;
  for (;;) {
    const topics = await restorable(log, access.store);
    if (topics.length === 0) break;
    left += 1;
    let appends = 0;
    const append: typeof log.append = async (records, options) => {
      appends += 1;
      if (appends > left) throw new Error('killed before it was written');
      const positions = await log.append(records, options);
      if (appends === left && left % 2 === 0) throw new Error('killed behind it');
      return positions;
    };
    await restoreTopics(topics, parts(append)).catch(() => undefined);
  }
  expect(left).toBeGreaterThan(2);
  const ids = (await recordsOn(insightsShared.name)).map(({ headers }) => headers['ce_id']);
  expect(ids).toHaveLength(36);
  expect(new Set(ids).size).toBe(36);
  expect(await recordsOn(insightsRevised.name)).toHaveLength(36);
});

it('what was said again since is not brought back beside it', async () => {
  await say(0, 20);
  await archive();
  await lose();
  await log.append([toOutgoing(insightsShared, insight(3), { timestamp: now })]);
  const lost = await restorable(log, access.store);
  const [first] = await restoreTopics(lost, parts());
  expect(first).toMatchObject({ there: 1 });
  const ids = (await recordsOn(insightsShared.name)).map(({ headers }) => headers['ce_id']);
  expect(new Set(ids).size).toBe(ids.length);
});

it('a topic made anew is archived beside what was there, and rows of both are read', async () => {
  await say(0, 20);
  await archive();
  await beginGeneration(access.store, insightsShared.name, 1, now);
  await lose();
  await say(20, 40);
  const later = createFiller(log, access, 7, (topic) => archivedName(topic, 2));
  await later.fill(insights as never);
  const places: string[] = [];
  for await (const { topic, rows, day } of readRows(access, insights)) {
    for (const { partition, offset } of rows) places.push(`${day} ${topic} ${partition} ${offset}`);
    const { manifest } = await readManifest(access.store, insights, day);
    const plan = planCompaction(manifest, { now: now + 400 * dayMs, changedAt: now });
    expect(
      new Set(plan?.flatMap(({ covers }) => covers.map((one) => one.topic))).size,
    ).toBeLessThan(2);
  }
  expect(new Set(places).size).toBe(40);
  expect(places.filter((place) => place.includes('(2)'))).toHaveLength(20);
});

it('two who find a topic made anew begin one generation', async () => {
  const begun = await Promise.all([
    beginGeneration(access.store, 't', 1, now),
    beginGeneration(access.store.another(), 't', 1, now),
  ]);
  expect(begun).toEqual([2, 2]);
  expect(generationOf(archivedName('t', 2))).toEqual({ topic: 't', generation: 2 });
  expect(generationOf('t')).toEqual({ topic: 't', generation: 1 });
});

it('by another model all are on a topic of their own, once', async () => {
  await say(0, 30);
  await archive();
  const judge = (one: Insight): Insight => ({ ...one, model: 'm3' });
  const job = { ...parts(), span: everything, name: freshName('m3', everything), judge };
  let appends = 0;
  const dying: typeof log.append = (records, options) => {
    appends += 1;
    return appends > 2 ? Promise.reject(new Error('killed')) : log.append(records, options);
  };
  await expect(fillFreshTopic({ ...job, log: { ...job.log, append: dying } })).rejects.toThrow(
    'killed',
  );
  const done = await fillFreshTopic(job);
  expect(done.topic).toBe('insights-replayed.m3.v1');
  const records = await recordsOn(done.topic);
  const models = records.map(({ value }) => insightsShared.codec.decode(value!).model);
  expect(models).toEqual(Array.from({ length: 30 }, () => 'm3'));
  expect(new Set(records.map(({ headers }) => headers['ce_id'])).size).toBe(30);
  expect(records.every(({ timestamp }) => timestamp === now)).toBe(true);
  await expect(fillFreshTopic(job)).rejects.toMatchObject({ code: 'already-replayed' });
});

it.each([
  [
    'a topic of its own',
    async () => {
      const job = { ...parts(), span: everything, name: freshName(null, everything) };
      return (await fillFreshTopic(job)).topic;
    },
  ],
  [
    'a topic that was lost',
    async () => {
      await lose();
      await restoreTopics(await restorable(log, access.store), parts());
      return insightsShared.name;
    },
  ],
])('who is erased by then has no words on %s', async (_name, replay) => {
  const customer = 'k1:gone';
  for (let n = 0; n < 20; n += 1)
    await log.append([
      toOutgoing(
        insightsShared,
        insightOf(
          signalOf({
            id: `forum/P-${n}`,
            sourceId: `P-${n}`,
            customer,
            receivedAt: now - dayMs,
            text: `canary ${n}`,
          }),
        ),
        { timestamp: now - dayMs },
      ),
    ]);
  await archive();
  // The files are as they were: no pass was made yet.
  await registerErasure(access.store, newErasure([customer], { now, deadlineMs: 30 * dayMs }));
  const replayed = (await recordsOn(await replay())).map(({ value }) =>
    insightsShared.codec.decode(value!),
  );
  expect(replayed).toHaveLength(20);
  expect(replayed.filter(({ signal: { text } }) => text !== null)).toEqual([]);
  expect(new Set(replayed.map(({ signal }) => signal.customer))).not.toContain(customer);
});
