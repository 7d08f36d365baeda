// The TypeScript client against a real broker: at least once, in order per key, nothing skipped, nobody held up.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, type TestContext } from 'vitest';
import { insightCodec, type Insight } from '#schemas/insight.ts';
import { createLogger } from '#core/logger.ts';
import type { InsightMeta } from '../../services/client/delivery.ts';
import { subscribe, subscribeInBatches } from '../../services/client/subscribe.ts';
import { root } from '../support/command.ts';
import { newRegistry, newStream, someInsights, type Stream } from '../support/consumers.ts';

const logger = createLogger('test', 'silent');
const backoff = { initialMs: 20, maxMs: 100 };

async function aStream({ onTestFinished }: TestContext): Promise<Stream> {
  const stream = await newStream();
  onTestFinished(() => stream.close());
  return stream;
}

/** What a handler was given, in order of arrival. */
function recorder() {
  const seen: { insight: Insight; meta: InsightMeta }[] = [];
  return {
    seen,
    ids: () => seen.map(({ insight }) => insight.id),
    handler: (insight: Insight, meta: InsightMeta) => void seen.push({ insight, meta }),
    count: async (count: number): Promise<void> => {
      await until(() => seen.length >= count);
      expect(seen).toHaveLength(count);
    },
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Not within 20 s: ${condition.toString()}`);
    await delay(50);
  }
}

const idsOf = (insights: readonly Insight[]): string[] => insights.map(({ id }) => id).toSorted();

describe.concurrent('subscribe', { timeout: 40_000 }, () => {
  it('gives every committed insight once, in order per key, with its place and headers', async (context) => {
    const stream = await aStream(context);
    const insights = someInsights(60);
    await stream.write(insights.slice(0, 30));
    await stream.write(someInsights(20, 7, 500), 'abort');
    await stream.write(insights.slice(30));
    const { seen, ids, handler, count } = recorder();
    const options = { group: stream.group, kafka: stream.settings, logger };
    const subscription = await subscribe('operations', handler, options);
    await count(60);
    await subscription.close();
    await subscription.closed;
    expect(ids().toSorted()).toEqual(idsOf(insights));
    for (const { insight, meta } of seen) {
      expect(insight).toEqual(insights.find(({ id }) => id === insight.id));
      expect(meta).toMatchObject({
        topic: stream.topic,
        key: `helpdesk/${insight.signal.sourceId}`,
        timestamp: insight.signal.receivedAt,
      });
      expect(meta.headers['ce_id']).toBe(insight.id);
    }
    const order = (list: readonly Insight[], key: string): string[] =>
      list.filter(({ signal }) => signal.sourceId === key).map(({ id }) => id);
    for (const key of new Set(insights.map(({ signal }) => signal.sourceId))) {
      const arrived = seen.map(({ insight }) => insight);
      expect(order(arrived, key)).toEqual(order(insights, key));
    }
  });

  it('goes on where its group stood, transaction markers included', async (context) => {
    const stream = await aStream(context);
    const options = { group: stream.group, kafka: stream.settings, logger };
    await stream.write(someInsights(10));
    const before = recorder();
    const first = await subscribe('operations', before.handler, options);
    await before.count(10);
    await first.close();
    await stream.write(someInsights(5, 7, 10));
    const after = recorder();
    const second = await subscribe('operations', after.handler, options);
    await after.count(5);
    await lagIs(stream, 0);
    await second.close();
    expect(after.ids().toSorted()).toEqual(idsOf(someInsights(5, 7, 10)));
  });

  it('calls a handler again with the insight it threw at, and other partitions go on meanwhile', async (context) => {
    const stream = await aStream(context);
    await stream.write(someInsights(40, 20));
    const { seen, handler } = recorder();
    let failing = true;
    const attempts: number[] = [];
    let stuck: number | undefined;
    const subscription = await subscribe(
      'operations',
      (insight, meta, { attempt }) => {
        if (insight.id === 'insight-4') {
          stuck = meta.partition;
          attempts.push(attempt);
          if (failing) throw new Error('away');
        }
        handler(insight, meta);
      },
      { group: stream.group, kafka: stream.settings, backoff, logger },
    );
    await until(() => attempts.length > 3);
    const ofElsewhere = someInsights(40, 20).length - (await recordsIn(stream, stuck!));
    await until(() => seen.filter(({ meta }) => meta.partition !== stuck).length === ofElsewhere);
    expect(seen.map(({ insight }) => insight.id)).not.toContain('insight-4');
    failing = false;
    await until(() => seen.length === 40);
    await subscription.close();
    expect(attempts.slice(0, 4)).toEqual([1, 2, 3, 4]);
    expect(idsOf(seen.map(({ insight }) => insight))).toEqual(idsOf(someInsights(40, 20)));
  });

  it('commits nothing past an insight whose handler never took it', async (context) => {
    const stream = await aStream(context);
    await stream.write(someInsights(12, 1));
    let thrown = 0;
    const options = { group: stream.group, kafka: stream.settings, backoff, logger };
    const first = await subscribe(
      'operations',
      (insight) => {
        if (insight.id !== 'insight-6') return;
        thrown += 1;
        throw new Error('no');
      },
      options,
    );
    await until(() => thrown > 2);
    await first.close();
    const { ids, handler, count } = recorder();
    const second = await subscribe('operations', handler, options);
    await count(6);
    await second.close();
    expect(ids()).toEqual([6, 7, 8, 9, 10, 11].map((n) => `insight-${n}`));
  });

  it('hands over batches that are taken whole or come again whole', async (context) => {
    const stream = await aStream(context);
    await stream.write(someInsights(30, 1));
    const calls: string[][] = [];
    const subscription = await subscribeInBatches(
      'operations',
      (batch, { attempt }) => {
        calls.push(batch.map(({ insight }) => insight.id));
        if (calls.length === 2 && attempt === 1) throw new Error('again');
      },
      { group: stream.group, kafka: stream.settings, maxRecords: 10, backoff, logger },
    );
    await until(() => calls.length === 4);
    await subscription.close();
    const [one, two, again, three] = calls;
    expect(again).toEqual(two);
    expect([...one!, ...two!, ...three!]).toEqual(someInsights(30, 1).map(({ id }) => id));
  });

  it('begins with what comes next when told so, and then misses nothing while nobody reads', async (context) => {
    const stream = await aStream(context);
    await stream.write(someInsights(10));
    const options = { group: stream.group, kafka: stream.settings, fromBeginning: false, logger };
    const nothing = recorder();
    const first = await subscribe('operations', nothing.handler, options);
    await lagIs(stream, 0);
    await first.close();
    await stream.write(someInsights(10, 7, 10));
    const { ids, handler, count } = recorder();
    const second = await subscribe('operations', handler, options);
    await count(10);
    await second.close();
    expect(nothing.seen).toEqual([]);
    expect(ids().toSorted()).toEqual(idsOf(someInsights(10, 7, 10)));
  });

  it('shares partitions with other members and takes them over when one leaves', async (context) => {
    const stream = await aStream(context);
    const options = { group: stream.group, kafka: stream.settings, logger };
    const one = recorder();
    const two = recorder();
    const first = await subscribe('operations', one.handler, options);
    const second = await subscribe('operations', two.handler, options);
    await stream.write(someInsights(40, 40));
    await until(() => one.seen.length + two.seen.length === 40);
    expect(one.seen.length).toBeGreaterThan(0);
    expect(two.seen.length).toBeGreaterThan(0);
    await first.close();
    const readByFirst = one.seen.length;
    await stream.write(someInsights(40, 40, 40));
    await until(() => two.seen.length === 80 - readByFirst);
    await second.close();
    expect([...one.ids(), ...two.ids()].toSorted()).toEqual(idsOf(someInsights(80, 40)));
  });

  it('keeps its partitions while a handler takes longer than the session timeout', async (context) => {
    const stream = await aStream(context);
    await stream.write(someInsights(3, 1));
    const { ids, handler, count } = recorder();
    const settings = { ...stream.settings, sessionTimeoutMs: 6_000, heartbeatIntervalMs: 500 };
    const subscription = await subscribe(
      'operations',
      async (insight, meta, { signal }) => {
        if (insight.id === 'insight-0') await delay(8_000, undefined, { signal });
        handler(insight, meta);
      },
      { group: stream.group, kafka: settings, logger },
    );
    await count(3);
    await subscription.close();
    expect(ids()).toEqual(['insight-0', 'insight-1', 'insight-2']);
  });

  it('stops a partition at a record nobody can read, or hands it to who asked for such', async (context) => {
    const stream = await aStream(context);
    const bad = Buffer.from('not an insight');
    await stream.write(someInsights(2, 1));
    await stream.writeValue('helpdesk/T-0', bad);
    await stream.write(someInsights(2, 1, 2));
    const options = { group: stream.group, kafka: stream.settings, backoff, logger };
    const before = recorder();
    const first = await subscribe('operations', before.handler, options);
    await before.count(2);
    await delay(300);
    await first.close();
    expect(before.ids()).toEqual(['insight-0', 'insight-1']);
    const after = recorder();
    const unread: Buffer[] = [];
    const second = await subscribe('operations', after.handler, {
      ...options,
      undecodable: ({ value }) => void unread.push(Buffer.from(value!)),
    });
    await after.count(2);
    await second.close();
    expect(unread).toEqual([bad]);
    expect(after.ids()).toEqual(['insight-2', 'insight-3']);
  });

  it('reads insights of a later schema version, and by a registry’s own ids', async (context) => {
    const stream = await aStream(context);
    const text = readFileSync(join(root, 'schemas/generated/avro/insight.v2.avsc'), 'utf8');
    const later = JSON.parse(text) as { fields: unknown[] };
    const tags = { name: 'tags', type: { type: 'array', items: 'string' }, default: [] };
    later.fields.push(tags);
    const registry = await newRegistry(
      [stream.topic],
      new Map([
        [601, text],
        [602, JSON.stringify(later)],
      ]),
    );
    context.onTestFinished(() => registry.close());
    const [first, second] = someInsights(2, 1) as [Insight, Insight];
    await stream.writeValue('helpdesk/T-0', framed(601, first, []));
    await stream.writeValue('helpdesk/T-0', framed(602, second, [2, 2, 0x78, 0]));
    const { seen, handler, count } = recorder();
    const subscription = await subscribe('operations', handler, {
      group: stream.group,
      kafka: stream.settings,
      schemaRegistry: registry.url,
      logger,
    });
    await count(2);
    await subscription.close();
    expect(seen.map(({ insight }) => insight)).toEqual([first, second]);
  });

  it('closes when its signal aborts, finishing the call under way', async (context) => {
    const stream = await aStream(context);
    await stream.write(someInsights(5, 1));
    const stop = new AbortController();
    const taken: string[] = [];
    const options = { group: stream.group, kafka: stream.settings, logger };
    const subscription = await subscribe(
      'operations',
      async ({ id }) => {
        stop.abort();
        await delay(200);
        taken.push(id);
      },
      { ...options, signal: stop.signal },
    );
    await subscription.closed;
    expect(taken).toEqual(['insight-0']);
    const { ids, handler, count } = recorder();
    const second = await subscribe('operations', handler, options);
    await count(4);
    await second.close();
    expect(ids()).toEqual([1, 2, 3, 4].map((n) => `insight-${n}`));
  });

  it('refuses what cannot work, with a reason', async (context) => {
    const stream = await aStream(context);
    const options = { group: stream.group, kafka: stream.settings, logger };
    const handler = (): void => undefined;
    const away = { ...stream.settings, brokers: ['127.0.0.1:1'] };
    await expect(subscribe('no-such', handler, options)).rejects.toMatchObject({
      code: 'unknown-topic',
    });
    await expect(subscribe('Ops; rm', handler, options)).rejects.toMatchObject({
      code: 'department-name',
    });
    await expect(subscribe('operations', handler, { group: 'dash' })).rejects.toMatchObject({
      code: 'no-source',
    });
    await expect(
      subscribe('operations', handler, { ...options, kafka: away }),
    ).rejects.toMatchObject({ code: 'log-unavailable' });
  });
});

/** The insight's Avro body, then `more`, framed with another id. */
function framed(id: number, insight: Insight, more: readonly number[]): Uint8Array {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, insightCodec.encode(insight).subarray(5), Buffer.from(more)]);
}

/** Of a stream of one transaction, which ends each partition with its marker. */
async function recordsIn(stream: Stream, partition: number): Promise<number> {
  return (await endsOf(stream))[partition]! - 1;
}

async function endsOf({ kafka, topic }: Stream): Promise<number[]> {
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return offsets.toSorted((a, b) => a.partition - b.partition).map(({ high }) => Number(high));
}

/** Waits until the group's committed offsets are so far from the ends of the partitions, together. */
async function lagIs(stream: Stream, lag: number): Promise<void> {
  const admin = stream.kafka.admin();
  await admin.connect();
  const committed = async (): Promise<number> => {
    const [topic] = await admin.fetchOffsets({
      groupId: stream.group,
      topics: [stream.topic],
    });
    const ends = await endsOf(stream);
    return topic!.partitions.reduce((sum, { partition, offset }) => {
      return sum + ends[partition]! - Math.max(0, Number(offset));
    }, 0);
  };
  await until(async () => (await committed()) === lag);
  await admin.disconnect();
}
