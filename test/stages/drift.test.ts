// What is counted by the day it was said: bounded, once per batch that stands, and beside what the model expected.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Signal } from '#schemas/signal.ts';
import { chain } from '#core/chain.ts';
import { countsOfDay, createDriftDays, type DriftTally } from '#core/drift.ts';
import { beginWork } from '#core/stage.ts';
import { createTelemetry, metricsText } from '#core/telemetry.ts';
import type { Topic } from '#core/topic.ts';
import type { Judge, Judgement } from '../../services/classify/judge.ts';
import { createClassify } from '../../services/classify/stage.ts';
import { tellExpected } from '../../services/cli/live-judging.ts';
import { createPublish } from '../../services/publish/stage.ts';
import { signalsNormalized } from '../../services/topology.ts';
import { driveTransform } from '../support/drive-transform.ts';

const day = 86_400_000;
const today = Date.UTC(2026, 10, 22);
const signals = signalsNormalized as unknown as Topic<never>;
const [{ record: sample }] = JSON.parse(
  readFileSync(new URL('../../schemas/signal/v1.samples.json', import.meta.url), 'utf8'),
) as [{ readonly record: Signal }];

function tallyOf(...daysAgo: readonly number[]): DriftTally {
  const tally: DriftTally = new Map();
  for (const ago of daysAgo) countsOfDay(tally, today - ago * day + 5).insights += 1;
  return tally;
}

describe('days', () => {
  const labels = (...tallies: readonly DriftTally[]): Record<string, number> => {
    const days = createDriftDays(() => today);
    for (const tally of tallies) days.add(tally);
    return Object.fromEntries([...days.counts()].map(([label, { insights }]) => [label, insights]));
  };

  it('are told apart by when it was said, UTC', () => {
    expect(labels(tallyOf(0, 0, 1), tallyOf(1))).toEqual({ '2026-11-22': 2, '2026-11-21': 2 });
  });

  it('beyond the newest eight are counted together, and nothing is lost on the way', () => {
    const counted = labels(
      ...Array.from({ length: 30 }, (_, ago) => tallyOf(29 - ago)),
      tallyOf(29),
    );
    expect(Object.keys(counted)).toHaveLength(9);
    expect(counted).toMatchObject({ '2026-11-22': 1, '2026-11-15': 1, older: 23 });
  });

  it('still to come, by a wrong clock, push nothing out', () => {
    const wrong = Array.from({ length: 9 }, (_, n) => tallyOf(-400 - n));
    expect(labels(tallyOf(0), ...wrong)).toEqual({ '2026-11-22': 1, later: 9 });
    // Somewhere it is tomorrow already.
    expect(labels(tallyOf(-1))).toEqual({ '2026-11-23': 1 });
  });

  it('before the epoch are days too', () => {
    expect(labels(tallyOf(today / day + 1))).toEqual({ '1969-12-31': 1 });
  });
});

describe('what is judged', () => {
  const judge = (version: string, relevance: number): Judge => ({
    version,
    judge: ({ text }): Judgement & { reading: { tokens: number; unknown: number } } => ({
      departments: text === null ? [] : [{ department: 'it', relevance, evidence: [], rest: 0 }],
      theme: null,
      themeConfidence: 1,
      sentiment: 0,
      urgency: 'low',
      churnRisk: 0,
      reading: { tokens: 5, unknown: 2 },
    }),
  });
  const subscribers = [{ name: 'it', threshold: 0.5, unsureFrom: 0.3 }];
  const said = (ago: number, text: string | null = 'x'): Signal => ({
    ...sample,
    occurredAt: today - ago * day,
    text,
  });

  it('is counted by day and department, chained, once the batch stands', async () => {
    const telemetry = createTelemetry(
      () => 0,
      () => today,
    );
    let relevance = 0.9;
    const stage = chain(
      createClassify(() => judge('v1', relevance), telemetry.drift),
      [createPublish(() => subscribers, telemetry.drift)],
      new Set(),
    );
    const drive = driveTransform(stage);
    await drive.send(signals, said(0), said(0), said(1, null));
    relevance = 0.4;
    await drive.send(signals, said(0));
    // A batch that does not stand is not counted.
    const work = beginWork(stage);
    const received = {
      topic: 'x',
      partition: 0,
      offset: 0,
      key: null,
      value: null,
      headers: {},
      timestamp: 0,
    };
    work.decide({ record: said(0), received, index: 0 }, undefined);

    const text = await metricsText([await telemetry.snapshot()]);
    for (const line of [
      'signpost_insights_total{day="2026-11-22"} 3',
      'signpost_insights_total{day="2026-11-21"} 1',
      'signpost_insights_without_department_total{day="2026-11-22"} 1',
      'signpost_insights_without_department_total{day="2026-11-21"} 1',
      'signpost_insights_unsure_total{day="2026-11-22"} 1',
      'signpost_insights_received_total{day="2026-11-22",department="it"} 2',
      'signpost_words_read_total{day="2026-11-22"} 15',
      'signpost_words_unknown_total{day="2026-11-22"} 6',
    ])
      expect(text.split('\n')).toContain(line);
  });

  it('keeps to the judge that a batch began with, and says nothing of how it was read', async () => {
    let asked = 0;
    const stage = createClassify(() => judge(`v${(asked += 1)}`, 0.9));
    const { emitted } = await driveTransform(stage).send(signals, said(0), said(0), said(0));
    expect(emitted.map(({ record }) => (record as { model: string }).model)).toEqual([
      'v1',
      'v1',
      'v1',
    ]);
    expect(emitted[0]!.record).not.toHaveProperty('reading');
  });
});

it('what the model expects is told, the same however many threads tell it, and only of the model in use', async () => {
  const telemetry = createTelemetry(
    () => 0,
    () => today,
  );
  const judgingBy = (version: string, trained: object) =>
    ({ model: { version, facts: { trained } }, judge: undefined, departments: undefined }) as never;
  const trained = { shares: { departments: { it: 0.25 } }, unknownWords: 0.04 };
  tellExpected(telemetry.drift, judgingBy('v1', trained));
  const snapshot = await telemetry.snapshot();
  const text = await metricsText([snapshot, snapshot]);
  expect(text).toContain(
    'signpost_model_expected_share{model="v1",task="departments",label="it"} 0.25\n',
  );
  expect(text).toContain('signpost_model_expected_unknown_share{model="v1"} 0.04\n');
  tellExpected(telemetry.drift, judgingBy('v2', { shares: {}, unknownWords: 0 }));
  expect(await metricsText([await telemetry.snapshot()])).not.toContain('model="v1"');
});
