// What stands of every ticket, post and answer of a data directory's log, by the rules of the planners' store.
import type { Insight } from '#schemas/insight.ts';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import { readRange } from '../../services/cli/read-range.ts';
import {
  compareRanks,
  countsOf,
  factOf,
  merged,
  type Fact,
} from '../../services/aggregate/fact.ts';
import { insightsRevised, insightsShared } from '../../services/topology.ts';

export interface Standing {
  readonly insight: Insight;
  /** When it counts, milliseconds since the epoch. */
  readonly at: number;
}

export async function standingInsights(data: string): Promise<Standing[]> {
  const log = await openEmbeddedLogReader({ directory: data });
  try {
    const known = new Map<string, { fact: Fact; insight: Insight }>();
    const topics = await log.topics();
    for (const { name, codec } of [insightsShared, insightsRevised]) {
      const isRevision = name === insightsRevised.name;
      for (const { partition, start, end } of topics.find((each) => each.name === name)!.partitions)
        for await (const records of readRange(log, name, partition, start, end))
          for (const { value, timestamp, offset } of records) {
            const insight = codec.decode(value!);
            const fact = factOf(insight, [], { timestamp, offset, isRevision })!;
            const before = known.get(fact.entity);
            const stands = before === undefined || compareRanks(before.fact.rank, fact.rank) < 0;
            known.set(fact.entity, {
              fact: before === undefined ? fact : merged(before.fact, fact),
              insight: stands ? insight : before.insight,
            });
          }
    }
    return [...known.values()].map(({ fact, insight }) => ({ insight, at: countsOf(fact).at }));
  } finally {
    await log.close();
  }
}
