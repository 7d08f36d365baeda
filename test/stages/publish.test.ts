// publish: routes by relevance, and says on each insight who else receives it.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Insight } from '#schemas/insight.ts';
import type { Topic } from '#core/topic.ts';
import { createPublish } from '../../services/publish/stage.ts';
import { insightsShared } from '../../services/topology.ts';
import { driveTransform } from '../support/drive-transform.ts';

const shared = insightsShared as unknown as Topic<never>;
const [{ record: sample }] = JSON.parse(
  readFileSync(new URL('../../schemas/insight/v2.samples.json', import.meta.url), 'utf8'),
) as [{ readonly record: Insight }];

function relevant(departments: Record<string, number>): Insight {
  const entries = Object.entries(departments);
  return {
    ...sample,
    unsure: null,
    sharedWith: null,
    departments: entries.map(([department, relevance]) => ({
      department,
      relevance,
      evidence: [],
      rest: 0,
    })),
  };
}

const publish = () =>
  driveTransform(
    createPublish(() => [
      { name: 'operations', threshold: 0.5 },
      { name: 'legal', threshold: 0.8, unsureFrom: 0.6 },
    ]),
  );

describe('publish', () => {
  it('sends an insight to each department from its threshold on, each saying who received it', async () => {
    const { emitted } = await publish().send(shared, relevant({ legal: 0.8, operations: 0.5 }));
    expect(emitted.map(({ topic }) => topic)).toEqual([
      'insights.legal.v1',
      'insights.operations.v1',
    ]);
    for (const { record } of emitted)
      expect((record as Insight).sharedWith).toEqual(['legal', 'operations']);
  });

  it('sends nothing below a threshold, or below the band in which it is unsure', async () => {
    expect(
      (await publish().send(shared, relevant({ legal: 0.59, operations: 0.49 }))).emitted,
    ).toEqual([]);
  });

  it('puts what is unsure for a department up for review, and not on its stream', async () => {
    const { emitted } = await publish().send(shared, relevant({ legal: 0.6, operations: 0.49 }));
    expect(emitted).toMatchObject([
      { topic: 'insights.unsure.v1', record: { unsure: ['legal'], sharedWith: [] } },
    ]);
  });

  it('sends one insight to some and puts it up for review for others, each copy saying both', async () => {
    const { emitted } = await publish().send(shared, relevant({ operations: 0.9, legal: 0.79 }));
    const says = { unsure: ['legal'], sharedWith: ['operations'] };
    expect(emitted).toMatchObject([
      { topic: 'insights.operations.v1', record: says },
      { topic: 'insights.unsure.v1', record: says },
    ]);
  });

  it('passes over departments without a stream', async () => {
    const { emitted } = await publish().send(shared, relevant({ unheard: 1, operations: 0.9 }));
    expect(emitted.map(({ record }) => (record as Insight).sharedWith)).toEqual([['operations']]);
  });
});
