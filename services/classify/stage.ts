// classify: judges which departments a signal matters to, and why. Every signal becomes one insight, also those that
// concern no department.
import type { Insight } from '#schemas/insight.ts';
import type { Signal } from '#schemas/signal.ts';
import { emit, to, type Transform, type Work } from '#core/stage.ts';
import { insightsShared, signalsNormalized } from '../topology.ts';
import type { Judge } from './judge.ts';

/** @param latest the judge of a batch that begins now */
export function createClassify(latest: () => Judge): Transform<Signal, undefined, never> {
  function begin(): Work<Signal, undefined, never> {
    const judge = latest();
    return { decide: ({ record }) => emit([to(insightsShared, insightOf(record, judge))]) };
  }
  return {
    kind: 'transform',
    name: 'classify',
    inputs: [signalsNormalized],
    begin,
    decide: (input) => begin().decide(input, undefined),
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
