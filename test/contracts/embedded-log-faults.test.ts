// The embedded log when something breaks under it: nobody waits for ever, and the reason is told.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Claims } from '../../services/core/log/embedded/claims.ts';
import { createLogDirectory, openForWriting } from '../../services/core/log/embedded/log-file.ts';
import { openEmbeddedLog } from '../../services/core/log/embedded/open.ts';
import type { EmbeddedLog } from '../../services/core/log/embedded/open.ts';
import type { PartitionTable } from '../../services/core/log/embedded/partition-table.ts';
import { prepareQueries } from '../../services/core/log/embedded/queries.ts';
import { createRetention } from '../../services/core/log/embedded/retention.ts';
import { createWriteQueue } from '../../services/core/log/embedded/write-queue.ts';
import { nextBatch, numbered } from './log.contract.ts';

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

let directory: string;
const opened: EmbeddedLog[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-faults-'));
});
afterEach(async () => {
  await Promise.allSettled(opened.splice(0).map((log) => log.close()));
  rmSync(directory, { recursive: true, force: true });
});

async function open(): Promise<EmbeddedLog> {
  const log = await openEmbeddedLog({ directory });
  opened.push(log);
  await log.ensureTopics([{ name: 'a', partitions: 1, retentionMs: YEAR_MS }]);
  return log;
}

/** No client asks so: the thread's own code trips over it, as over a bug. */
function breakThread(log: EmbeddedLog): void {
  log.connect().postMessage(null);
}

describe("when the log's thread ends unasked", () => {
  const ended = {
    code: 'log-closed',
    message: expect.stringContaining('ended unexpectedly: Cannot destructure'),
    cause: expect.any(Error),
  };

  it('refuses what is pending and what follows, with the cause, and closes at once', async () => {
    const log = await open();
    const subscription = await log.subscribe({ group: 'g', topics: ['a'] });
    const pending = subscription.next(AbortSignal.timeout(5_000));
    breakThread(log);
    await expect(pending).rejects.toMatchObject(ended);
    await expect(log.failed).rejects.toMatchObject(ended);
    await expect(log.append(numbered('a', 1))).rejects.toMatchObject(ended);
    expect(() => log.connect()).toThrowError(expect.objectContaining({ code: 'log-closed' }));
    await log.close();
  });

  it('does not keep waiting a close that meets it on the way', async () => {
    const log = await open();
    breakThread(log);
    // Whichever comes first: it closed properly, or it says why it did not.
    const outcome = await log.close().then(
      () => 'closed',
      (error: Error) => error.message,
    );
    expect(outcome).toMatch(/^closed$|Cannot destructure/);
  });

  it('has kept what was acknowledged, and the next one opens it', async () => {
    const log = await open();
    await log.append(numbered('a', 3));
    breakThread(log);
    await log.failed.catch(() => undefined);
    await log.close();
    expect((await (await open()).topics())[0]?.partitions[0]?.end).toBe(3);
  });
});

it('retention outlives a read that fails, and goes on at the next interval', async () => {
  createLogDirectory(directory);
  const db = openForWriting(directory);
  const real = prepareQueries(db);
  let asked = 0;
  const retention = createRetention({
    db,
    queries: {
      ...real,
      topic() {
        asked += 1;
        throw Object.assign(new Error('disk I/O error'), { errcode: 10 });
      },
    },
    table: {
      all: () => [{ id: 1, topic: 'a', partition: 0, start: 0, end: 1, bytes: 1 }],
    } as unknown as PartitionTable,
    queue: createWriteQueue(db, () => undefined),
    claims: {} as Claims,
    now: Date.now,
    openPosition: () => undefined,
  });
  retention.run();
  retention.run();
  expect(asked).toBe(2);
  db.close();
});

it('a batch that cannot be read is given back, and refused again to whoever asks', async () => {
  const log = await open();
  await log.append(numbered('a', 3));
  await log.close();
  const db = new DatabaseSync(join(directory, 'log', 'log.sqlite'));
  const whole = db.prepare('SELECT payload FROM batches').get()?.['payload'] as Uint8Array;
  const damaged = Uint8Array.from(whole);
  damaged.fill(0xff, 40, 42);
  const put = db.prepare('UPDATE batches SET payload = ?');
  put.run(damaged);
  const again = await open();
  const subscription = await again.subscribe({ group: 'g', topics: ['a'] });
  const refusal = { code: 'log-corrupt' };
  await expect(subscription.next(AbortSignal.timeout(5_000))).rejects.toMatchObject(refusal);
  await expect(subscription.next(AbortSignal.timeout(5_000))).rejects.toMatchObject(refusal);
  put.run(whole);
  db.close();
  expect((await nextBatch(subscription)).records).toHaveLength(3);
});

it('a second answer where to start does not send the member back to what it has committed', async () => {
  const log = await open();
  await log.append(numbered('a', 3));
  const second = Promise.withResolvers<number>();
  let asked = 0;
  const subscription = await log.subscribe({
    group: 'g',
    topics: ['a'],
    startAt: async () => ((asked += 1) === 1 ? 0 : second.promise),
  });
  const both = [nextBatch(subscription), nextBatch(subscription)];
  const batch = await Promise.race(both);
  expect([asked, batch.records.length]).toEqual([2, 3]);
  await batch.commit([]);
  second.resolve(0);
  await log.append(numbered('a', 1, 3));
  const offsets = (await Promise.all(both)).map(({ records }) => records[0]?.offset);
  expect(offsets).toEqual([0, 3]);
});
