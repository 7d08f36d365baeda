// Judgements on both logs: what readers say of one insight keeps its order, and the labelled texts are the same.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { insightCodec, type Insight } from '#schemas/insight.ts';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import type { Log } from '#core/log/port.ts';
import { toOutgoing } from '#core/topic.ts';
import { findInsight } from '../../services/cli/judgements/find-insight.ts';
import { readJudgements } from '../../services/cli/judgements/read-judgements.ts';
import { judgementIntake } from '../../services/cli/judgements/route.ts';
import { labelledTexts } from '../../services/cli/judgements/rows.ts';
import { noClaims } from '../../services/cli/open-log.ts';
import { insightsShared, topicsFor } from '../../services/topology.ts';
import { records } from '../schemas/all-codecs.ts';
import { openTestLog, testSettings } from '../support/kafka-log.ts';
import { kafkaServer } from '../support/servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'signpost-judgements-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const departments = ['operations', 'billing'];
const sample = records.find(({ fullName }) => fullName === insightCodec.recordName)!.samples[0]!
  .value as Insight;
const insights = Array.from({ length: 12 }, (_, i): Insight => {
  const id = `insight-${i}`;
  const signal = { ...sample.signal, id, sourceId: `T-${i}`, text: `said in ${id}` };
  const relevance = {
    department: 'operations',
    relevance: i % 4 < 2 ? 1 : 0,
    evidence: [],
    rest: 0,
  };
  return { ...sample, id, signal, departments: [relevance], sharedWith: null };
});
const route = judgementIntake({ normalize: { phoneRegion: 'US', languages: ['en'] } }, departments);

/** Readers change their minds, one word to an append, so that order is the log's doing. */
function* words() {
  for (const verdict of ['right', 'wrong', 'missing', 'right'])
    for (const [at, { id }] of insights.entries())
      for (const judgedBy of ['noc', at % 3 === 0 ? 'desk' : 'noc'])
        yield { insightId: id, department: departments[at % 2], verdict, judgedBy };
}

const logs: readonly (readonly [string, () => Promise<Log>])[] = [
  ['the embedded log', () => openEmbeddedLog({ directory: join(folder, 'data') })],
  ['Kafka', async () => openTestLog(testSettings((await kafkaServer()).brokers), noClaims)],
];

describe.each(logs)('on %s', (_name, open) => {
  it('words on one insight keep their order, and labelled texts follow from the last of each reader', async () => {
    const log = await open();
    try {
      await log.ensureTopics(topicsFor(departments));
      await log.append(insights.map((each) => toOutgoing(insightsShared, each, { timestamp: 1 })));
      let receivedAt = Date.now();
      const sent: string[] = [];
      for (const input of words()) {
        const taken = route.take(input, {
          source: 'test',
          departments: null,
          receivedAt,
          traceparent: undefined,
        });
        if (!taken.ok) throw new Error(taken.detail);
        receivedAt += 1;
        sent.push(`${input.insightId} ${input.verdict}`);
        await log.append([taken.outgoing]);
      }
      const read = new Map<string, string[]>();
      for await (const { insightId, verdict } of readJudgements(log)) {
        const said = `${insightId} ${verdict}`;
        read.set(insightId, [...(read.get(insightId) ?? []), said]);
      }
      expect(read.size).toBe(insights.length);
      for (const [id, said] of read)
        expect(said).toEqual(sent.filter((each) => each.startsWith(`${id} `)));

      const { rows, counts } = await labelledTexts(log, () => 0.5);
      expect(counts).toMatchObject({ rows: 12, insights: 12, judgements: sent.length, gone: 0 });
      // All ended with right: what the model said of the department stands.
      expect(new Map(rows.map(({ id, departments: labels }) => [id, labels]))).toEqual(
        new Map(insights.map(({ id }, i) => [id, { [departments[i % 2]!]: i % 4 === 0 }])),
      );
      expect((await findInsight(log, 'insight-7')).signal.text).toBe('said in insight-7');
      await expect(findInsight(log, 'insight-99')).rejects.toMatchObject({
        code: 'unknown-insight',
        message: expect.stringContaining('did you mean insight-9?'),
      });
    } finally {
      await log.close();
    }
  }, 60_000);
});
