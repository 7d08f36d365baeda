// publish: routes each insight to the departments it matters to, and where that is unsure to a review list. Every copy
// tells who else receives it and for whom it is unsure.
import type { Insight } from '#schemas/insight.ts';
import {
  countOne,
  countsOfDay,
  type DayCounts,
  type DriftMetrics,
  type DriftTally,
} from '#core/drift.ts';
import { emit, to, type Transform, type Verdict, type Work } from '#core/stage.ts';
import type { Topic } from '#core/topic.ts';
import { insightsOf, insightsShared, insightsUnsure } from '../topology.ts';
import { routeOf, subscribersByName, type Route, type Subscriber } from './route.ts';

/**
 * @param latest the departments with a stream, for a batch that begins now; a relevance for any other is ignored
 * @param drift is told what went where, by day, of each batch once it stands
 */
export function createPublish(
  latest: () => readonly Subscriber[],
  drift?: Pick<DriftMetrics, 'judged'>,
): Transform<Insight, undefined, never> {
  function begin(): Work<Insight, undefined, never> {
    const subscribers = subscribersByName(latest());
    const tally: DriftTally = new Map();
    return {
      decide({ record }) {
        const route = routeOf(record, subscribers);
        count(route, countsOfDay(tally, record.signal.occurredAt));
        return publish(record, route);
      },
      committed: () => drift?.judged(tally),
    };
  }
  return {
    kind: 'transform',
    name: 'publish',
    inputs: [insightsShared],
    begin,
    decide: (input) => begin().decide(input, undefined),
  };
}

const streams = new Map<string, Topic<Insight>>();
function streamOf(department: string): Topic<Insight> {
  let topic = streams.get(department);
  if (topic === undefined) streams.set(department, (topic = insightsOf(department)));
  return topic;
}

function count({ receivers, unsure }: Route, counts: DayCounts): void {
  if (receivers.length === 0) counts.withoutDepartment += 1;
  if (unsure.length > 0) counts.unsure += 1;
  for (const name of receivers) countOne(counts.received, name);
}

function publish(insight: Insight, { receivers, unsure }: Route): Verdict<never> {
  if (receivers.length + unsure.length === 0) return emit([]);
  const copy: Insight = {
    ...insight,
    unsure: unsure.length === 0 ? null : unsure,
    sharedWith: receivers,
  };
  // Put there by somebody else it may say so already; then nothing of its encoding can be kept.
  const isSame = insight.sharedWith === null && insight.unsure === null && copy.unsure === null;
  const repeats = isSame ? insight : undefined;
  const outputs = receivers.map((name) => to(streamOf(name), copy, repeats));
  if (unsure.length > 0) outputs.push(to(insightsUnsure, copy));
  return emit(outputs);
}
