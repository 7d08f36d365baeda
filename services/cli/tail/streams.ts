// Which topic a stream's name means.
import { SignpostError } from '#core/errors.ts';
import type { TopicStatus } from '#core/log/port.ts';
import {
  insightsJudged,
  insightsOf,
  insightsRevised,
  insightsShared,
  insightsUnsure,
  recordsDropped,
  recordsRejected,
  signalsNormalized,
  ticketsAggregated,
} from '../../topology.ts';
import { nearest } from '#core/nearest.ts';

const shortNames: ReadonlyMap<string, string> = new Map([
  ['shared', insightsShared.name],
  ['judged', insightsJudged.name],
  ['unsure', insightsUnsure.name],
  ['revised', insightsRevised.name],
  ['signals', signalsNormalized.name],
  ['aggregated', ticketsAggregated.name],
  ['rejected', recordsRejected.name],
  ['dropped', recordsDropped.name],
]);

/** The topic that `stream` names among those there are. @throws SignpostError `unknown-stream`. */
export function topicOfStream(stream: string, topics: readonly TopicStatus[]): TopicStatus {
  for (const name of [shortNames.get(stream), stream, insightsOf(stream).name]) {
    const found = topics.find((topic) => topic.name === name);
    if (found !== undefined) return found;
  }
  const known = topics.map(({ name }) => name);
  const departments = known.flatMap((name) => departmentOf(name) ?? []);
  const short = [...departments, ...shortNames.keys()];
  const meant = nearest(stream, [...short, ...known]);
  throw new SignpostError(
    'unknown-stream',
    `There is no stream ${stream}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    {
      hint:
        known.length === 0
          ? 'The log is still empty: import something, or run `signpost up`.'
          : `There are ${short.join(', ')}; and the topics ${known.join(', ')}.`,
    },
  );
}

/** Streams of insights that are no department's, by the name a department would have. */
const noDepartments: ReadonlySet<string> = new Set(['shared', 'unsure', 'revised', 'judged']);

/** `operations` of `insights.operations.v1`; undefined for topics that are no department's. */
function departmentOf(topic: string): string | undefined {
  const parts = topic.split('.');
  if (parts.length !== 3 || parts[0] !== 'insights') return undefined;
  return noDepartments.has(parts[1]!) ? undefined : parts[1];
}
