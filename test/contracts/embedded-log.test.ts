// The embedded log keeps the contract of a log, and what it promises beyond: one writer, many readers, crash, retention.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectEmbeddedLog } from '../../services/core/log/embedded/client.ts';
import { openEmbeddedLog } from '../../services/core/log/embedded/open.ts';
import type { EmbeddedLog, EmbeddedLogOptions } from '../../services/core/log/embedded/open.ts';
import { openEmbeddedLogReader } from '../../services/core/log/embedded/reader.ts';
import { logContract, nextBatch, numbered, readAll, record, text } from './log.contract.ts';

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

logContract('the embedded log', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'signpost-log-'));
  const log = await openEmbeddedLog({ directory });
  return {
    log,
    connect: async () => connectEmbeddedLog(log.connect()),
    async dispose() {
      await log.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
});

describe('the embedded log', () => {
  let directory: string;
  const opened: { close(): Promise<void> }[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'signpost-log-'));
  });
  afterEach(async () => {
    await Promise.allSettled(opened.splice(0).map((log) => log.close()));
    rmSync(directory, { recursive: true, force: true });
  });

  async function open(options: Partial<EmbeddedLogOptions> = {}): Promise<EmbeddedLog> {
    const log = await openEmbeddedLog({ directory, ...options });
    opened.push(log);
    await log.ensureTopics([
      { name: 'a', partitions: 1, retentionMs: YEAR_MS },
      { name: 'b', partitions: 4, retentionMs: YEAR_MS },
    ]);
    return log;
  }

  it('keeps records, offsets, claims and checkpoints over a restart', async () => {
    const first = await open();
    await first.append(numbered('a', 10), { checkpoints: { at: '10' } });
    const subscription = await first.subscribe({ group: 'g', topics: ['a'], maxRecords: 4 });
    const batch = await nextBatch(subscription);
    const claimed = [
      { id: 'x', content: 'c', offset: 0, entity: 'T', payload: Uint8Array.from([1]) },
    ];
    await batch.claim(claimed);
    await batch.commit([]);
    await first.close();

    const second = await open();
    expect((await readAll(second, 'a')).map(text)).toHaveLength(10);
    expect(await second.checkpoint('at')).toBe('10');
    const again = await second.subscribe({ group: 'g', topics: ['a'] });
    const rest = await nextBatch(again);
    expect(rest.records[0]?.offset).toBe(4);
    const [outcome] = await rest.claim([
      { id: 'x', content: 'd', offset: 4, entity: 'T', payload: Uint8Array.from([2]) },
    ]);
    expect(outcome).toMatchObject({ owner: { offset: 0 }, ownerContent: 'c' });
    expect(outcome?.history).toEqual([Uint8Array.from([1])]);
  });

  describe('a second writer', () => {
    it('is refused with the pid and the time of the first, in the same process', async () => {
      await open();
      await expect(openEmbeddedLog({ directory })).rejects.toMatchObject({
        code: 'log-in-use',
        message: expect.stringMatching(/in use by this very process since \d{4}-/),
      });
      // The refused one must not have taken the first one's lock with it.
      expect(openElsewhere(directory)).toContain('log-in-use');
    });

    it('is refused in another process, and welcome once the first is gone', async () => {
      const log = await open();
      expect(openElsewhere(directory)).toMatch(
        new RegExp(`log-in-use .*pid ${process.pid}, since \\d{4}-`),
      );
      await log.close();
      expect(openElsewhere(directory)).toBe('opened');
    });
  });

  describe('a reader', () => {
    it('sees what is acknowledged while the writer writes, and after it closed', async () => {
      const log = await open();
      await log.append(numbered('a', 3));
      const reader = await openEmbeddedLogReader({ directory });
      opened.push(reader);
      expect((await readAll(reader, 'a')).map(text)).toEqual(['0', '1', '2']);
      await log.append(numbered('a', 2, 3), { checkpoints: { at: '5' } });
      expect(await reader.read('a', 0, 3)).toMatchObject({ nextOffset: 5, endOffset: 5 });
      expect(await reader.checkpoint('at')).toBe('5');
      await log.close();
      expect((await readAll(reader, 'a')).map(text)).toEqual(['0', '1', '2', '3', '4']);
    });

    it('follows a writer that comes after it', async () => {
      await (await open()).close();
      const reader = await openEmbeddedLogReader({ directory });
      opened.push(reader);
      const log = await open();
      await log.append(numbered('a', 3));
      expect(await reader.read('a', 0, 0)).toMatchObject({ endOffset: 3 });
    });

    it('works on a directory that it cannot write to', async () => {
      const log = await open();
      await log.append(numbered('a', 3));
      await log.close();
      chmodSync(join(directory, 'log'), 0o555);
      try {
        const reader = await openEmbeddedLogReader({ directory });
        expect((await readAll(reader, 'a')).map(text)).toEqual(['0', '1', '2']);
        await reader.close();
      } finally {
        chmodSync(join(directory, 'log'), 0o755);
      }
    });

    it('creates nothing where there is no log', async () => {
      const missing = join(directory, 'none');
      await expect(openEmbeddedLogReader({ directory: missing })).rejects.toMatchObject({
        code: 'no-log',
        hint: expect.stringContaining('--data'),
      });
      await expect(openEmbeddedLogReader({ directory })).rejects.toMatchObject({ code: 'no-log' });
      expect(existsSync(missing)).toBe(false);
      expect(readdirSync(directory)).toEqual([]);
    });
  });

  it.skipIf(process.platform === 'win32')(
    'makes directories and files that its owner alone can read, and leaves those that are there as they are',
    async () => {
      const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
      const data = join(directory, 'above', 'data');
      const log = await openEmbeddedLog({ directory: data });
      opened.push(log);
      await log.ensureTopics([{ name: 'a', partitions: 1, retentionMs: YEAR_MS }]);
      await log.append(numbered('a', 1));
      expect(mode(join(directory, 'above'))).toBe((0o777 & ~process.umask()).toString(8));
      expect([mode(data), mode(join(data, 'log'))]).toEqual(['700', '700']);
      const files = readdirSync(join(data, 'log'));
      expect(files).toEqual(
        expect.arrayContaining([
          'log.sqlite',
          'log.sqlite-shm',
          'log.sqlite-wal',
          'writer.json',
          'writer.lock',
        ]),
      );
      expect(new Set(files.map((name) => mode(join(data, 'log', name))))).toEqual(new Set(['600']));
      await log.close();
      chmodSync(data, 0o755);
      chmodSync(join(data, 'log'), 0o750);
      chmodSync(join(data, 'log', 'log.sqlite'), 0o640);
      const again = await openEmbeddedLog({ directory: data });
      opened.push(again);
      expect([data, join(data, 'log'), join(data, 'log', 'log.sqlite')].map(mode)).toEqual([
        '755',
        '750',
        '640',
      ]);
    },
  );

  it('refuses a newer format, a foreign file and a damaged one in words', async () => {
    await (await open()).close();
    const file = join(directory, 'log', 'log.sqlite');
    alter(file, 'PRAGMA user_version = 99');
    await expect(openEmbeddedLog({ directory })).rejects.toMatchObject({ code: 'newer-format' });
    await expect(openEmbeddedLogReader({ directory })).rejects.toMatchObject({
      code: 'newer-format',
    });
    alter(file, 'PRAGMA user_version = 1; PRAGMA application_id = 1');
    await expect(openEmbeddedLog({ directory })).rejects.toMatchObject({ code: 'not-a-log' });
    writeFileSync(file, 'this is not a database, however long it may be '.repeat(100));
    await expect(openEmbeddedLog({ directory })).rejects.toMatchObject({ code: 'log-corrupt' });
  });

  it('notices damaged records instead of delivering them', async () => {
    const log = await open();
    await log.append(numbered('a', 3));
    await log.close();
    alter(
      join(directory, 'log', 'log.sqlite'),
      "UPDATE batches SET payload = CAST(substr(payload, 1, 40) || x'ffff' || substr(payload, 43) AS BLOB)",
    );
    const reader = await openEmbeddedLogReader({ directory });
    opened.push(reader);
    await expect(reader.read('a', 0, 0)).rejects.toMatchObject({ code: 'log-corrupt' });
  });

  it('takes partitions from a member that is not heard of, fences it, and takes it back', async () => {
    const log = await open({ sessionTimeoutMs: 60 });
    await log.append(numbered('a', 3));
    const silent = await log.subscribe({ group: 'g', topics: ['a'] });
    const batch = await nextBatch(silent);
    const eager = await log.subscribe({ group: 'g', topics: ['a'] });
    const taken = await nextBatch(eager);
    expect(taken.records).toEqual(batch.records);
    await expect(batch.commit([record('b', 'k', 'x')])).rejects.toMatchObject({ code: 'fenced' });
    await expect(batch.claim([])).rejects.toMatchObject({ code: 'fenced' });
    await taken.commit([]);
    await eager.close();
    await log.append(numbered('a', 1, 3));
    expect((await nextBatch(silent)).records.map(text)).toEqual(['3']);
  });

  it('lets a batch that is out finish before its partition moves to a member that joins', async () => {
    const log = await open();
    await log.append(numbered('b', 400));
    const first = await log.subscribe({ group: 'g', topics: ['b'], maxRecords: 10 });
    const out = [];
    for (let i = 0; i < 4; i += 1) out.push(await nextBatch(first));
    const second = await log.subscribe({ group: 'g', topics: ['b'], maxRecords: 10 });
    const waiting = second.next(AbortSignal.timeout(5_000));
    for (const batch of out) await batch.commit([]);
    const moved = await waiting;
    expect(moved?.records[0]?.offset).toBe(10);
    expect(out.find(({ partition }) => partition === moved?.partition)).toBeDefined();
  });

  it('gives up the partitions of a client whose port closes', async () => {
    const log = await open();
    await log.append(numbered('a', 3));
    const other = connectEmbeddedLog(log.connect());
    await nextBatch(await other.subscribe({ group: 'g', topics: ['a'] }));
    await other.close();
    const heir = await log.subscribe({ group: 'g', topics: ['a'] });
    expect((await nextBatch(heir)).records).toHaveLength(3);
  });

  it('refuses what is asked after it closed', async () => {
    const log = await open();
    const other = connectEmbeddedLog(log.connect());
    const waiting = (await other.subscribe({ group: 'g', topics: ['a'] })).next(
      AbortSignal.timeout(5_000),
    );
    const outcome = waiting.catch((error: unknown) => error);
    await log.close();
    expect(await outcome).toMatchObject({ code: 'log-closed' });
    await expect(log.append(numbered('a', 1))).rejects.toMatchObject({ code: 'log-closed' });
    expect(() => log.connect()).toThrowError(expect.objectContaining({ code: 'log-closed' }));
    await log.close();
  });

  it('says so when the space runs out, writes nothing by halves, and goes on when there is some', async () => {
    const log = await open({ maxFileBytes: 1_500_000, retentionIntervalMs: 20 });
    const chunk = (): ReturnType<typeof record>[] =>
      Array.from({ length: 100 }, () => record('a', 'k', 'x'.repeat(3_000), {}, Date.now()));
    let written = 0;
    const fill = async (): Promise<unknown> => {
      for (; written < 2_000; written += 100) {
        const refusal = await log.append(chunk()).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (refusal !== undefined) return refusal;
      }
      return undefined;
    };
    const refusal = await fill();
    expect(refusal).toMatchObject({ code: 'disk-full', hint: expect.stringContaining('Free') });
    expect(written).toBeGreaterThan(0);
    expect(await readAll(log, 'a')).toHaveLength(written);
    await log.ensureTopics([
      { name: 'a', partitions: 1, retentionMs: YEAR_MS, retentionBytes: 400_000 },
    ]);
    await until(async () => (await log.topics())[0]?.partitions[0]?.start !== 0);
    await log.append(chunk());
    expect((await log.topics())[0]?.partitions[0]?.end).toBe(written + 100);
  });

  describe('retention', () => {
    it('deletes by age and by size, oldest first, and readers go on at the start', async () => {
      const log = await open({ retentionIntervalMs: 20 });
      const at = (value: string, timestamp: number): ReturnType<typeof record> =>
        record('a', 'k', value, {}, timestamp);
      await log.append([at('old', 1_000)]);
      await log.append([at('older than the year', Date.now() - 2 * YEAR_MS)]);
      await log.append([at('new', Date.now())]);
      await until(async () => (await log.topics())[0]?.partitions[0]?.start === 2);
      const { records, nextOffset } = await log.read('a', 0, 0);
      expect(records.map(text)).toEqual(['new']);
      expect(nextOffset).toBe(3);
      await log.append([at('x'.repeat(10_000), Date.now())]);
      await log.ensureTopics([
        { name: 'a', partitions: 1, retentionMs: YEAR_MS, retentionBytes: 1_000 },
      ]);
      await until(async () => (await log.topics())[0]?.partitions[0]?.start === 4);
      expect(await log.append([at('next', Date.now())])).toMatchObject([{ offset: 4 }]);
    });

    it('keeps what a known group has not read, and its end over a restart', async () => {
      const log = await open({ retentionIntervalMs: 20 });
      const old = (n: number): ReturnType<typeof record> =>
        record('a', 'k', String(n), {}, 1_000 + n);
      const subscription = await log.subscribe({ group: 'g', topics: ['a'], maxRecords: 1 });
      await log.append([old(0)]);
      await log.append([old(1)]);
      const first = await nextBatch(subscription);
      await new Promise((resolve) => setTimeout(resolve, 80));
      expect((await log.topics())[0]?.partitions[0]).toMatchObject({ start: 0 });
      await first.commit([]);
      await subscription.close();
      await until(async () => (await log.topics())[0]?.partitions[0]?.start === 1);
      const again = await log.subscribe({ group: 'g', topics: ['a'] });
      const second = await nextBatch(again);
      expect(second.records.map(text)).toEqual(['1']);
      await second.commit([]);
      await until(async () => (await log.topics())[0]?.partitions[0]?.start === 2);
      await log.close();
      const reopened = await open();
      expect(await reopened.append([old(2)])).toMatchObject([{ offset: 2 }]);
    });
  });

  it('keeps claims that are committed together with the move of older ones out of memory', async () => {
    const log = await open();
    await log.append(numbered('b', 200));
    const subscription = await log.subscribe({ group: 'g', topics: ['b'], maxRecords: 1 });
    const commits: Promise<void>[] = [];
    for (let i = 0; i < 60; i += 1) {
      const batch = await nextBatch(subscription);
      const ids = Array.from({ length: 4_000 }, (_, n) => ({
        id: `${i}-${n}`,
        content: String(i),
        offset: i,
      }));
      await batch.claim(ids);
      commits.push(batch.commit([]));
    }
    await Promise.all(commits);
    await subscription.close();
    const check = await log.subscribe({ group: 'h', topics: ['b'] });
    const outcomes = await (
      await nextBatch(check)
    ).claim(
      Array.from({ length: 60 * 400 }, (_, k) => ({
        id: `${Math.floor(k / 400)}-${(k % 400) * 10}`,
        content: 'new',
        offset: 1_000,
      })),
    );
    expect(outcomes.filter(({ ownerContent }) => ownerContent === 'new')).toEqual([]);
    expect(
      outcomes.every(({ ownerContent }, k) => ownerContent === String(Math.floor(k / 400))),
    ).toBe(true);
  });

  it('recognises ids among a hundred thousand, after they left memory and after a restart', async () => {
    const claims = (
      from: number,
      count: number,
    ): { id: string; content: string; offset: number }[] =>
      Array.from({ length: count }, (_, i) => ({
        id: `id-${from + i}`,
        content: `c${from + i}`,
        offset: 0,
      }));
    const log = await open();
    await log.append(numbered('a', 30));
    const subscription = await log.subscribe({ group: 'g', topics: ['a'], maxRecords: 1 });
    for (let i = 0; i < 10; i += 1) {
      const batch = await nextBatch(subscription);
      await batch.claim(
        claims(i * 10_000, 10_000).map((each) => ({
          ...each,
          offset: i,
          ...(each.id.endsWith('0') ? { entity: each.id, payload: Uint8Array.from([i]) } : {}),
        })),
      );
      await batch.commit([]);
    }
    const check = async (from: EmbeddedLog): Promise<void> => {
      const again = await from.subscribe({ group: 'g', topics: ['a'], maxRecords: 1 });
      const batch = await nextBatch(again);
      const asked = claims(0, 110_000).filter((_, i) => i % 100 === 0);
      const outcomes = await batch.claim(
        asked.map((each) => ({ ...each, offset: 20, content: 'other', entity: each.id })),
      );
      for (const [i, { owner, ownerContent, history }] of outcomes.entries()) {
        const known = i < 1_000;
        expect(owner.offset).toBe(known ? Math.floor(i / 100) : 20);
        expect(ownerContent).toBe(known ? `c${i * 100}` : 'other');
        expect(history).toEqual(known ? [Uint8Array.from([Math.floor(i / 100)])] : []);
      }
      await batch.release();
      await again.close();
    };
    await subscription.close();
    await check(log);
    await log.close();
    await check(await open());
  });
});

/** Tries to write to the directory from another process; its answer is `opened` or the error's code and message. */
function openElsewhere(directory: string): string {
  const url = new URL('../../services/core/log/embedded/open.ts', import.meta.url).href;
  const script = `
    const { openEmbeddedLog } = await import(${JSON.stringify(url)});
    await openEmbeddedLog({ directory: ${JSON.stringify(directory)} }).then(
      async (log) => { await log.close(); process.stdout.write('opened'); },
      (error) => process.stdout.write(error.code + ' ' + error.message),
    );`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  return stdout;
}

function alter(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It did not come to pass in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
