// publish: routes each insight to the departments it matters to, and tells on it who else receives it.
import type { Insight } from '#schemas/insight.ts';
import { emit, to, type Transform } from '#core/stage.ts';
import type { Topic } from '#core/topic.ts';
import { insightsOf, insightsShared } from '../topology.ts';

export interface Subscriber {
  readonly name: string;
  /** Relevance from 0 to 1 from which on the department receives an insight. */
  readonly threshold: number;
}

/** @param subscribers the departments with a stream; a relevance for any other is ignored. */
export function createPublish(
  subscribers: readonly Subscriber[],
): Transform<Insight, undefined, never> {
  const streams = new Map<string, { threshold: number; topic: Topic<Insight> }>(
    subscribers.map(({ name, threshold }) => [name, { threshold, topic: insightsOf(name) }]),
  );
  return {
    kind: 'transform',
    name: 'publish',
    inputs: [insightsShared],
    decide({ record }) {
      const receivers = record.departments.filter(
        ({ department, relevance }) =>
          relevance >= (streams.get(department)?.threshold ?? Infinity),
      );
      if (receivers.length === 0) return emit([]);
      const shared: Insight = {
        ...record,
        sharedWith: receivers.map(({ department }) => department),
      };
      // Put there by somebody else it may say so already; then nothing of its encoding can be kept.
      const repeats = record.sharedWith === null ? record : undefined;
      return emit(
        receivers.map(({ department }) => to(streams.get(department)!.topic, shared, repeats)),
      );
    },
  };
}
