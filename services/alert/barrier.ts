// Whether everything that was accepted by some moment is counted: by offsets alone, since words of the intake are not
// for this stage to read.
import type { LogReader, TopicStatus } from '#core/log/port.ts';
import { groupOf } from '#core/run-stage.ts';
import { flows, insightsShared } from '../topology.ts';

/** Stages on the way to the counts, in flow order, with what they read. */
export const stagesBefore: readonly {
  readonly group: string;
  readonly topics: readonly string[];
}[] = [
  ...flows
    .filter(({ name }) => name === 'normalize' || name === 'classify')
    .map(({ name, reads }) => ({ group: groupOf(name), topics: reads })),
  { group: groupOf('alert'), topics: [insightsShared.name] },
];

/** How the way to the counts stands. */
export interface Passage {
  readonly isThrough: boolean;
  /** Changes whenever something goes on. */
  readonly position: string;
}

/**
 * Follows what stood in the topics when it was begun through the stages: each in turn is through once it has read what
 * stood before it when the one before was through.
 * @returns a function that looks how far it is
 */
export function beginBarrier(log: Pick<LogReader, 'topics' | 'committed'>): () => Promise<Passage> {
  let stage = 0;
  let ends: ReadonlyMap<string, number> | undefined;
  return async () => {
    for (;;) {
      const before = stagesBefore[stage];
      if (before === undefined) return { isThrough: true, position: 'through' };
      // Committed offsets are asked for after the ends that they are compared with: they only grow.
      ends ??= endsOf(await log.topics(), before.topics);
      const committed = new Map(
        (await log.committed([before.group]))
          .filter(({ group }) => group === before.group)
          .map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]),
      );
      const left = [...ends].filter(([at, end]) => (committed.get(at) ?? 0) < end);
      if (left.length > 0)
        return {
          isThrough: false,
          position: `${stage}: ${left.map(([at]) => `${at}@${committed.get(at) ?? 0}`).join()}`,
        };
      stage += 1;
      ends = undefined;
    }
  };
}

/** Ends of partitions that hold something. */
function endsOf(
  topics: readonly TopicStatus[],
  names: readonly string[],
): ReadonlyMap<string, number> {
  return new Map(
    topics
      .filter(({ name }) => names.includes(name))
      .flatMap(({ name, partitions }) =>
        partitions.flatMap(({ partition, start, end, hiddenTo }) =>
          start === end && hiddenTo === undefined
            ? []
            : [[`${name}/${partition}`, hiddenTo ?? end] as const],
        ),
      ),
  );
}
