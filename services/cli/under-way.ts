// Follows what was accepted by some moment through the stages, on a log that goes on taking in more: every stage in
// turn is through once it has read what stood before it when the one before was through.
import { lagOf } from '#core/lag.ts';
import type { LogReader, TopicStatus } from '#core/log/port.ts';
import { groupOf } from '#core/run-stage.ts';
import { flows } from '../topology.ts';

/** Every transform of the topology, in flow order, with the group it reads as. */
const stages = flows
  .filter(({ kind }) => kind === 'transform')
  .map(({ name, reads }) => ({ name, group: groupOf(name), topics: reads }));

/** The stage before which records stand, with the topics in which they do. */
export interface Standing {
  readonly stage: string;
  readonly topics: readonly string[];
}

/**
 * Returns a function that tells how many records of those accepted by its first call are still before a stage; 0 when
 * all are through the last, and then the next call begins anew. Records between transactions' markers on Kafka are
 * counted roughly, but 0 is exact.
 * @param onStanding is told where they stand at each call that finds some
 */
export function underWay(
  log: LogReader,
  onStanding: (standing: Standing) => void = () => {},
): () => Promise<number> {
  let at = 0;
  let ends: ReadonlyMap<string, number> | undefined;
  return async () => {
    for (;;) {
      const stage = stages[at];
      if (stage === undefined) {
        at = 0;
        ends = undefined;
        return 0;
      }
      ends ??= endsOf(await log.topics());
      const left = await leftOf(log, stage, ends);
      if (left.size > 0) {
        onStanding({ stage: stage.name, topics: [...left.keys()] });
        return [...left.values()].reduce((sum, records) => sum + records, 0);
      }
      at += 1;
      // What this stage had written by now is what the next one has to read.
      ends = undefined;
    }
  };
}

/** Records left by topic, of those that have any. */
async function leftOf(
  log: LogReader,
  stage: (typeof stages)[number],
  ends: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const left = new Map<string, number>();
  for (const { topic, partition, records, nextOffset } of await lagOf(log, [stage])) {
    const end = ends.get(`${topic}/${partition}`) ?? 0;
    if (records > 0 && nextOffset < end)
      left.set(topic, (left.get(topic) ?? 0) + Math.min(records, end - nextOffset));
  }
  return left;
}

function endsOf(topics: readonly TopicStatus[]): ReadonlyMap<string, number> {
  return new Map(
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partition, end, hiddenTo }) => [`${name}/${partition}`, hiddenTo ?? end]),
    ),
  );
}
