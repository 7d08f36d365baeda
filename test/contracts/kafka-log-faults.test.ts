// A broker that is killed, or hangs, in the middle of things: what was acknowledged is there once, what was not is
// refused in good time, and all goes on by itself when the broker is back.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import type { Batch, Log, Subscription } from '#core/log/port.ts';
import { startKafka, type Kafka, type KafkaNode } from '../../scripts/services/kafka.ts';
import { openTestLog, testSettings } from '../support/kafka-log.ts';
import { createClaimModel } from './claim-store.model.ts';
import { readAll, record, text } from './log.contract.ts';

/** Longer ago than the times that the records bear: Kafka forgets by those. */
const RETENTION_MS = 20 * 365 * 24 * 60 * 60 * 1000;
const APPEND_TIMEOUT_MS = 2_000;

describe('a broker that goes away', () => {
  let directory: string;
  let kafka: Kafka;
  let node: KafkaNode;
  let log: Log;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'signpost-kafka-'));
    kafka = await startKafka({ dir: directory, quickStart: true });
    node = kafka.nodes[0]!;
    const settings = testSettings(kafka.bootstrap, {
      requestTimeoutMs: 1_500,
      appendTimeoutMs: APPEND_TIMEOUT_MS,
    });
    log = await openTestLog(settings, createClaimModel());
  });
  afterAll(async () => {
    await log?.close();
    await kafka?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const outages = {
    'is killed': { end: () => node.kill(), mend: () => node.start() },
    hangs: { end: () => node.pause(), mend: () => node.resume() },
  };
  for (const [how, { end, mend }] of Object.entries(outages)) {
    it(`and ${how}: nothing acknowledged is lost, nothing comes twice, and it goes on by itself`, async () => {
      const [from, to] = [`in.${how.replace(' ', '-')}`, `out.${how.replace(' ', '-')}`];
      await log.ensureTopics([
        { name: from, partitions: 2, retentionMs: RETENTION_MS },
        { name: to, partitions: 2, retentionMs: RETENTION_MS },
      ]);
      const stop = new AbortController();
      const acknowledged: string[] = [];
      const refusals: { code: string; afterMs: number }[] = [];
      const subscription = await log.subscribe({ group: `signpost.${from}`, topics: [from] });
      const work = [
        appendUntil(stop.signal, log, from, acknowledged, refusals),
        transform(stop.signal, subscription, to),
        transform(stop.signal, subscription, to),
      ];

      const until = async (condition: () => boolean): Promise<void> => {
        while (!condition()) await sleep(20);
      };
      await until(() => acknowledged.length > 20);
      await end();
      await until(() => refusals.length > 0);
      await sleep(4_000);
      const before = acknowledged.length;
      await mend();
      await until(() => acknowledged.length > before + 20);
      stop.abort();
      await Promise.all(work);

      const read = (await readAll(log, from)).map(text);
      expect(new Set(read).size).toBe(read.length);
      expect(acknowledged.filter((id) => !read.includes(id))).toEqual([]);
      await drain(subscription, to, log, read.length);
      expect((await readAll(log, to)).map(text).toSorted()).toEqual(read.toSorted());
      await subscription.close();

      expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['log-unavailable']));
      // Its own time, and that of the one before it that was under way.
      for (const { afterMs } of refusals) expect(afterMs).toBeLessThan(APPEND_TIMEOUT_MS * 3);
    }, 180_000);
  }
});

async function appendUntil(
  signal: AbortSignal,
  log: Log,
  topic: string,
  acknowledged: string[],
  refusals: { code: string; afterMs: number }[],
): Promise<void> {
  for (let i = 0; !signal.aborted; i += 1) {
    const id = `id-${i}`;
    const since = performance.now();
    try {
      await log.append([record(topic, `key-${i % 50}`, id)]);
      acknowledged.push(id);
    } catch (error) {
      if (!(error instanceof SignpostError)) throw error;
      refusals.push({ code: error.code, afterMs: performance.now() - since });
    }
  }
}

/** What the engine does: what fails is given back and comes again. */
async function transform(
  signal: AbortSignal,
  subscription: Subscription,
  to: string,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const batch = await subscription.next(signal);
      if (batch !== null) await settle(batch, to);
    } catch (error) {
      if (!(error instanceof SignpostError)) throw error;
      await sleep(100);
    }
  }
}

async function settle(batch: Batch, to: string): Promise<void> {
  try {
    await batch.commit(batch.records.map((each) => ({ ...each, topic: to })));
  } catch (error) {
    await batch.release();
    throw error;
  }
}

async function drain(
  subscription: Subscription,
  to: string,
  log: Log,
  records: number,
): Promise<void> {
  const stop = AbortSignal.timeout(20_000);
  while (!stop.aborted && (await readAll(log, to)).length < records) {
    await transform(AbortSignal.any([stop, AbortSignal.timeout(500)]), subscription, to);
  }
}
