// classify: judges which departments a signal matters to, and why. Every signal becomes one insight, also those that
// concern no department.
import type { Insight } from '#schemas/insight.ts';
import type { Signal } from '#schemas/signal.ts';
import { emit, to, type Transform } from '#core/stage.ts';
import { insightsShared, signalsNormalized } from '../topology.ts';
import type { Judge } from './judge.ts';

export function createClassify(judge: Judge): Transform<Signal, undefined, never> {
  return {
    kind: 'transform',
    name: 'classify',
    inputs: [signalsNormalized],
    decide: ({ record }) => emit([to(insightsShared, insightOf(record, judge))]),
  };
}

function insightOf(signal: Signal, judge: Judge): Insight {
  const judgement = judge.judge(signal);
  return {
    id: signal.id,
    signal,
    ...judgement,
    model: judge.version,
    unsure: null,
    sharedWith: null,
  };
}
