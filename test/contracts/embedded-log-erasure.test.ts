// What is deleted from an embedded log is in none of its files any more: raw bytes are looked for, as whoever steals the disk would.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEmbeddedLog, type EmbeddedLog } from '../../services/core/log/embedded/open.ts';
import { nextBatch } from './log.contract.ts';

const yearMs = 365 * 86_400_000;
const canary = 'KANARIENVOGEL';

let directory: string;
let log: EmbeddedLog;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-erasure-'));
  log = await openEmbeddedLog({ directory, retentionIntervalMs: yearMs / 1000 });
});
afterEach(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Files that hold these bytes. */
function filesWith(text: string): string[] {
  return readdirSync(join(directory, 'log')).filter((name) =>
    readFileSync(join(directory, 'log', name)).includes(text),
  );
}

const said = (text: string, timestamp: number, key = 'k') => ({
  topic: 'a',
  key,
  value: Buffer.from(`${text} ${canary.length}`),
  headers: { ce_id: text },
  timestamp,
});

it('records past their retention leave no bytes behind once they are forgotten, and the others stay', async () => {
  await log.ensureTopics([{ name: 'a', partitions: 1, retentionMs: 86_400_000 }]);
  const old = Date.now() - 2 * 86_400_000;
  for (let batch = 0; batch < 30; batch += 1)
    await log.append(
      Array.from({ length: 40 }, (_, i) => said(`${canary} ${batch} ${i}`.repeat(10), old)),
    );
  await log.append([said('stays', Date.now())]);
  expect(filesWith(canary)).not.toEqual([]);
  await log.forget();
  expect(filesWith(canary)).toEqual([]);
  const { records } = await log.read('a', 0, 0);
  expect(records.map(({ headers }) => headers['ce_id'])).toEqual(['stays']);
});

async function claimed(id: string, entity: string, text: string, at = 0): Promise<void> {
  await log.append([said(id, Date.now(), entity)]);
  const subscription = await log.subscribe({ group: 'g', topics: ['a'] });
  const batch = await nextBatch(subscription);
  const offset = batch.records[at]!.offset;
  await batch.claim([{ id, content: 'c', offset, entity, payload: Buffer.from(text) }]);
  await batch.commit([]);
  await subscription.close();
}

async function historyOf(entity: string): Promise<string[]> {
  await log.append([said('asks', Date.now(), entity)]);
  const subscription = await log.subscribe({ group: 'g', topics: ['a'] });
  const batch = await nextBatch(subscription);
  const { offset } = batch.records[0]!;
  const claim = { id: `asks ${offset}`, content: 'c', offset, entity };
  const [outcome] = await batch.claim([claim]);
  await batch.commit([]);
  await subscription.close();
  return outcome!.history.map((payload) => Buffer.from(payload).toString());
}

it('payloads of an entity are changed wherever they are kept, and what they were is in no file', async () => {
  await log.ensureTopics([{ name: 'a', partitions: 1, retentionMs: yearMs }]);
  await claimed('1', 'ticket/desk/T-1', `first ${canary}`);
  await claimed('2', 'ticket/desk/T-2', 'another one');
  // In a run by now, and the next in the journal.
  await log.close();
  log = await openEmbeddedLog({ directory });
  await claimed('3', 'ticket/desk/T-1', `second ${canary}`);
  const changed = await log.rewriteEntities(
    ['ticket/desk/T-1', 'ticket/desk/T-2', 'ticket/desk/unknown'],
    (payload) => {
      const text = Buffer.from(payload).toString();
      return text.includes(canary) ? Buffer.from(text.replace(canary, 'x')) : payload;
    },
  );
  expect(changed).toBe(2);
  await log.forget();
  expect(filesWith(canary)).toEqual([]);
  expect(await historyOf('ticket/desk/T-1')).toEqual(['first x', 'second x']);
  expect(await historyOf('ticket/desk/T-2')).toEqual(['another one']);
  await log.close();
  log = await openEmbeddedLog({ directory });
  expect(await historyOf('ticket/desk/T-1')).toEqual(['first x', 'second x']);
});

it('payloads in several runs are changed in all of them', async () => {
  await log.ensureTopics([{ name: 'a', partitions: 1, retentionMs: yearMs }]);
  const strip = (payload: Uint8Array): Uint8Array => {
    const text = Buffer.from(payload).toString();
    return text.includes(canary) ? Buffer.from(text.replace(canary, 'a longer text')) : payload;
  };
  // Each change of another entity moves what is fresh to a run of its own.
  await claimed('1', 'T-1', `first ${canary}`);
  await claimed('o', 'T-o', `other ${canary}`);
  expect(await log.rewriteEntities(['T-o'], strip)).toBe(1);
  await claimed('2', 'T-1', `second ${canary}`);
  await claimed('p', 'T-p', `other ${canary}`);
  expect(await log.rewriteEntities(['T-p'], strip)).toBe(1);
  expect(await log.rewriteEntities(['T-1'], strip)).toBe(2);
  expect(await log.rewriteEntities(['T-1'], strip)).toBe(0);
  await log.forget();
  expect(filesWith(canary)).toEqual([]);
  expect(await historyOf('T-1')).toEqual(['first a longer text', 'second a longer text']);
});
