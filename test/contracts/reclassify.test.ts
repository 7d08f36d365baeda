// Past insights judged anew, on both logs: each once under its own id, whatever the range and however often it is cut off.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import type { Log } from '#core/log/port.ts';
import { header, toOutgoing } from '#core/topic.ts';
import { insightCodec, type Insight } from '#schemas/insight.ts';
import type { RoutingJudge } from '../../services/cli/models/open-model.ts';
import {
  reclassify,
  type Reclassification,
  type ReclassifySettings,
} from '../../services/cli/reclassify/reclassify.ts';
import { subscribersByName } from '../../services/publish/route.ts';
import { insightsRevised, insightsShared, topicsFor } from '../../services/topology.ts';
import { someInsights } from '../support/consumers.ts';
import { openTestLog, testSettings } from '../support/kafka-log.ts';
import { kafkaServer } from '../support/servers.ts';
import { createClaimModel } from './claim-store.model.ts';
import { readAll } from './log.contract.ts';

const many = 1_200;
const day = 86_400_000;
const began = Date.UTC(2026, 10, 1);

/** One finds `it` relevant in every third insight; what it says otherwise follows from its version. */
function judgingBy(version: string, third = 0): RoutingJudge {
  return {
    subscribers: subscribersByName([
      { name: 'it', threshold: 0.5 },
      { name: 'billing', threshold: 0.5 },
    ]),
    judge: {
      version,
      judge: ({ attributes }) => ({
        departments:
          Number(attributes['n']) % 3 === third
            ? [{ department: 'it', relevance: 0.9, evidence: [], rest: 2.2 }]
            : [],
        theme: null,
        themeConfidence: 1,
        sentiment: 0,
        urgency: 'low',
        churnRisk: 0,
        reading: { tokens: 1, unknown: 0 },
      }),
    },
  };
}
const first = judgingBy('v1');

function insightsOf(count: number): Insight[] {
  return someInsights(count).map((insight, n) => {
    const occurredAt = began + Math.floor((n * 10) / count) * day;
    const signal = { ...insight.signal, occurredAt, attributes: { n: String(n) } };
    const judgement = first.judge.judge(signal);
    return { ...insight, signal, ...judgement, model: 'v1', unsure: null, sharedWith: null };
  });
}

const opens: Readonly<Record<string, (folder: string) => Promise<Log>>> = {
  embedded: (folder) => openEmbeddedLog({ directory: folder }),
  Kafka: async () => openTestLog(testSettings((await kafkaServer()).brokers), createClaimModel()),
};

describe.each(Object.keys(opens))('on the %s log', (kind) => {
  let folder: string;
  let log: Log;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'signpost-reclassify-'));
    log = await opens[kind]!(folder);
    await log.ensureTopics(topicsFor(['it', 'billing']));
    await log.append(
      insightsOf(many).map((insight, n) => ({
        ...toOutgoing(insightsShared, insight, { timestamp: Date.now() - n }),
        headers: { [header.origin]: `posts.published.v1/0/${n}`, [header.source]: '/insights/x' },
      })),
    );
  });
  afterEach(async () => {
    await log.close();
    rmSync(folder, { recursive: true });
  });

  const again = (
    judging: RoutingJudge,
    more: Partial<ReclassifySettings> = {},
  ): Promise<Reclassification> =>
    reclassify(log, {
      ...judging,
      from: -Infinity,
      to: Infinity,
      append: (records) => log.append(records),
      ...more,
    });
  const revisions = () => readAll(log, insightsRevised.name);

  it('every insight is revised once, under its id and by the new model; a second run adds nothing', async () => {
    const counted = { read: many, judged: many, passedOver: 0 };
    expect(await again(judgingBy('v2', 1))).toEqual({
      ...counted,
      model: 'v2',
      revised: many,
      unchanged: 0,
      rerouted: 800,
      departments: { it: { toYes: 400, toNo: 400 }, billing: { toYes: 0, toNo: 0 } },
    });
    const written = await revisions();
    expect(new Set(written.map(({ headers }) => headers['ce_id'])).size).toBe(many);
    const shared = new Map(
      (await readAll(log, insightsShared.name)).map((record) => [record.key, record.partition]),
    );
    for (const { key, partition, timestamp, headers, value } of written) {
      const { id, signal, model, sharedWith } = insightCodec.decode(value!);
      expect([id, model, sharedWith]).toEqual([headers['ce_id'], 'v2', null]);
      // Origin and time of acceptance are those of the insight, so that retention counts from there.
      expect(headers[header.origin]).toBe(`posts.published.v1/0/${signal.attributes['n']}`);
      expect(timestamp).toBeLessThan(Date.now() - Number(signal.attributes['n']));
      expect(partition).toBe(shared.get(key));
    }
    expect(await again(judgingBy('v2', 1))).toMatchObject({
      ...counted,
      revised: 0,
      unchanged: many,
    });
    expect(await revisions()).toHaveLength(many);
  });

  it('what comes out as it was judged is not revised; going back to a model is a revision', async () => {
    expect(await again(first)).toMatchObject({ revised: 0, unchanged: many, rerouted: 0 });
    await again(judgingBy('v2', 1));
    expect(await again(first)).toMatchObject({ revised: many, rerouted: 0 });
    expect(await again(first)).toMatchObject({ revised: 0 });
  });

  it('a range takes what was said in it, and ranges that overlap add nothing twice', async () => {
    const v2 = judgingBy('v2', 1);
    const from = began + 2 * day;
    const to = began + 5 * day;
    expect(await again(v2, { from, to })).toMatchObject({ read: many, judged: 360, revised: 360 });
    expect(await again(v2, { from: began + 4 * day })).toMatchObject({ judged: 720, revised: 600 });
    expect(await again(v2)).toMatchObject({ revised: many - 960, unchanged: 960 });
    expect(await revisions()).toHaveLength(many);
  });

  it('cut off at any portion it goes on with what is missing', async () => {
    const v2 = judgingBy('v2', 1);
    let portions = 0;
    const killed = again(v2, {
      append: async (records) => {
        portions += 1;
        if (portions > 1) throw new Error('killed');
        return log.append(records);
      },
    });
    await expect(killed).rejects.toThrow('killed');
    const kept = (await revisions()).length;
    expect(kept).toBeGreaterThan(0);
    expect(await again(v2)).toMatchObject({ revised: many - kept, unchanged: kept });
    expect(await revisions()).toHaveLength(many);
  });

  it('asked to stop it keeps what it wrote, and says so', async () => {
    const stop = new AbortController();
    const stopped = again(judgingBy('v2'), { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    const kept = (await revisions()).length;
    expect(await again(judgingBy('v2'))).toMatchObject({ revised: many - kept });
  });

  it('a dry run counts and writes nothing', async () => {
    const { append: _, ...dry } = { ...judgingBy('v2', 1), append: undefined };
    const counted = await reclassify(log, { ...dry, from: -Infinity, to: Infinity });
    expect(counted).toMatchObject({ revised: many, rerouted: 800 });
    expect(await revisions()).toEqual([]);
  });
});
