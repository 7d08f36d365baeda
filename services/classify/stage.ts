// classify: judges which departments a signal matters to, and why. Every signal becomes one insight, also those that
// concern no department.
import type { Insight } from '#schemas/insight.ts';
import type { Signal } from '#schemas/signal.ts';
import { countOne, countsOfDay, type DriftMetrics, type DriftTally } from '#core/drift.ts';
import { emit, to, type Transform, type Work } from '#core/stage.ts';
import { insightsShared, signalsNormalized } from '../topology.ts';
import type { Judge, Judgement } from './judge.ts';

/**
 * @param latest the judge of a batch that begins now
 * @param drift is told what was judged and read, by day, of each batch once it stands
 */
export function createClassify(
  latest: () => Judge,
  drift?: Pick<DriftMetrics, 'judged'>,
): Transform<Signal, undefined, never> {
  function begin(): Work<Signal, undefined, never> {
    const judge = latest();
    const tally: DriftTally = new Map();
    return {
      decide({ record }) {
        const judgement = judge.judge(record);
        const counts = countsOfDay(tally, record.occurredAt);
        counts.insights += 1;
        counts.tokens += judgement.reading.tokens;
        counts.unknownTokens += judgement.reading.unknown;
        countLabels(counts.labels, judgement);
        return emit([to(insightsShared, insightOf(record, judgement, judge.version))]);
      },
      committed: () => drift?.judged(tally),
    };
  }
  return {
    kind: 'transform',
    name: 'classify',
    inputs: [signalsNormalized],
    begin,
    decide: (input) => begin().decide(input, undefined),
  };
}

/** The tasks and labels that a model's training report speaks of. */
function countLabels(labels: Map<string, number>, judgement: Judgement): void {
  countOne(labels, `theme ${judgement.theme ?? 'none'}`);
  countOne(labels, `sentiment ${judgement.sentiment}`);
  if (judgement.churnRisk >= 0.5) countOne(labels, 'churn 1');
}

/** Named one by one: what a judgement tells beside, such as how it was read, is no part of the insight. */
export function insightOf(signal: Signal, judgement: Judgement, model: string): Insight {
  const { departments, theme, themeConfidence, sentiment, urgency, churnRisk } = judgement;
  return {
    id: signal.id,
    signal,
    departments,
    theme,
    themeConfidence,
    sentiment,
    urgency,
    churnRisk,
    model,
    unsure: null,
    sharedWith: null,
  };
}
