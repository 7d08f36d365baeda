// Exactly once through the embedded log on its worst days: redelivery, rebalances, refusals, and a crash at every step.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SignpostError } from '../../services/core/errors.ts';
import { openEmbeddedLog } from '../../services/core/log/embedded/open.ts';
import { openEmbeddedLogReader } from '../../services/core/log/embedded/reader.ts';
import type { Batch, Log } from '../../services/core/log/port.ts';
import { numbered, readAll, text } from '../contracts/log.contract.ts';
import { crashEverywhere, createAdversary, seeded } from '../support/adversary.ts';
import type { Mischief } from '../support/adversary.ts';

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const TOPICS = ['in', 'out'].map((name) => ({ name, partitions: 3, retentionMs: YEAR_MS }));

describe('exactly once', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'signpost-adversary-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it.each([1, 2, 3])('holds under redelivery, rebalances and refusals (seed %i)', async (seed) => {
    const random = seeded(seed);
    const mischief: Mischief = {
      random,
      redeliver: 0.15,
      rebalance: 0.15,
      conflict: 0.1,
      delayMs: 2,
    };
    const log = await openEmbeddedLog({ directory });
    await log.ensureTopics(TOPICS);
    await log.append([...numbered('in', 300), ...numbered('in', 50, 100)]);
    await Promise.all([1, 2].map(() => drain(createAdversary(log, mischief).log)));
    await log.close();
    expect(await numbersOut(directory)).toEqual(sequence(300));
  });

  it('holds when the process stops before or after any step', async () => {
    const crashes = await crashEverywhere(
      () => openEmbeddedLog({ directory }),
      { random: seeded(7) },
      async (log) => {
        await log.ensureTopics(TOPICS);
        // An import: what is appended and how far it came stand and fall together.
        for (let from = Number(await log.checkpoint('at')); from < 60; from += 20) {
          await log.append(numbered('in', 20, from), { checkpoints: { at: String(from + 20) } });
        }
        await drain(log);
      },
    );
    expect(crashes).toBeGreaterThan(10);
    expect(await numbersOut(directory)).toEqual(sequence(60));
  });
});

/** What a stage does: claims, drops duplicates, passes the rest on; until its group has read everything. */
async function drain(log: Log): Promise<void> {
  const subscription = await log.subscribe({ group: 'g', topics: ['in'], maxRecords: 10 });
  while (!(await isRead(log))) {
    const batch = await subscription.next(AbortSignal.timeout(50));
    if (batch !== null) await pass(batch);
  }
  await subscription.close();
}

async function pass(batch: Batch): Promise<void> {
  const { topic, partition, records } = batch;
  try {
    const outcomes = await batch.claim(
      records.map((record) => ({ id: text(record), content: '', offset: record.offset })),
    );
    const fresh = records.filter((record, i) => {
      const owner = outcomes[i]?.owner;
      return (
        owner?.topic === topic && owner.partition === partition && owner.offset === record.offset
      );
    });
    await batch.commit(fresh.map((record) => ({ ...record, topic: 'out' })));
  } catch (error) {
    if (!(error instanceof SignpostError)) throw error;
    if (error.code !== 'fenced') await batch.release();
  }
}

async function isRead(log: Log): Promise<boolean> {
  const committed = await log.committed();
  const topic = (await log.topics()).find(({ name }) => name === 'in');
  return (topic?.partitions ?? []).every(
    ({ partition, end }) =>
      end === 0 || committed.some((each) => each.partition === partition && each.offset === end),
  );
}

async function numbersOut(directory: string): Promise<number[]> {
  const reader = await openEmbeddedLogReader({ directory });
  const out = await readAll(reader, 'out');
  await reader.close();
  return out.map((record) => Number(text(record))).toSorted((a, b) => a - b);
}

function sequence(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
